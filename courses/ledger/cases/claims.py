"""Hours that a learner brings from another platform: claimed with evidence, decided by an officer.

A decided claim is a transfer of the evidence (`credit-rules.md` 4.11, 5.21). Whether it counts is the
engine's to say; `foreseen` asks it before the officer decides. Claims and decisions never change.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors
from courses.credit import recompute
from courses.credit.evidence import BadEvidence
from courses.ledger import accounts, evidence, offline
from courses.ledger.cases import decided, files, notices
from courses.ledger.cases.files import EvidenceFile
from courses.ledger.cases.models import WORDS_LENGTH, Claim, ClaimDecision
from courses.ledger.models import OfflineHours
from courses.people import persons
from courses.people.organisations import Actor
from courses.people.persons import Person, Subject
from media.base import new_id

KINDS = ("online", "classroom", "practical")
MOST_HOURS = 1000
MOST_WAITING = 20
END = datetime(9999, 1, 1, tzinfo=UTC)
SHORTEST_HOUR_MS, LONGEST_HOUR_MS = 30 * 60_000, 120 * 60_000
SHORTEST_NOTE = 2
TICK = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a transfer brings, or the engine's reason why it brings nothing."""

    hours: Fraction
    refusal: str | None


def new(
    subject_key: str,
    *,
    from_where: str,
    title: str,
    taken_on: date,
    hours: Fraction,
    hour_ms: int,
    kind: str,
    today: date,
    now: datetime,
) -> Claim:
    """A claim judged by itself, not written yet: its files go to the store first.

    Refused: Invalid `claim_kind`, `claim_hours`, `claim_hour`, `claim_in_future`.
    """
    if kind not in KINDS:
        raise errors.Invalid("claim_kind", "Choose how you were trained.", field="kind")
    if not 0 < hours <= MOST_HOURS:
        raise errors.Invalid(
            "claim_hours",
            "Hours are more than 0 and at most %(most)s.",
            field="hours",
            most=MOST_HOURS,
        )
    if not SHORTEST_HOUR_MS <= hour_ms <= LONGEST_HOUR_MS:
        raise errors.Invalid(
            "claim_hour", "One hour of training has 30 to 120 minutes.", field="minutes"
        )
    if taken_on > today:
        raise errors.Invalid("claim_in_future", "This day has not come yet.", field="taken_on")
    return Claim(
        id=new_id(),
        subject_key=subject_key,
        from_where=" ".join(from_where.split()),
        title=" ".join(title.split()),
        taken_on=taken_on,
        hours_num=hours.numerator,
        hours_den=hours.denominator,
        hour_ms=hour_ms,
        kind=kind,
        applied_at=now,
    )


def file(session: Session, claim: Claim, *, papers: Sequence[EvidenceFile]) -> Claim:
    """Write a claim with its files; Invalid `claim_evidence` without any, Conflict `claim_twice`."""
    if not papers:
        raise errors.Invalid("claim_evidence", "Add a certificate or another proof.", field="file")
    accounts.lock(session, claim.subject_key)
    same = select(Claim).where(
        Claim.subject_key == claim.subject_key,
        Claim.from_where == claim.from_where,
        Claim.taken_on == claim.taken_on,
    )
    waiting = {
        row.id
        for row in session.scalars(same.where(Claim.id.not_in(select(ClaimDecision.claim_id))))
        if row.hours == claim.hours
    }
    if waiting:
        raise errors.Conflict(
            "claim_twice", "You claimed the same hours already; they wait for a decision."
        )
    session.add(claim)
    session.flush()
    for paper in papers:
        files.add(session, paper)
    return claim


def of_subject(session: Session, subject_key: str) -> list[tuple[Claim, ClaimDecision | None]]:
    """A learner's claims with their decisions, the latest first."""
    return [
        (claim, decision)
        for claim, decision in session.execute(
            select(Claim, ClaimDecision)
            .outerjoin(ClaimDecision, ClaimDecision.claim_id == Claim.id)
            .where(Claim.subject_key == subject_key)
            .order_by(Claim.applied_at.desc(), Claim.id)
        )
    ]


def waiting(
    session: Session, actor: Actor, *, areas: Collection[str] | None, on: date, limit: int = 100
) -> list[tuple[Claim, str]]:
    """Claims of others to be decided, with masked names, the oldest first; `areas` None is everywhere."""
    asked = (
        select(Claim, Person.display_name)
        .join(Subject, Subject.key == Claim.subject_key)
        .join(Person, Person.id == Subject.person_id)
        .outerjoin(ClaimDecision, ClaimDecision.claim_id == Claim.id)
        .where(ClaimDecision.claim_id.is_(None), Person.id != actor.person_id)
        .order_by(Claim.applied_at, Claim.id)
        .limit(limit)
    )
    if areas is not None:
        asked = asked.where(persons.belongs_to(areas, on=on))
    return [(claim, name) for claim, name in session.execute(asked)]


def on_the_same_day(session: Session, claim: Claim) -> list[OfflineHours]:
    """Hours in person of the learner on the claimed day: perhaps the same training."""
    return offline.of_day(session, claim.subject_key, on=claim.taken_on, before=END)


def check_room(session: Session, subject_key: str) -> None:
    """Conflict `claims_waiting` while very many wait: files are kept before a claim is."""
    rows = [claim for claim, decision in of_subject(session, subject_key) if decision is None]
    if len(rows) >= MOST_WAITING:
        raise errors.Conflict("claims_waiting", "Your other claims must be decided first.")


def get(session: Session, claim_id: str) -> tuple[Claim, ClaimDecision | None]:
    """One claim; who may see it is the caller's question."""
    claim = session.get(Claim, claim_id)
    if claim is None:
        raise errors.NotFound()
    return claim, session.get(ClaimDecision, claim_id)


def own(session: Session, claim_id: str, *, subject_key: str) -> tuple[Claim, ClaimDecision | None]:
    """One of the learner's own, or NotFound."""
    found = get(session, claim_id)
    if found[0].subject_key != subject_key:
        raise errors.NotFound()
    return found


def foreseen(
    session: Session, claim: Claim, *, factor: Fraction, is_accepted: bool = True, now: datetime
) -> Outcome:
    """What the engine would make of a claim if it were decided now; Conflict `no_policy`."""
    known = evidence.of(session, claim.subject_key, as_of=now + TICK)
    prints = [row.fingerprint for row in files.of(session, claim.id)]
    tried = decided.transfer(claim, prints, factor=factor, is_accepted=is_accepted)
    others = [row for row in known.transfers if row.id != claim.id]
    try:
        statement = recompute.statement(replace(known, transfers=[*others, tried]))
    except BadEvidence as bad:
        raise errors.Conflict(
            "no_policy", "No rule for online hours is in force for that day."
        ) from bad
    entry = next(
        row for row in statement.entries if row.kind == "transfer" and row.subject == claim.id
    )
    return Outcome(entry.hours, entry.reason)


def decide(
    session: Session,
    actor: Actor,
    *,
    claim: Claim,
    is_accepted: bool,
    factor: Fraction = Fraction(1),
    note: str,
    now: datetime,
) -> Outcome:
    """Decide a claim for good and tell the learner; the account is marked for settling.

    Refused: Conflict `own_claim`, `claim_decided`, `no_policy`; Invalid `claim_factor` outside (0, 1],
    `note_required`.
    """
    if persons.person_of(session, claim.subject_key).id == actor.person_id:
        raise errors.Conflict("own_claim", "Nobody decides a claim of their own.")
    text = words(note)
    if not 0 < factor <= 1:
        raise errors.Invalid(
            "claim_factor", "The factor is more than 0 and at most 1.", field="factor"
        )
    account = accounts.lock(session, claim.subject_key)
    if session.get(ClaimDecision, claim.id) is not None:
        raise errors.Conflict("claim_decided", "This claim was decided meanwhile.")
    found = foreseen(session, claim, factor=factor, is_accepted=is_accepted, now=now)
    session.add(
        ClaimDecision(
            claim_id=claim.id,
            is_accepted=is_accepted,
            factor_num=factor.numerator,
            factor_den=factor.denominator,
            note=text,
            decided_by=actor.subject_key,
            decided_at=now,
        )
    )
    kind = notices.Kind.CLAIM_REFUSED if found.refusal else notices.Kind.CLAIM_ACCEPTED
    notices.tell(session, claim.subject_key, kind=kind, about=claim.id, text=text, now=now)
    account.is_due = True
    session.flush()
    return found


def words(note: str) -> str:
    """What an officer says of a decision, or Invalid `note_required`."""
    text = " ".join(note.split())
    if not SHORTEST_NOTE <= len(text) <= WORDS_LENGTH:
        raise errors.Invalid(
            "note_required",
            "Say in %(shortest)s to %(longest)s characters what you found out.",
            field="note",
            shortest=SHORTEST_NOTE,
            longest=WORDS_LENGTH,
        )
    return text
