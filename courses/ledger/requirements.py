"""Hours that somebody owes in a period. Entered and withdrawn by officials; how far one is met, the
engine says (`statement`)."""

from datetime import date, datetime, timedelta
from fractions import Fraction

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from courses import errors, policies
from courses.ledger import accounts
from courses.ledger.models import Requirement

KINDS = ("any", "practical")
MOST_HOURS = 1000  # a typing error, not a plan


def enter(
    session: Session,
    *,
    subject_key: str,
    title: str,
    hours: Fraction,
    kind: str,
    first_on: date,
    last_on: date,
    policy: str,
    entered_by: str,
    now: datetime,
) -> Requirement:
    """Put a learner under a requirement for the days `first_on` to `last_on`, both included.

    `policy`: the `id@version` whose share cap judges it, one of those that bind the learner. Refused:
    `requirement_hours`, `requirement_period`, `requirement_policy`, `requirement_twice`. May make a second
    completion in the period count nothing (`already_credited`), so the account is marked for settling.
    """
    account = accounts.lock(session, subject_key)
    bound = accounts.pool(session, subject_key, known_at=now)
    chosen = next((b for b in bound if b.version.label == policy), None)
    if chosen is None:
        raise errors.Invalid("requirement_policy", "Choose a rule that binds this learner.", field="policy")
    if kind not in KINDS:
        raise errors.Invalid("requirement_kind", "Choose what may fill it.", field="kind")
    if not title.strip():
        raise errors.Invalid("requirement_title", "Say what the hours are for.", field="title")
    if not 0 < hours <= MOST_HOURS:
        raise errors.Invalid("requirement_hours", "Hours are more than 0, and at most 1000.", field="hours")
    if last_on < first_on:
        raise errors.Invalid("requirement_period", "The last day lies before the first.", field="last_on")
    from_at, to_at = period(first_on, last_on, chosen)
    check_new(session, subject_key, title=title.strip(), from_at=from_at, to_at=to_at)
    made = Requirement(
        subject_key=subject_key,
        title=title.strip(),
        kind=kind,
        hours_num=hours.numerator,
        hours_den=hours.denominator,
        from_at=from_at,
        to_at=to_at,
        policy=policy,
        entered_by=entered_by,
        entered_at=now,
    )
    session.add(made)
    account.is_due = True
    session.flush()
    return made


def period(first_on: date, last_on: date, bound: policies.Bound) -> tuple[datetime, datetime]:
    """Whole days in the policy's zone as a half-open span of instants."""
    zone = bound.version.zone
    return (
        policies.start_of_day(first_on, zone),
        policies.start_of_day(last_on + timedelta(days=1), zone),
    )


def check_new(
    session: Session, subject_key: str, *, title: str, from_at: datetime, to_at: datetime
) -> None:
    """The same requirement is not entered twice."""
    for row in of_subject(session, subject_key, before=None):
        if (row.title, row.from_at, row.to_at) == (title, from_at, to_at):
            raise errors.Conflict("requirement_twice", "This requirement is entered already.")


def withdraw(session: Session, row: Requirement, *, reason: str, withdrawn_by: str, now: datetime) -> None:
    """Take a requirement back from `now` on; what was shown before stays true of its time."""
    if row.withdrawn_at is not None:
        raise errors.Conflict("requirement_withdrawn", "This requirement was withdrawn already.")
    if not reason.strip():
        raise errors.Invalid("reason_required", "Give a reason.", field="reason")
    accounts.lock(session, row.subject_key).is_due = True
    row.withdrawn_at = now
    row.withdrawn_by = withdrawn_by
    row.withdrawn_reason = reason.strip()
    session.flush()


def of_subject(session: Session, subject_key: str, *, before: datetime | None) -> list[Requirement]:
    """What a subject was under, as known before an instant (None: now), by the period's start."""
    asked = select(Requirement).where(Requirement.subject_key == subject_key)
    if before is None:
        asked = asked.where(Requirement.withdrawn_at.is_(None))
    else:
        asked = asked.where(
            Requirement.entered_at < before,
            or_(Requirement.withdrawn_at.is_(None), Requirement.withdrawn_at >= before),
        )
    return list(session.scalars(asked.order_by(Requirement.from_at, Requirement.entered_at, Requirement.id)))


def get(session: Session, requirement_id: str, *, subject_key: str) -> Requirement:
    """One requirement of a subject, or NotFound."""
    row = session.get(Requirement, requirement_id)
    if row is None or row.subject_key != subject_key:
        raise errors.NotFound()
    return row
