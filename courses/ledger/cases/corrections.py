"""Corrections and voids: one officer proposes with a reason code, a second one decides.

Of an enrolment they become an `adjustment` (`credit-rules.md` 5.39); a row in person or from elsewhere
is taken back whole, by a cancelling row. Either way the old row stays, and the learner is told.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from courses import errors
from courses.enrolment import Enrolment
from courses.ledger import accounts, progress
from courses.ledger.cases import appeals, claims, notices
from courses.ledger.cases.models import (
    Appeal,
    Correction,
    CorrectionDecision,
    ReasonCode,
)
from courses.ledger.models import Entry
from courses.people import persons
from courses.people.organisations import Actor, Role
from courses.people.persons import Person, Subject

PROPOSING = frozenset({Role.DISTRICT_REGULATOR, Role.CITY_REGULATOR})
MOST_HOURS = 1000


@dataclass(frozen=True, slots=True)
class Proposed:
    """A correction with whom it is about, who proposed it, and what was decided, if anything."""

    row: Correction
    decision: CorrectionDecision | None
    learner: str
    proposer: str


def propose(
    session: Session,
    actor: Actor,
    *,
    entry: Entry | None = None,
    appeal: Appeal | None = None,
    hours: Fraction | None = None,
    reason_code: str,
    note: str,
    now: datetime,
) -> Correction:
    """Propose to correct an enrolment by some hours, or, without hours, to take an entry back.

    Refused: Conflict `not_an_officer`, `own_hours`, `correction_waits` for the same row, `entry_cancelled`,
    `appeal_solved`; Invalid `correction_reason`, `correction_hours`, `note_required`.
    """
    target = entry or appeal
    assert target is not None
    check_may(session, actor, target.subject_key)
    accounts.lock(session, target.subject_key)
    about = (
        appeal.enrolment_id if appeal is not None else (entry.about if entry is not None else "")
    )
    if reason_code not in set(ReasonCode):
        raise errors.Invalid("correction_reason", "Choose a reason.", field="reason_code")
    if appeal is not None and appeal.state in appeals.SOLVED:
        raise errors.Conflict("appeal_solved", "This appeal was answered meanwhile.")
    is_void = hours is None
    if entry is not None:
        check_row(session, entry)
    if any(
        row.about == about
        for row, _decision in of_subject(session, target.subject_key)
        if _decision is None
    ):
        raise errors.Conflict(
            "correction_waits", "A correction of the same hours waits for a decision already."
        )
    if is_void and entry is None:
        raise errors.Invalid(
            "correction_hours", "Say how many hours the appeal adds.", field="hours"
        )
    amount = -entry.hours if hours is None and entry is not None else hours or Fraction(0)
    check_amount(session, about, amount, is_void=is_void)
    made = Correction(
        subject_key=target.subject_key,
        kind="void" if is_void else "adjust",
        about=about,
        entry_id=entry.id if entry is not None else None,
        appeal_id=appeal.id if appeal is not None else None,
        hours_num=amount.numerator,
        hours_den=amount.denominator,
        reason_code=reason_code,
        note=claims.words(note),
        proposed_by=actor.subject_key,
        proposed_at=now,
    )
    session.add(made)
    session.flush()
    return made


def check_may(session: Session, actor: Actor, subject_key: str) -> None:
    """Whoever operates the site adjusts nothing, and nobody adjusts hours of their own."""
    if not actor.roles & PROPOSING or Role.OPERATOR in actor.roles:
        raise errors.Conflict("not_an_officer", "Only officers of a bureau correct hours.")
    if persons.person_of(session, subject_key).id == actor.person_id:
        raise errors.Conflict("own_hours", "Nobody corrects hours of their own.")


def check_row(session: Session, entry: Entry) -> None:
    """A row that still stands."""
    cancelled = session.scalar(select(Entry.id).where(Entry.cancels_id == entry.id))
    if cancelled is not None or entry.cancels_id is not None:
        raise errors.Conflict("entry_cancelled", "This row was taken back already.")


def check_amount(session: Session, about: str, hours: Fraction, *, is_void: bool) -> None:
    """Hours of an enrolment stay at 0 or more; rows of another kind are only taken back whole."""
    if session.get(Enrolment, about) is None:
        if not is_void:
            raise errors.Invalid(
                "correction_whole",
                "Hours in person or from elsewhere are taken back whole, then recorded anew.",
                field="hours",
            )
        return
    if hours == 0 or abs(hours) > MOST_HOURS or progress.posted(session, about) + hours < 0:
        raise errors.Invalid(
            "correction_hours",
            "Hours are not 0, and no more are taken away than were credited.",
            field="hours",
        )


def decide(
    session: Session,
    actor: Actor,
    *,
    correction: Correction,
    is_approved: bool,
    note: str,
    now: datetime,
) -> CorrectionDecision:
    """Approve or decline; approved, the learner is told, and the account is marked for settling.

    Refused: Conflict `not_an_officer`, `own_hours`, `same_person` as proposed it, `correction_decided`,
    `no_policy`; Invalid `note_required`, `correction_hours` where the hours are no longer there.
    """
    check_may(session, actor, correction.subject_key)
    if not actor.is_city_regulator:
        raise errors.Conflict("not_an_officer", "The city's bureau decides on corrections.")
    if actor.subject_key == correction.proposed_by or actor.person_id in persons_of(
        session, [correction.proposed_by]
    ).values():
        raise errors.Conflict("same_person", "Somebody else must decide on what you proposed.")
    account = accounts.lock(session, correction.subject_key)
    if session.get(CorrectionDecision, correction.id) is not None:
        raise errors.Conflict("correction_decided", "This correction was decided meanwhile.")
    text = claims.words(note)
    if is_approved:
        if not accounts.pool(session, correction.subject_key, known_at=now):
            raise errors.Conflict("no_policy", "No rule for online hours is in force for that day.")
        if correction.entry_id is not None:
            check_row(session, session.get_one(Entry, correction.entry_id))
        check_amount(session, correction.about, correction.hours, is_void=correction.kind == "void")
    made = CorrectionDecision(
        correction_id=correction.id,
        is_approved=is_approved,
        note=text,
        decided_by=actor.subject_key,
        decided_at=now,
    )
    session.add(made)
    session.flush()
    if is_approved:
        kind = notices.Kind.VOIDED if correction.kind == "void" else notices.Kind.CORRECTED
        notices.tell(
            session, correction.subject_key, kind=kind, about=correction.id, text=text, now=now
        )
        if correction.appeal_id is not None:
            appeals.uphold(session, actor, correction=correction, text=text, now=now)
        account.is_due = True
    session.flush()
    return made


def persons_of(session: Session, subject_keys: Collection[str]) -> dict[str, str]:
    """Person ids by subject key; whoever was forgotten is left out."""
    rows = session.execute(
        select(Subject.key, Subject.person_id).where(Subject.key.in_(list(subject_keys)))
    )
    return {key: person_id for key, person_id in rows if person_id is not None}


def of_subject(
    session: Session, subject_key: str
) -> list[tuple[Correction, CorrectionDecision | None]]:
    """Corrections of a learner, the latest first, with their decisions."""
    return [
        (row, decision)
        for row, decision in session.execute(
            select(Correction, CorrectionDecision)
            .outerjoin(CorrectionDecision, CorrectionDecision.correction_id == Correction.id)
            .where(Correction.subject_key == subject_key)
            .order_by(Correction.proposed_at.desc(), Correction.id)
        )
    ]


def listed(
    session: Session, *, areas: Collection[str] | None, on: date, is_decided: bool, limit: int = 100
) -> list[Proposed]:
    """Corrections within areas (None: everywhere), decided or not, with masked names."""
    asked = (
        select(Correction, CorrectionDecision, Person.display_name)
        .join(Subject, Subject.key == Correction.subject_key)
        .join(Person, Person.id == Subject.person_id)
        .outerjoin(CorrectionDecision, CorrectionDecision.correction_id == Correction.id)
        .where(
            and_(CorrectionDecision.correction_id.is_not(None), persons.is_found())
            if is_decided
            else CorrectionDecision.correction_id.is_(None)
        )
        .order_by(
            Correction.proposed_at.desc() if is_decided else Correction.proposed_at, Correction.id
        )
        .limit(limit)
    )
    if areas is not None:
        asked = asked.where(persons.belongs_to(areas, on=on))
    rows = session.execute(asked).all()
    names = proposers(session, [row.proposed_by for row, _decision, _name in rows])
    return [
        Proposed(row, decision, name, names.get(row.proposed_by, ""))
        for row, decision, name in rows
    ]


def proposers(session: Session, subject_keys: Collection[str]) -> dict[str, str]:
    """Masked names of officers by subject key."""
    by_key = persons_of(session, subject_keys)
    names = persons.display_names(session, by_key.values())
    return {key: names.get(person_id, "") for key, person_id in by_key.items()}


def get(session: Session, correction_id: str) -> Proposed:
    """One correction; who may see it is the caller's question."""
    row = session.get(Correction, correction_id)
    if row is None:
        raise errors.NotFound()
    learner = persons.person_of(session, row.subject_key).display_name
    proposer = proposers(session, [row.proposed_by]).get(row.proposed_by, "")
    return Proposed(row, session.get(CorrectionDecision, row.id), learner, proposer)
