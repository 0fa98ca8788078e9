"""Classroom and practical hours that an institution or employer vouches for. Never edited."""

from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors, policies
from courses.ledger import accounts
from courses.ledger.models import OfflineHours
from courses.people.organisations import Actor, Role

KINDS = ("classroom", "practical")
DAY_HOURS = 24  # nobody is trained for longer than a day has
VOUCHERS = (Role.INSTITUTION_STAFF, Role.ENTERPRISE_MANAGER)
NOTE_LENGTH = 300


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
    now: datetime,
) -> OfflineHours:
    """Write down hours of one day; the subject's account is marked for settling.

    Refused: NotFound for an organisation the actor does not act for; `offline_hours` outside (0, 24] a
    day; `offline_in_future`; `offline_twice` for the same day, kind and amount; `no_policy`.
    """
    if organisation_id not in actor.organisations(*VOUCHERS):
        raise errors.NotFound()
    if kind not in KINDS:
        raise errors.Invalid("offline_kind", "Choose classroom or practical training.", field="kind")
    account = accounts.lock(session, subject_key)
    at = start_of(session, subject_key, on=on, now=now)
    if at > now:
        raise errors.Invalid("offline_in_future", "This day has not come yet.", field="on")
    check_amount(of_day(session, subject_key, on=on), hours=hours, kind=kind, organisation_id=organisation_id)
    made = OfflineHours(
        subject_key=subject_key,
        on=on,
        kind=kind,
        hours_num=hours.numerator,
        hours_den=hours.denominator,
        organisation_id=organisation_id,
        note=note.strip()[:NOTE_LENGTH],
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


def of_day(session: Session, subject_key: str, *, on: date) -> list[OfflineHours]:
    """What is recorded of one day."""
    return list(
        session.scalars(
            select(OfflineHours).where(OfflineHours.subject_key == subject_key, OfflineHours.on == on)
        )
    )


def of_subject(session: Session, subject_key: str, *, before: datetime) -> list[OfflineHours]:
    """What was recorded before an instant, by day."""
    return list(
        session.scalars(
            select(OfflineHours)
            .where(OfflineHours.subject_key == subject_key, OfflineHours.entered_at < before)
            .order_by(OfflineHours.on, OfflineHours.entered_at, OfflineHours.id)
        )
    )


def of_organisations(session: Session, actor: Actor, *, limit: int = 50) -> list[OfflineHours]:
    """What the actor's organisations recorded, the newest first."""
    return list(
        session.scalars(
            select(OfflineHours)
            .where(OfflineHours.organisation_id.in_(actor.organisations(*VOUCHERS)))
            .order_by(OfflineHours.entered_at.desc(), OfflineHours.id)
            .limit(limit)
        )
    )
