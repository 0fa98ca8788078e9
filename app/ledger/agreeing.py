"""The job `agreement`: each night every account is computed anew, and each difference reported."""

from datetime import datetime

import structlog
from flask import Flask
from sqlalchemy.orm import Session

from app import clock, db
from courses.ledger import agreement

log = structlog.get_logger()


def due(session: Session, now: datetime) -> list[str]:
    """Subjects whose accounts are to be checked."""
    return agreement.due(session, now)


def check(app: Flask, subject_key: str) -> None:
    """Check one account; safe to run twice."""
    del app
    with db.writing() as session:
        found = agreement.check(session, subject_key, now=clock.now())
        for row in found:
            log.error("ledger.difference", subject=subject_key, place=row.place, what=row.what)
