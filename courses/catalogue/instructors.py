"""Who teaches: members of an institution in the role of instructor, and how the public reads of them.

Not their records: identity, documents and accounts are the business of `people`.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from courses import errors
from courses.catalogue.models import Instructor
from courses.people.organisations import Actor, Membership, Organisation, Role
from courses.people.persons import Person

NAME_LONGEST = 60
TITLE_LONGEST = 80
INTRODUCTION_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Teaching:
    """A person who teaches, as the public reads it."""

    person_id: str
    name: str
    title: str
    introduction: str


def _presented(person: Person, shown: Instructor | None, title: str = "") -> Teaching:
    if shown is None:
        return Teaching(person.id, person.display_name, title, "")
    return Teaching(person.id, shown.name, shown.title or title, shown.introduction)


def of_institution(session: Session, *, organisation_id: str, on: date) -> list[Teaching]:
    """Everybody who is an instructor of the institution on that day, by name."""
    rows = session.execute(
        select(Person, Instructor, Membership.title)
        .join(Membership, Membership.person_id == Person.id)
        .outerjoin(Instructor, Instructor.person_id == Person.id)
        .where(
            Membership.organisation_id == organisation_id,
            Membership.role == Role.INSTRUCTOR,
            Membership.from_on <= on,
            or_(Membership.to_on.is_(None), Membership.to_on > on),
        )
    )
    found = {person.id: _presented(person, shown, title) for person, shown, title in rows}
    return sorted(found.values(), key=lambda teaching: (teaching.name, teaching.person_id))


def public(session: Session, *, person_id: str) -> tuple[Teaching, list[Organisation]]:
    """An instructor with the institutions ever taught at; NotFound for anybody else."""
    person = session.get(Person, person_id)
    places = session.scalars(
        select(Organisation)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.person_id == person_id, Membership.role == Role.INSTRUCTOR)
        .order_by(Organisation.name)
        .distinct()
    ).all()
    if person is None or not places:
        raise errors.NotFound()
    return _presented(person, session.get(Instructor, person_id)), list(places)


def introduce(
    session: Session,
    *,
    person_id: str,
    name: str,
    title: str = "",
    introduction: str = "",
    now: datetime,
) -> Instructor:
    """Write how an instructor is presented; new editions carry the name, old ones keep theirs."""
    name, title, introduction = name.strip(), title.strip(), introduction.strip()
    if not name:
        raise errors.Invalid("name_missing", "Fill in the name.", field="name")
    for field, value, longest in (
        ("name", name, NAME_LONGEST),
        ("title", title, TITLE_LONGEST),
        ("introduction", introduction, INTRODUCTION_LONGEST),
    ):
        if len(value) > longest:
            raise errors.Invalid(
                "too_long", "Use at most %(max)d characters.", field=field, max=longest
            )
    shown = session.get(Instructor, person_id)
    if shown is None:
        shown = Instructor(person_id=person_id)
        session.add(shown)
    shown.name, shown.title, shown.introduction = name, title, introduction
    shown.changed_at = now
    session.flush()
    return shown


def for_staff(session: Session, actor: Actor, *, person_id: str, on: date) -> Teaching:
    """An instructor of one of the actor's own institutions, otherwise NotFound."""
    for organisation_id in sorted(actor.organisations(Role.INSTITUTION_STAFF)):
        for teaching in of_institution(session, organisation_id=organisation_id, on=on):
            if teaching.person_id == person_id:
                return teaching
    raise errors.NotFound()
