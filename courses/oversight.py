"""What officials look at and why: finding a learner, and every read of a record, kept for good.

A reason is written down before anything is shown. A number that was searched for is never kept.
Who reaches whom: `domain.md` 3 and 7 (the city everybody; a district by the employer's place first).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.ledger.cases import pending
from courses.people import persons
from courses.people.organisations import Actor, Membership, Organisation, Role
from courses.people.persons import Person, Subject
from courses.people.vault import Vault
from media.base import Base, append_only, new_id

SHORTEST_REASON = 2  # characters: 抽查 is a reason, a full stop is none
LONGEST_REASON = 300
OPEN_FOR = timedelta(hours=8)  # an opened record stays open for a working day
MOST_FOUND = 20
OFFICIALS = (Role.CITY_REGULATOR, Role.DISTRICT_REGULATOR)


class What(StrEnum):
    """What was read."""

    SEARCH = "search"
    RECORD = "record"
    PLAYBACK = "playback"
    STATEMENT = "statement"
    EVIDENCE = "evidence"
    REQUIREMENT = "requirement"
    SIGNAL = "signal"
    FACE = "face"


@append_only
class RecordAccess(Base):
    """An official read something about a subject, and gave a reason."""

    __tablename__ = "record_accesses"
    __table_args__ = (
        CheckConstraint(
            "what IN ('search','record','playback','statement','evidence','requirement','face','signal')", name="what"
        ),
        Index("ix_record_accesses_subject_at", "subject_key", "at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    official_key: Mapped[str] = mapped_column(String(16), index=True)
    subject_key: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]


@append_only
class RecordSearch(Base):
    """An official searched: by what, why, and which subjects were shown. Never what was typed."""

    __tablename__ = "record_searches"
    __table_args__ = (CheckConstraint("searched_by IN ('number','name')", name="searched_by"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    official_key: Mapped[str] = mapped_column(String(16), index=True)
    searched_by: Mapped[str] = mapped_column(String(10))
    found: Mapped[list[str]]  # subject keys
    reason: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]


def search(
    session: Session,
    vault: Vault,
    *,
    actor: Actor,
    number: str = "",
    name: str = "",
    reason: str,
    today: date,
    now: datetime,
) -> RecordSearch:
    """Find learners of the official's jurisdiction by document number, or by their whole name.

    The search is recorded whatever it finds, and each learner found gets a line in their own log.
    Refused: `reason_required`; `search_empty` where neither or both are given.
    """
    check_reason(reason)
    if bool(number.strip()) == bool(name.strip()):
        raise errors.Invalid("search_empty", "Give either a document number or a name.", field="number")
    people = persons.find(session, vault, number=number.strip() or None, name=name.strip() or None)
    places = persons.jurisdictions_of(session, [person.id for person in people], on=today)
    keys = [
        persons.subject_of(session, person_id) for person_id, place in places.items() if holds(actor, place)
    ][:MOST_FOUND]
    made = RecordSearch(
        official_key=actor.subject_key,
        searched_by="number" if number.strip() else "name",
        found=keys,
        reason=reason.strip(),
        at=now,
    )
    session.add(made)
    for key in keys:
        note(session, actor, subject_key=key, what=What.SEARCH, reason=reason, now=now)
    session.flush()
    return made


def searched(session: Session, actor: Actor, search_id: str) -> RecordSearch:
    """One of the official's own searches of this working day, or NotFound."""
    row = session.get(RecordSearch, search_id)
    if row is None or row.official_key != actor.subject_key:
        raise errors.NotFound()
    return row


def reaches(session: Session, actor: Actor, person_id: str, *, on: date) -> bool:
    """Whether an official's jurisdiction holds this person on a day."""
    return holds(actor, persons.jurisdiction_of(session, person_id, on=on))


def holds(actor: Actor, place: str | None) -> bool:
    """Whether a jurisdiction is the official's; the city's officers see those without one too."""
    return actor.is_city_regulator or (place is not None and place in actor.jurisdictions())


def learner(session: Session, actor: Actor, subject_key: str, *, today: date) -> Person:
    """The person behind a subject key, for an official; NotFound outside the jurisdiction.

    Who asked for deletion is shown by case alone: while one of theirs is open.
    """
    person = persons.person_of(session, subject_key)
    if not reaches(session, actor, person.id, on=today):
        raise errors.NotFound()
    if person.restricted_at is not None and not pending.of_subjects(session, [subject_key]):
        raise errors.NotFound()
    return person


def check_reason(reason: str) -> str:
    """A reason that says something, or Invalid `reason_required`."""
    text = " ".join(reason.split())
    if not SHORTEST_REASON <= len(text) <= LONGEST_REASON:
        raise errors.Invalid(
            "reason_required",
            "Say in %(shortest)s to %(longest)s characters why you look at this record.",
            field="reason", shortest=SHORTEST_REASON, longest=LONGEST_REASON,
        )
    return text


def note(
    session: Session, actor: Actor, *, subject_key: str, what: What, reason: str, now: datetime
) -> RecordAccess:
    """Write down that an official reads, before it is shown."""
    made = RecordAccess(
        official_key=actor.subject_key,
        subject_key=subject_key,
        what=what,
        reason=check_reason(reason),
        at=now,
    )
    session.add(made)
    session.flush()
    return made


def opened(session: Session, actor: Actor, subject_key: str, *, now: datetime) -> RecordAccess:
    """The official's standing opening of a record, or Conflict `reason_required`."""
    found = session.scalars(
        select(RecordAccess)
        .where(
            RecordAccess.official_key == actor.subject_key,
            RecordAccess.subject_key == subject_key,
            RecordAccess.what == What.RECORD,
            RecordAccess.at > now - OPEN_FOR,
            RecordAccess.at <= now,
        )
        .order_by(RecordAccess.at.desc())
        .limit(1)
    ).first()
    if found is None:
        raise errors.Conflict("reason_required", "Open the record with a reason first.")
    return found


def looked(
    session: Session, actor: Actor, subject_key: str, *, what: What, today: date, now: datetime
) -> RecordAccess:
    """Write a further read of an opened record down, under the reason it was opened with."""
    learner(session, actor, subject_key, today=today)
    opening = opened(session, actor, subject_key, now=now)
    return note(session, actor, subject_key=subject_key, what=what, reason=opening.reason, now=now)


def case(
    session: Session, actor: Actor, subject_key: str, *, reason: str, today: date, now: datetime
) -> Person:
    """The learner of a case that the official has to decide: the case is the reason, told once a working day."""
    person = learner(session, actor, subject_key, today=today)
    told(session, actor, subject_key, reason=reason, now=now)
    return person


def told(session: Session, actor: Actor, subject_key: str, *, reason: str, now: datetime) -> None:
    """Write down that evidence is read for a case, unless that was done within the working day."""
    known = select(RecordAccess.id).where(
        RecordAccess.official_key == actor.subject_key,
        RecordAccess.subject_key == subject_key,
        RecordAccess.what == What.EVIDENCE,
        RecordAccess.reason == check_reason(reason),
        RecordAccess.at > now - OPEN_FOR,
    )
    if session.scalar(known.limit(1)) is None:
        note(session, actor, subject_key=subject_key, what=What.EVIDENCE, reason=reason, now=now)


def of_subject(session: Session, subject_key: str, *, limit: int = 200) -> list[RecordAccess]:
    """Who looked at a record, the latest first; for the learner and for officials alike."""
    return list(
        session.scalars(
            select(RecordAccess)
            .where(RecordAccess.subject_key == subject_key)
            .order_by(RecordAccess.at.desc(), RecordAccess.id)
            .limit(limit)
        )
    )


def of_official(session: Session, official_key: str, *, limit: int = 50) -> list[RecordAccess]:
    """What an official looked at, the latest first."""
    return list(
        session.scalars(
            select(RecordAccess)
            .where(RecordAccess.official_key == official_key)
            .order_by(RecordAccess.at.desc(), RecordAccess.id)
            .limit(limit)
        )
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A read of a record with the masked names of both, and the official's bureau."""

    access: RecordAccess
    official: str
    bureau: Organisation | None
    learner: str


def lines(session: Session, rows: Sequence[RecordAccess]) -> list[Line]:
    """Reads of records as a list shows them; who was forgotten since has no name."""
    keys = {key for row in rows for key in (row.official_key, row.subject_key)}
    people = dict(
        session.execute(
            select(Subject.key, Person).join(Person, Subject.person_id == Person.id).where(Subject.key.in_(keys))
        )
        .all()
    )
    bureaus = dict(
        session.execute(
            select(Membership.person_id, Organisation)
            .join(Organisation, Organisation.id == Membership.organisation_id)
            .where(
                Membership.person_id.in_({person.id for person in people.values()}),
                Membership.role.in_(OFFICIALS),
            )
            .order_by(Membership.from_on)
        )
        .all()
    )
    found = []
    for row in rows:
        official, learner = people.get(row.official_key), people.get(row.subject_key)
        found.append(
            Line(
                access=row,
                official=official.display_name if official else "",
                bureau=bureaus.get(official.id) if official else None,
                learner=learner.display_name if learner and learner.restricted_at is None else "",
            )
        )
    return found
