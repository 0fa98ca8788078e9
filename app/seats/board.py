"""The enterprise's board: each assignment of its present staff, with how far it is. Read in one query.

Courses that somebody chose on their own are not on it, nor anybody who left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from courses.catalogue.models import Course
from courses.enrolment import Enrolment
from courses.people import organisations, persons, staff
from courses.people.organisations import EMPLOYED, Actor, Membership
from courses.people.persons import IdentityDocument, Person, Subject
from courses.people.rosters import RosterLine
from courses.people.vault import Vault
from courses.seats import Assignment


class BoardState(StrEnum):
    """How an assignment stands."""

    OVERDUE = "overdue"
    WAITING = "waiting"
    GOING = "going"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody of the staff: `department` as the roster has it, empty where it has none."""

    membership: Membership
    subject_key: str
    name: str
    document: str
    department: str
    is_registered: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One assignment."""

    assignment: Assignment
    course: Course
    place: Place
    permille: int
    state: BoardState
    lacks_seat: bool


def places(session: Session, vault: Vault, actor: Actor, *, on: date) -> list[Place]:
    """Everybody who works in the actor's enterprises on a day, by department, post and name."""
    document = (
        select(func.min(IdentityDocument.number_masked))
        .where(IdentityDocument.person_id == Person.id)
        .scalar_subquery()
    )
    department = (
        select(func.max(RosterLine.department))
        .join(IdentityDocument, IdentityDocument.number_index == RosterLine.number_index)
        .where(
            IdentityDocument.person_id == Person.id,
            RosterLine.organisation_id == Membership.organisation_id,
            RosterLine.name_index == Person.name_index,
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(Membership, Subject.key, Person, document, department)
        .join(Person, Person.id == Membership.person_id)
        .join(Subject, Subject.person_id == Person.id)
        .where(
            Membership.organisation_id.in_(staff.managed(actor)),
            Membership.role.in_(EMPLOYED),
            persons.is_found(),
            *organisations.held_on(on),
        )
    )
    found = [
        Place(held, key, persons.full_name(person, vault), number or "", where or "", person.registered_at is not None)
        for held, key, person, number, where in rows
    ]
    return sorted(found, key=lambda one: (one.department, one.membership.title, one.name, one.membership.id))


def lines(session: Session, staffed: Sequence[Place], *, on: date) -> list[Line]:
    """What is assigned to them, overdue first, then by day."""
    by_key = {(one.membership.organisation_id, one.subject_key): one for one in staffed}
    permille = (
        select(func.max(Enrolment.covered_permille))
        .where(Enrolment.subject_key == Assignment.subject_key, Enrolment.course_id == Assignment.course_id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Assignment, Course, permille)
        .join(Course, Course.id == Assignment.course_id)
        .where(
            Assignment.organisation_id.in_({place.membership.organisation_id for place in staffed}),
            or_(Assignment.withdrawn_at.is_(None), Assignment.done_at.is_not(None)),
        )
    )
    found = []
    for one, course, covered in rows:
        place = by_key.get((one.organisation_id, one.subject_key))
        if place is not None:
            lacks_seat = covered is None and one.seat_id is None and course.price_minor > 0 and one.done_at is None
            found.append(Line(one, course, place, covered or 0, state_of(one, covered, on=on), lacks_seat))
    order = list(BoardState)
    return sorted(
        found, key=lambda one: (order.index(one.state), one.assignment.due_on or date.max, one.place.name, one.course.title)
    )


def state_of(one: Assignment, permille: int | None, *, on: date) -> BoardState:
    """How an assignment stands on a day; `permille` None while nobody enrolled."""
    if one.done_at is not None:
        return BoardState.DONE
    if one.due_on is not None and one.due_on < on:
        return BoardState.OVERDUE
    return BoardState.WAITING if permille is None else BoardState.GOING
