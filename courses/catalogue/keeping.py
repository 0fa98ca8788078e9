"""What a learner keeps of the catalogue: favourites, and the list of what to learn next in its order.

Kept by subject key, as enrolments are; nobody but the learner reads it.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.catalogue.models import Course
from media.base import Base

MOST_KEPT = 200  # of one list: far more than anybody learns, far less than a table full


class ListName(StrEnum):
    """The lists there are."""

    FAVOURITES = "favourites"
    NEXT = "next"


class KeptCourse(Base):
    """A course on somebody's list."""

    __tablename__ = "kept_courses"
    __table_args__ = (CheckConstraint("list_name IN ('favourites','next')", name="list_name"),)

    subject_key: Mapped[str] = mapped_column(ForeignKey("subjects.key"), primary_key=True)
    list_name: Mapped[str] = mapped_column(String(12), primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    position: Mapped[int]
    at: Mapped[datetime]


def keep(
    session: Session, subject_key: str, *, course_id: str, on: ListName, now: datetime
) -> None:
    """Put a course at the end of a list; once is enough. Refused: `list_full`, NotFound."""
    course = session.get(Course, course_id)
    if course is None or course.current_edition is None:
        raise errors.NotFound()
    if session.get(KeptCourse, (subject_key, on, course_id)) is not None:
        return
    count, last = session.execute(
        select(func.count(), func.max(KeptCourse.position)).where(*_of(subject_key, on))
    ).one()
    if count >= MOST_KEPT:
        raise errors.Conflict("list_full", "This list is full. Take something off it first.")
    session.add(
        KeptCourse(
            subject_key=subject_key,
            list_name=on,
            course_id=course_id,
            position=(last or 0) + 1,
            at=now,
        )
    )
    session.flush()


def drop(session: Session, subject_key: str, *, course_id: str, on: ListName) -> None:
    """Take a course off a list."""
    session.execute(
        delete(KeptCourse).where(*_of(subject_key, on), KeptCourse.course_id == course_id)
    )


def raise_up(session: Session, subject_key: str, *, course_id: str, on: ListName) -> None:
    """Swap a course with the one before it."""
    rows = _rows(session, subject_key, on)
    place = next((n for n, row in enumerate(rows) if row.course_id == course_id), 0)
    if place:
        before, row = rows[place - 1], rows[place]
        before.position, row.position = row.position, before.position
        session.flush()


def of_subject(session: Session, subject_key: str) -> dict[ListName, list[str]]:
    """The ids of the courses on each list: what to learn next in its order, favourites newest first."""
    nexts, favourites = (
        _rows(session, subject_key, on) for on in (ListName.NEXT, ListName.FAVOURITES)
    )
    return {
        ListName.NEXT: [row.course_id for row in nexts],
        ListName.FAVOURITES: [row.course_id for row in reversed(favourites)],
    }


def _rows(session: Session, subject_key: str, on: ListName) -> list[KeptCourse]:
    asked = select(KeptCourse).where(*_of(subject_key, on))
    return list(session.scalars(asked.order_by(KeptCourse.position, KeptCourse.course_id)))


def _of(subject_key: str, on: ListName) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return KeptCourse.subject_key == subject_key, KeptCourse.list_name == on
