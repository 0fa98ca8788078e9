"""Enrolments: a subject takes one edition of a course, under the jurisdiction fixed at that moment.

Who may enrol is decided here: real-name registered, with a district, the course still offered. What
it costs is not: the caller enrols in a priced course only with the paid order's line or a held seat.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors, seats
from courses.catalogue.models import Course, Edition, EditionLesson
from courses.people.persons import Person, Subject
from courses.seats import Seat
from media.base import Base, new_id

Row = TypeVar("Row", Course, Edition)


class Enrolment(Base):
    """One taking of a course. `jurisdiction_id` is fixed when made (credit-rules 5.36)."""

    __tablename__ = "enrolments"
    __table_args__ = (Index("ix_enrolments_subject_course", "subject_key", "course_id"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(ForeignKey("subjects.key"))
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    edition_id: Mapped[str] = mapped_column(ForeignKey("editions.id"))
    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdictions.id"))
    order_line_id: Mapped[str | None] = mapped_column(ForeignKey("order_lines.id"), unique=True)
    seat_id: Mapped[str | None] = mapped_column(ForeignKey("seats.id"), unique=True)
    covered_permille: Mapped[int] = mapped_column(default=0)  # a summary, as of the last settling
    at: Mapped[datetime]
    expires_at: Mapped[datetime | None]

    def is_open(self, now: datetime) -> bool:
        """Whether what is watched at `now` can still count."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True)
class Taking:
    """An enrolment with what it is of: the course, its frozen edition, and the lessons in order."""

    enrolment: Enrolment
    course: Course
    edition: Edition
    lessons: tuple[EditionLesson, ...]

    def lesson(self, lesson_id: str) -> EditionLesson:
        """The lesson of this edition; NotFound for any other."""
        found = next((one for one in self.lessons if one.lesson_id == lesson_id), None)
        if found is None:
            raise errors.NotFound()
        return found


def enrol(
    session: Session,
    *,
    subject_key: str,
    course_id: str,
    edition: Edition,
    jurisdiction_id: str | None,
    order_line_id: str | None = None,
    seat: Seat | None = None,
    now: datetime,
) -> Enrolment:
    """Enrol a subject in an edition; told twice, the same enrolment.

    "Twice" is the same line of an order, or without one any enrolment in the course that has not ended.
    Refused: `registration_required`, `district_required`, `course_withdrawn`, `seat_gone`.
    """
    lock_subject(session, subject_key)
    if order_line_id is not None:
        standing = next(iter(of_lines(session, [order_line_id])), None)
    else:
        standing = open_of(session, subject_key, course_id=course_id, now=now)
    if standing is not None:
        return standing
    if not _is_registered(session, subject_key):
        raise errors.Conflict(
            "registration_required", "Register with your real name before you enrol."
        )
    if jurisdiction_id is None:
        raise errors.Conflict(
            "district_required", "Name your employer or your district before you enrol."
        )
    course = session.get_one(Course, course_id)
    if edition.course_id != course_id or course.withdrawn_at is not None:
        raise errors.Conflict("course_withdrawn", "This course is no longer offered.")
    made = Enrolment(
        subject_key=subject_key,
        course_id=course_id,
        edition_id=edition.id,
        jurisdiction_id=jurisdiction_id,
        order_line_id=order_line_id,
        seat_id=seat.id if seat is not None else None,
        at=now,
        expires_at=None,
    )
    if seat is not None:
        seats.use(session, seat, subject_key=subject_key, now=now)
    session.add(made)
    session.flush()
    return made


def note_covered(session: Session, permille: Mapping[str, int]) -> None:
    """Keep how much of each enrolment is covered, for lists that show many people's."""
    rows = session.scalars(select(Enrolment).where(Enrolment.id.in_(permille)))
    for row in rows:
        row.covered_permille = permille[row.id]


def open_of(
    session: Session, subject_key: str, *, course_id: str, now: datetime
) -> Enrolment | None:
    """The subject's latest enrolment in a course that has not ended, if any."""
    found = session.scalars(
        select(Enrolment)
        .where(Enrolment.subject_key == subject_key, Enrolment.course_id == course_id)
        .order_by(Enrolment.at.desc(), Enrolment.id)
    )
    return next((one for one in found if one.is_open(now)), None)


def mine(session: Session, subject_key: str) -> list[Enrolment]:
    """All enrolments of a subject, the latest first."""
    return list(
        session.scalars(
            select(Enrolment)
            .where(Enrolment.subject_key == subject_key)
            .order_by(Enrolment.at.desc(), Enrolment.id)
        )
    )


def for_subject(session: Session, enrolment_id: str, *, subject_key: str) -> Enrolment:
    """An enrolment of the subject; NotFound for anybody else's."""
    found = session.get(Enrolment, enrolment_id)
    if found is None or found.subject_key != subject_key:
        raise errors.NotFound()
    return found


def takings(session: Session, enrolments: Sequence[Enrolment]) -> list[Taking]:
    """Enrolments with their courses, editions and lessons, in the order given."""
    edition_ids = {one.edition_id for one in enrolments}
    courses = _by_id(session, Course, {one.course_id for one in enrolments})
    editions = _by_id(session, Edition, edition_ids)
    lessons: dict[str, list[EditionLesson]] = {edition_id: [] for edition_id in edition_ids}
    for lesson in session.scalars(
        select(EditionLesson)
        .where(EditionLesson.edition_id.in_(edition_ids))
        .order_by(EditionLesson.position, EditionLesson.lesson_id)
    ):
        lessons[lesson.edition_id].append(lesson)
    return [
        Taking(one, courses[one.course_id], editions[one.edition_id], tuple(lessons[one.edition_id]))
        for one in enrolments
    ]


def taking(session: Session, enrolment: Enrolment) -> Taking:
    """One enrolment with its course, edition and lessons."""
    return takings(session, [enrolment])[0]


def lock_subject(session: Session, subject_key: str) -> Subject:
    """Take the learner's row for the rest of the transaction, so that what is theirs stands still."""
    return session.scalars(
        select(Subject).where(Subject.key == subject_key).with_for_update()
    ).one()


def of_lines(session: Session, line_ids: Iterable[str]) -> list[Enrolment]:
    """The enrolments that lines of orders paid for, so far as they were made."""
    return list(
        session.scalars(select(Enrolment).where(Enrolment.order_line_id.in_(list(line_ids))))
    )


def _is_registered(session: Session, subject_key: str) -> bool:
    return (
        session.scalar(
            select(Person.registered_at)
            .join(Subject, Subject.person_id == Person.id)
            .where(Subject.key == subject_key)
        )
        is not None
    )


def _by_id(session: Session, model: type[Row], ids: set[str]) -> dict[str, Row]:
    return {row.id: row for row in session.scalars(select(model).where(model.id.in_(ids)))}
