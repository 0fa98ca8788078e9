"""The job `ledger`: what can no longer change is written, and the catalogue told who finished."""

from datetime import datetime

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, db, jobs
from courses.catalogue import summaries
from courses.certificates import reversals
from courses.enrolment import Enrolment
from courses.ledger import progress, settlement


def due(session: Session, now: datetime) -> list[str]:
    """Subjects whose accounts are to be looked at."""
    return settlement.due(session, now)


def settle(app: Flask, subject_key: str) -> None:
    """Settle one subject; safe to run twice and at once."""
    del app
    with db.writing() as session:
        done = settlement.settle(session, subject_key, now=clock.now())
        reversals.look(session, subject_key, now=clock.now())
        for course_id in touched(session, done.enrolment_ids):
            summaries.write_finished(session, course_id, count=progress.finished(session, course_id))
            jobs.dispatch(session, "catalogue", course_id)


def touched(session: Session, enrolment_ids: set[str]) -> list[str]:
    """The courses that rows just written are about, in order of their ids (locks stand in that order)."""
    return list(
        session.scalars(
            select(Enrolment.course_id)
            .where(Enrolment.id.in_(enrolment_ids))
            .distinct()
            .order_by(Enrolment.course_id)
        )
    )
