"""What every audience is told of an appeal: its lesson, its times, and its frozen evidence."""

from datetime import timedelta

from flask import Response
from sqlalchemy.orm import Session

from app import clock
from courses.catalogue.models import Course, EditionLesson
from courses.credit import instants
from courses.enrolment import Enrolment
from courses.ledger.cases import appeals, workdays
from courses.ledger.cases.appeals import Clock
from courses.ledger.cases.models import Appeal

ZONE = instants.zone("Asia/Shanghai")  # in which the bureaus work


def times(session: Session, appeal: Appeal) -> Clock:
    """When it must be answered, by the calendar as it stands."""
    entered = workdays.entered(session, since=appeal.filed_at.date() - timedelta(days=1))
    return appeals.clock(appeal, entered, zone=ZONE, now=clock.now())


def title(session: Session, appeal: Appeal) -> str:
    """Course and lesson."""
    taken = session.get_one(Enrolment, appeal.enrolment_id)
    course = session.get_one(Course, taken.course_id)
    lesson = session.get(EditionLesson, (taken.edition_id, appeal.lesson_id))
    return f"{course.title} · {lesson.title}" if lesson else course.title


def frozen(content: bytes, appeal_id: str) -> Response:
    """A download of frozen evidence, byte for byte."""
    response = Response(content, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'attachment; filename="xueshi-appeal-{appeal_id}.json"'
    return response
