"""Whom an enterprise lists as its staff, and what became of each: asked, joined, declined.

A listed person is found once they register with that document and name; only their own yes makes them an
employee here. The document's number is kept as its blind index and its mask alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
    and_,
    case,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.people import contacts, documents, organisations, persons, staff
from courses.people.jurisdictions import day_of
from courses.people.organisations import EMPLOYED, Actor, Membership, Organisation, Role
from courses.people.persons import IdentityDocument, Person
from courses.people.roster_files import Listed
from courses.people.vault import Vault
from media.base import Base, new_id


class RosterState(StrEnum):
    """What became of a line of the roster."""

    JOINED = "joined"  # works here, as both sides say
    ASKED = "asked"  # has an account, and has not answered yet
    DECLINED = "declined"  # says that they do not work here
    AWAITED = "awaited"  # nobody registered with this document and name yet


class RosterLine(Base):
    """One person as the enterprise lists them."""

    __tablename__ = "roster_lines"
    __table_args__ = (UniqueConstraint("organisation_id", "number_index"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    name_index: Mapped[bytes] = mapped_column(LargeBinary(32))
    number_index: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    number_masked: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(60), default="")
    department: Mapped[str] = mapped_column(String(60), default="", index=True)
    added_at: Mapped[datetime]
    declined_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as the enterprise's manager sees it."""

    line: RosterLine
    name: str
    state: RosterState


@dataclass(slots=True)
class Kept:
    """What a batch of lines did."""

    added: int = 0
    changed: int = 0
    same: int = 0


def keep(session: Session, vault: Vault, listed: Sequence[Listed], *, organisation_id: str, now: datetime) -> Kept:
    """Add people to an enterprise's roster, or bring name, post and department up to date; safe to repeat."""
    indexes = [persons.number_index(vault, one.doc_type, one.country, one.document) for one in listed]
    known = {
        line.number_index: line
        for line in session.scalars(
            select(RosterLine).where(
                RosterLine.organisation_id == organisation_id, RosterLine.number_index.in_(indexes)
            )
        )
    }
    kept = Kept()
    for one, index in zip(listed, indexes, strict=True):
        line = known.get(index)
        name_index = vault.index("person_name", contacts.name_key(one.name))
        if line is not None and (line.name_index, line.title, line.department) == (name_index, one.title, one.department):
            kept.same += 1
            continue
        if line is None:
            line = RosterLine(
                id=new_id(),
                organisation_id=organisation_id,
                number_index=index,
                number_masked=documents.mask(one.doc_type, one.document),
                added_at=now,
            )
            session.add(line)
            kept.added += 1
        else:
            kept.changed += 1
            if line.name_index != name_index:
                line.declined_at = None  # another name is another question
        line.name_sealed = vault.seal(one.name, row=name_row(line.id))
        line.name_index = name_index
        line.title, line.department = one.title, one.department
    session.flush()
    _retitle(session, organisation_id, indexes, on=day_of(now))
    return kept


def name_row(line_id: str) -> str:
    """The name under which a listed name is sealed."""
    return f"roster_lines.name:{line_id}"


def _retitle(session: Session, organisation_id: str, indexes: Sequence[bytes], *, on: date) -> None:
    """Posts of those who work here already, as the roster has them now."""
    rows = session.execute(
        select(Membership, RosterLine.title)
        .join(RosterLine, RosterLine.organisation_id == Membership.organisation_id)
        .join(Person, Person.id == Membership.person_id)
        .join(IdentityDocument, _is_of_line())
        .where(
            Membership.organisation_id == organisation_id,
            RosterLine.number_index.in_(indexes),
            Membership.role == Role.EMPLOYEE,
            *organisations.held_on(on),
        )
    )
    for membership, title in rows:
        membership.title = title or membership.title


def _is_of_line() -> ColumnElement[bool]:
    """A registered person's document and name are those of a line."""
    return and_(
        IdentityDocument.number_index == RosterLine.number_index,
        IdentityDocument.person_id == Person.id,
        Person.name_index == RosterLine.name_index,
    )


def _works_here(on: date) -> ColumnElement[bool]:
    return (
        select(Membership.id)
        .where(
            Membership.person_id == Person.id,
            Membership.organisation_id == RosterLine.organisation_id,
            Membership.role.in_(EMPLOYED),
            *organisations.held_on(on),
        )
        .exists()
    )


def _state(on: date) -> ColumnElement[str]:
    return case(
        (Person.id.is_(None), RosterState.AWAITED),
        (_works_here(on), RosterState.JOINED),
        (RosterLine.declined_at.is_not(None), RosterState.DECLINED),
        else_=RosterState.ASKED,
    )


def listed(
    session: Session,
    vault: Vault,
    actor: Actor,
    *,
    on: date,
    state: str = "",
    department: str = "",
    offset: int = 0,
    limit: int = 50,
) -> tuple[dict[str, int], list[Shown]]:
    """How many lines there are in each state, and some of those asked for, by department and age."""
    found = (
        select(RosterLine, _state(on).label("state"))
        .outerjoin(IdentityDocument, IdentityDocument.number_index == RosterLine.number_index)
        .outerjoin(
            Person,
            and_(
                Person.id == IdentityDocument.person_id, Person.name_index == RosterLine.name_index, persons.is_found()
            ),
        )
        .where(RosterLine.organisation_id.in_(staff.managed(actor)))
    )
    if department:
        found = found.where(RosterLine.department == department)
    inner = found.subquery()
    in_state = select(inner.c.state, func.count()).group_by(inner.c.state)
    counts = {word: count for word, count in session.execute(in_state)}  # noqa: C416 - rows are no tuples to mypy
    if state:
        found = found.where(_state(on) == state)
    rows = session.execute(
        found.order_by(RosterLine.department, RosterLine.title, RosterLine.added_at, RosterLine.id)
        .offset(offset)
        .limit(limit)
    )
    return counts, [
        Shown(line, vault.open(line.name_sealed, row=name_row(line.id)), RosterState(word)) for line, word in rows
    ]


def departments(session: Session, actor: Actor) -> list[str]:
    """The departments of the actor's rosters that have a name."""
    return list(
        session.scalars(
            select(RosterLine.department)
            .where(RosterLine.organisation_id.in_(staff.managed(actor)), RosterLine.department != "")
            .distinct()
            .order_by(RosterLine.department)
        )
    )


def remove(session: Session, actor: Actor, line_id: str) -> None:
    """Take somebody off the roster; an employment that they agreed to is ended on the staff's page."""
    line = session.get(RosterLine, line_id)
    if line is None or line.organisation_id not in staff.managed(actor):
        raise errors.NotFound()
    session.delete(line)
    session.flush()


def asking(session: Session, person_id: str, *, on: date) -> list[tuple[RosterLine, Organisation]]:
    """The enterprises that list somebody and wait for a yes or no."""
    rows = session.execute(
        select(RosterLine, Organisation)
        .join(Organisation, Organisation.id == RosterLine.organisation_id)
        .join(IdentityDocument, IdentityDocument.number_index == RosterLine.number_index)
        .join(Person, and_(Person.id == IdentityDocument.person_id, Person.name_index == RosterLine.name_index))
        .where(Person.id == person_id, RosterLine.declined_at.is_(None), ~_works_here(on))
        .order_by(RosterLine.added_at.desc(), RosterLine.id)
    )
    return [(line, organisation) for line, organisation in rows]


def answer(session: Session, line_id: str, *, person_id: str, works_here: str, now: datetime) -> RosterLine:
    """Somebody says `yes` or `no` to an enterprise that lists them; NotFound unless it asks them."""
    asked = asking(session, person_id, on=day_of(now))
    line = next((line for line, _employer in asked if line.id == line_id), None)
    if line is None:
        raise errors.NotFound()
    if works_here == "yes":
        join(session, person_id=person_id, organisation_id=line.organisation_id, now=now)
    else:
        line.declined_at = now
    session.flush()
    return line


def join(session: Session, *, person_id: str, organisation_id: str, now: datetime) -> None:
    """Somebody works for an enterprise from today on, at the post that its roster names."""
    persons.settle(session, person_id=person_id, district_id=None, employer_id=organisation_id, now=now)
    title = session.scalar(
        select(RosterLine.title)
        .join(IdentityDocument, IdentityDocument.number_index == RosterLine.number_index)
        .where(RosterLine.organisation_id == organisation_id, IdentityDocument.person_id == person_id)
    )
    for held in organisations.memberships(session, person_id, on=day_of(now)):
        if held.organisation_id == organisation_id and held.role == Role.EMPLOYEE:
            held.title = title or held.title
