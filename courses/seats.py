"""Seats that an enterprise bought, and the courses that it assigns to its staff.

A seat is bought once, held by one person while assigned, and used up by their enrolment; until then it can
be given to another. A free course needs none. What somebody chooses on their own is no assignment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.catalogue.models import Course, Edition
from courses.people import organisations, persons, staff
from courses.people.organisations import EMPLOYED, Actor, Membership, Organisation
from courses.people.persons import Person, Subject
from media.base import Base, new_id

STANDING = text("withdrawn_at IS NULL")
REMINDERS = (timedelta(days=-7), timedelta(days=-1), timedelta(days=1))  # about the last day


class Seat(Base):
    """The right of one person of an enterprise to take one edition of a course."""

    __tablename__ = "seats"
    __table_args__ = (
        UniqueConstraint("order_line_id", "number"),
        Index("ix_seats_organisation_course", "organisation_id", "course_id"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"))
    edition_id: Mapped[str] = mapped_column(ForeignKey("editions.id"))
    order_line_id: Mapped[str] = mapped_column(String(16))
    number: Mapped[int]  # within its order line, from 1
    subject_key: Mapped[str | None] = mapped_column(String(16), index=True)  # who holds it
    used_at: Mapped[datetime | None]  # since when an enrolment stands on it
    ended_at: Mapped[datetime | None]  # refunded: nobody can take it any more


class Assignment(Base):
    """An enterprise asks one of its staff to take a course, by a day or without one."""

    __tablename__ = "assignments"
    __table_args__ = (
        Index(
            "ix_assignments_standing", "organisation_id", "subject_key", "course_id",
            unique=True, sqlite_where=STANDING, postgresql_where=STANDING,
        ),
        Index("ix_assignments_subject", "subject_key"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    subject_key: Mapped[str] = mapped_column(String(16))
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"))
    seat_id: Mapped[str | None] = mapped_column(ForeignKey("seats.id"))
    due_on: Mapped[date | None]
    assigned_by: Mapped[str] = mapped_column(String(16))
    assigned_at: Mapped[datetime]
    remind_on: Mapped[date | None] = mapped_column(index=True)  # when a reminder is next due
    done_at: Mapped[datetime | None]  # since when hours of it stand in the ledger
    withdrawn_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Assigned:
    """What an assigning did: new ones, those who had it already, and for how many a seat lacks."""

    new: list[Assignment]
    already: int
    lacking: int


@dataclass(frozen=True, slots=True)
class Stock:
    """An enterprise's seats of one course."""

    course: Course
    free: int
    held: int
    used: int

    @property
    def bought(self) -> int:
        """All that were not refunded."""
        return self.free + self.held + self.used


def grant(
    session: Session,
    *,
    organisation_id: str,
    course_id: str,
    edition_id: str,
    order_line_id: str,
    quantity: int,
) -> None:
    """The seats of a paid order line; told twice, given once."""
    known = set(session.scalars(select(Seat.number).where(Seat.order_line_id == order_line_id)))
    session.add_all(
        Seat(
            organisation_id=organisation_id,
            course_id=course_id,
            edition_id=edition_id,
            order_line_id=order_line_id,
            number=number,
        )
        for number in range(1, quantity + 1)
        if number not in known
    )
    session.flush()


def end_unused(session: Session, order_line_id: str, *, now: datetime) -> int:
    """A refund takes back the seats of a line on which nobody is enrolled; returns how many those were.

    Assignments that held one stay, without a seat: the enterprise sees that one lacks.
    """
    unused = select(Seat).where(Seat.order_line_id == order_line_id, Seat.used_at.is_(None), Seat.ended_at.is_(None))
    rows = session.scalars(unused.order_by(Seat.id).with_for_update()).all()
    for seat in rows:
        _let_go(session, seat)
        seat.ended_at = now
    session.flush()
    return len(rows)


def stock(session: Session, actor: Actor) -> list[Stock]:
    """The seats of the actor's enterprises by course, by title."""
    held = func.count().filter(Seat.subject_key.is_not(None), Seat.used_at.is_(None))
    used = func.count().filter(Seat.used_at.is_not(None))
    free = func.count().filter(Seat.subject_key.is_(None))
    rows = session.execute(
        select(Course, free, held, used)
        .join(Seat, Seat.course_id == Course.id)
        .where(Seat.organisation_id.in_(staff.managed(actor)), Seat.ended_at.is_(None))
        .group_by(Course.id)
        .order_by(Course.title, Course.id)
    )
    return [Stock(course, free, held, used) for course, free, held, used in rows]


def assign(
    session: Session,
    actor: Actor,
    *,
    organisation_id: str,
    edition: Edition,
    is_free: bool,
    subject_keys: Sequence[str],
    due_on: date | None,
    on: date,
    now: datetime,
) -> Assigned:
    """Assign a course to some of the staff, in the order given, as far as seats go.

    Whoever does not work there on the day is left out. Whoever has the course assigned already gets the new
    day, and a seat where one lacked. NotFound for another's enterprise, `due_past` for a day gone by.
    """
    if organisation_id not in staff.managed(actor):
        raise errors.NotFound()
    if due_on is not None and due_on < on:
        raise errors.Invalid("due_past", "Choose today or a later day.", field="due_on")
    session.scalars(select(Organisation).where(Organisation.id == organisation_id).with_for_update()).one()
    here = working(session, organisation_id, on=on)
    standing = {
        one.subject_key: one
        for one in session.scalars(
            select(Assignment).where(
                Assignment.organisation_id == organisation_id,
                Assignment.course_id == edition.course_id,
                Assignment.withdrawn_at.is_(None),
            )
        )
    }
    free = _free(session, organisation_id, edition.course_id)
    new: list[Assignment] = []
    already = lacking = 0
    for key in dict.fromkeys(subject_keys):
        if key not in here:
            continue
        one = standing.get(key)
        if one is not None:
            already += 1
            _set_day(one, due_on, on=on)
        if is_free or (one is not None and (one.seat_id or one.done_at)):
            seat = None
        elif free:
            seat = free.pop(0)
            seat.subject_key = key
        else:
            lacking += 1
            continue
        if one is None:
            one = Assignment(
                organisation_id=organisation_id,
                subject_key=key,
                course_id=edition.course_id,
                assigned_by=actor.subject_key,
                assigned_at=now,
            )
            _set_day(one, due_on, on=on)
            session.add(one)
            new.append(one)
        one.seat_id = seat.id if seat is not None else one.seat_id
    session.flush()
    return Assigned(new, already, lacking)


def working(session: Session, organisation_id: str, *, on: date) -> set[str]:
    """Subject keys of whoever works for an enterprise on a day, but for who asked for deletion."""
    return set(
        session.scalars(
            select(Subject.key)
            .join(Membership, Membership.person_id == Subject.person_id)
            .join(Person, Person.id == Subject.person_id)
            .where(
                persons.is_found(),
                Membership.organisation_id == organisation_id,
                Membership.role.in_(EMPLOYED),
                *organisations.held_on(on),
            )
        )
    )


def _set_day(one: Assignment, due_on: date | None, *, on: date) -> None:
    """The last day, and when to remind of it after `on`."""
    one.due_on = due_on
    one.remind_on = next((due_on + days for days in REMINDERS if due_on + days > on), None) if due_on else None


def to_remind(session: Session, *, on: date, limit: int = 500) -> list[str]:
    """Assignments of which somebody is to be reminded, for the sweep."""
    return list(
        session.scalars(
            select(Assignment.id)
            .where(Assignment.remind_on <= on, Assignment.withdrawn_at.is_(None), Assignment.done_at.is_(None))
            .limit(limit)
        )
    )


def remind(session: Session, assignment_id: str, *, on: date) -> Assignment | None:
    """The assignment, if a reminder of it is due now; told twice, due once."""
    one = session.get(Assignment, assignment_id, with_for_update=True)
    if one is None or one.remind_on is None or one.remind_on > on or one.withdrawn_at or one.done_at:
        return None
    _set_day(one, one.due_on, on=on)
    return one


def _free(session: Session, organisation_id: str, course_id: str) -> list[Seat]:
    return list(
        session.scalars(
            select(Seat)
            .where(
                Seat.organisation_id == organisation_id,
                Seat.course_id == course_id,
                Seat.subject_key.is_(None),
                Seat.ended_at.is_(None),
            )
            .order_by(Seat.id)
            .with_for_update()
        )
    )


def withdraw(session: Session, actor: Actor, assignment_id: str, *, now: datetime) -> bool:
    """Take an assignment back; True when its seat is free again. What was begun goes on for the learner."""
    one = session.get(Assignment, assignment_id)
    if one is None or one.organisation_id not in staff.managed(actor) or one.withdrawn_at is not None:
        raise errors.NotFound()
    return _withdraw(session, one, now=now)


def _withdraw(session: Session, one: Assignment, *, now: datetime) -> bool:
    one.withdrawn_at = now
    seat = session.get(Seat, one.seat_id, with_for_update=True) if one.seat_id else None
    is_free = seat is not None and seat.used_at is None
    if seat is not None and is_free:
        _let_go(session, seat)
    session.flush()
    return is_free


def _let_go(session: Session, seat: Seat) -> None:
    """Nobody holds the seat any longer."""
    session.execute(update(Assignment).where(Assignment.seat_id == seat.id).values(seat_id=None))
    seat.subject_key = None


def of_subject(session: Session, subject_key: str, *, on: date) -> list[tuple[Assignment, Course, Organisation]]:
    """What the enterprises for which somebody works ask of them, the most urgent first."""
    rows = session.execute(
        select(Assignment, Course, Organisation)
        .join(Course, Course.id == Assignment.course_id)
        .join(Organisation, Organisation.id == Assignment.organisation_id)
        .join(Subject, Subject.key == Assignment.subject_key)
        .join(Membership, (Membership.person_id == Subject.person_id) & (Membership.organisation_id == Organisation.id))
        .where(
            Assignment.subject_key == subject_key,
            Assignment.withdrawn_at.is_(None),
            Membership.role.in_(EMPLOYED),
            *organisations.held_on(on),
        )
        .order_by(func.coalesce(Assignment.due_on, date.max), Assignment.assigned_at, Assignment.id)
    )
    return [(one, course, organisation) for one, course, organisation in rows]


def held(session: Session, subject_key: str, *, course_id: str) -> Seat | None:
    """A seat of this course that somebody holds and has not used."""
    return session.scalars(
        select(Seat)
        .where(
            Seat.subject_key == subject_key,
            Seat.course_id == course_id,
            Seat.used_at.is_(None),
            Seat.ended_at.is_(None),
        )
        .order_by(Seat.id)
        .limit(1)
    ).one_or_none()


def use(session: Session, seat: Seat, *, subject_key: str, now: datetime) -> None:
    """An enrolment stands on the seat from now on; `seat_gone` where it was taken back meanwhile."""
    session.refresh(seat, with_for_update=True)
    if seat.subject_key != subject_key or seat.used_at is not None or seat.ended_at is not None:
        raise errors.Conflict("seat_gone", "Your employer has taken this seat back. Ask your safety manager.")
    seat.used_at = now


def note_done(session: Session, subject_key: str, course_id: str, *, is_done: bool, now: datetime) -> None:
    """Hours of a course stand in somebody's ledger, or do so no more."""
    wanted = Assignment.done_at.is_(None) if is_done else Assignment.done_at.is_not(None)
    session.execute(
        update(Assignment)
        .where(Assignment.subject_key == subject_key, Assignment.course_id == course_id, wanted)
        .values(done_at=now if is_done else None)
        .execution_options(synchronize_session=False)
    )


def left(session: Session, *, on: date, limit: int = 500) -> list[str]:
    """Assignments of people who do not work there any more, for the sweep."""
    works = (
        select(Membership.id)
        .join(Subject, Subject.person_id == Membership.person_id)
        .join(Person, Person.id == Subject.person_id)
        .where(
            persons.is_found(),
            Subject.key == Assignment.subject_key,
            Membership.organisation_id == Assignment.organisation_id,
            Membership.role.in_(EMPLOYED),
            *organisations.held_on(on),
        )
        .exists()
    )
    return list(
        session.scalars(
            select(Assignment.id)
            .where(Assignment.withdrawn_at.is_(None), Assignment.done_at.is_(None), ~works)
            .limit(limit)
        )
    )


def part(session: Session, assignment_id: str, *, on: date, now: datetime) -> None:
    """Somebody left: what they have not begun goes back to the enterprise. Safe to repeat."""
    one = session.get(Assignment, assignment_id, with_for_update=True)
    if one is None or one.withdrawn_at is not None or one.subject_key in working(session, one.organisation_id, on=on):
        return
    _withdraw(session, one, now=now)
