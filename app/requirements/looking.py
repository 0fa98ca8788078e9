"""The job `requirements`: each post due is looked at, and the account it changed is settled."""

from datetime import datetime
from typing import cast

from flask import Flask, current_app
from sqlalchemy.orm import Session

from app import clock, db, jobs
from app.settings import Settings
from courses.ledger.models import Requirement
from courses.ledger.required import appointments, opening
from courses.ledger.required.appointments import Appointment
from courses.ledger.required.opening import Scope
from courses.people.jurisdictions import day_of

JOB = "requirements"


def scope() -> Scope:
    """Whether the posts of every enterprise have rules of their own, or those of high risk alone."""
    return Scope(cast(Settings, current_app.extensions["xueshi_settings"]).three_post_scope)


def due(session: Session, now: datetime) -> list[str]:
    """Posts to be looked at."""
    return appointments.due(session, today=day_of(now))


def look(app: Flask, appointment_id: str) -> None:
    """Look at one post; safe to run twice and at once."""
    del app
    with db.writing() as session:
        looked(session, appointment_id)


def looked(session: Session, appointment_id: str) -> list[Requirement]:
    """Open or close what follows from a post now, and let the account be settled."""
    made = opening.look(session, appointment_id, scope=scope(), now=clock.now())
    jobs.dispatch(session, "ledger", session.get_one(Appointment, appointment_id).subject_key)
    return made
