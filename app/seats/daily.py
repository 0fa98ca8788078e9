"""The jobs of seats: whoever left gives back what they did not begin, and whoever is late is reminded."""

from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from app import clock, db
from courses import seats
from courses.catalogue.models import Course
from courses.ledger.cases import notices
from courses.people.jurisdictions import day_of
from courses.seats import Assignment


def left(session: Session, now: datetime) -> list[str]:
    """Assignments of people who do not work there any more."""
    return seats.left(session, on=day_of(now))


def part(app: Flask, assignment_id: str) -> None:
    """Take one assignment back; safe to run twice."""
    del app
    now = clock.now()
    with db.writing() as session:
        seats.part(session, assignment_id, on=day_of(now), now=now)


def due(session: Session, now: datetime) -> list[str]:
    """Assignments of which somebody is to be reminded today."""
    return seats.to_remind(session, on=day_of(now))


def remind(app: Flask, assignment_id: str) -> None:
    """Remind of one assignment; safe to run twice."""
    del app
    now = clock.now()
    with db.writing() as session:
        one = seats.remind(session, assignment_id, on=day_of(now))
        if one is not None and one.due_on is not None:
            is_late = one.due_on < day_of(now)
            tell(session, one, notices.Kind.ASSIGNED_LATE if is_late else notices.Kind.ASSIGNED_SOON, now=now)


def tell(session: Session, one: Assignment, kind: notices.Kind, *, now: datetime) -> None:
    """One notice to the learner: the course, and its last day."""
    title = session.get_one(Course, one.course_id).title
    text = f"{title} · {one.due_on.isoformat()}" if one.due_on else title
    notices.tell(session, one.subject_key, kind=kind, about=one.id, text=text, now=now)
