"""The job `signals`: what a learner's newly archived playbacks say."""

from datetime import datetime

import structlog
from flask import Flask
from sqlalchemy.orm import Session

from app import clock, db
from courses.watch.signals import seeking

log = structlog.get_logger()


def due(session: Session, _now: datetime) -> list[str]:
    """Learners with playbacks that nobody looked at yet."""
    return seeking.due(session)


def examine(app: Flask, subject_key: str) -> None:
    """Look at one learner; safe to run twice and at once."""
    del app
    with db.writing() as session:
        for signal in seeking.examine(session, subject_key, now=clock.now()):
            log.info("signals.found", signal=signal.id, kind=signal.kind)
