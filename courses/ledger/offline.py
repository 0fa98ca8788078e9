"""Classroom and practical hours that an institution vouches for, written once somebody reviewed them.

Never edited: what is taken back whole (`cases.corrections`) stands no more, and its row stays.
"""

from datetime import date, datetime, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors, policies
from courses.ledger import accounts
from courses.ledger.cases import decided
from courses.ledger.models import OfflineHours
from courses.people.organisations import Actor

KINDS = ("classroom", "practical")
DAY_HOURS = 24  # nobody is trained for longer than a day has
NOTE_LENGTH = 300
TICK = timedelta(milliseconds=1)


def record(
    session: Session,
    actor: Actor,
    *,
    organisation_id: str,
    subject_key: str,
    on: date,
    hours: Fraction,
    kind: str,
    note: str = "",
    class_run_id: str | None = None,
    now: datetime,
) -> OfflineHours:
    """Write down hours of one day; the subject's account is marked for settling.

    `actor` reviewed them (`classes.review`). Refused: `offline_hours` outside (0, 24] a day;
    `offline_in_future`; `offline_twice` for the same day, kind and amount; `no_policy`.
    """
    if kind not in KINDS:
        raise errors.Invalid("offline_kind", "Choose classroom or practical training.", field="kind")
    account = accounts.lock(session, subject_key)
    at = start_of(session, subject_key, on=on, now=now)
    if at > now:
        raise errors.Invalid("offline_in_future", "This day has not come yet.", field="on")
    same_day = of_day(session, subject_key, on=on, before=now + TICK)
    check_amount(same_day, hours=hours, kind=kind, organisation_id=organisation_id)
    made = OfflineHours(
        subject_key=subject_key,
        on=on,
        kind=kind,
        hours_num=hours.numerator,
        hours_den=hours.denominator,
        organisation_id=organisation_id,
        note=note.strip()[:NOTE_LENGTH],
        class_run_id=class_run_id,
        entered_by=actor.subject_key,
        entered_at=now,
    )
    session.add(made)
    account.is_due = True
    session.flush()
    return made


def start_of(session: Session, subject_key: str, *, on: date, now: datetime) -> datetime:
    """The start of a day in the zone of the rule that binds the learner then; `no_policy` without one."""
    bound = accounts.pool(session, subject_key, known_at=now)
    if not bound:
        raise errors.Conflict("no_policy", "No rule for online hours is in force for that day.")
    at = policies.start_of_day(on, bound[-1].version.zone)
    if policies.chosen(bound, at=at) is None:
        raise errors.Invalid("no_policy", "No rule for online hours is in force for that day.", field="on")
    return at


def check_amount(
    same_day: list[OfflineHours], *, hours: Fraction, kind: str, organisation_id: str
) -> None:
    """No more than a day holds, and not the same thing twice."""
    if hours <= 0 or sum((row.hours for row in same_day), hours) > DAY_HOURS:
        raise errors.Invalid(
            "offline_hours", "Hours are more than 0, and at most 24 for one day in all.", field="hours"
        )
    for row in same_day:
        if (row.kind, row.hours, row.organisation_id) == (kind, hours, organisation_id):
            raise errors.Conflict("offline_twice", "The same hours of this day are recorded already.")


def of_day(session: Session, subject_key: str, *, on: date, before: datetime) -> list[OfflineHours]:
    """What stands of one day."""
    return [row for row in standing(session, subject_key, before=before) if row.on == on]


def standing(session: Session, subject_key: str, *, before: datetime) -> list[OfflineHours]:
    """What was recorded before an instant and not taken back by then, by day."""
    gone = decided.voided(session, subject_key, before=before)
    return [row for row in of_subject(session, subject_key, before=before) if row.id not in gone]


def of_subject(session: Session, subject_key: str, *, before: datetime) -> list[OfflineHours]:
    """What was recorded before an instant, by day."""
    return list(
        session.scalars(
            select(OfflineHours)
            .where(OfflineHours.subject_key == subject_key, OfflineHours.entered_at < before)
            .order_by(OfflineHours.on, OfflineHours.entered_at, OfflineHours.id)
        )
    )
