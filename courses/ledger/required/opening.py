"""Opens what an appointment makes somebody owe: rows of `requirements`, one period after the other.

Such a row is like an official's: the engine judges it, the evidence exports it, a certificate may rest on
it. It keeps the rule of the period's first day; a rule that is superseded later binds the next period.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors, policies
from courses.catalogue import taxonomy
from courses.ledger import accounts, required_hours
from courses.ledger.models import Requirement
from courses.ledger.required import industries, periods, shortfall
from courses.ledger.required.appointments import Appointment
from courses.ledger.required.periods import DAY, Period
from courses.ledger.required.shortfall import Part
from courses.ledger.required_hours import Occasion, RequiredHours, Risk, Trainee
from courses.people.jurisdictions import day_of
from courses.people.organisations import Membership

CONTINUED = "continued"  # its hours are counted on, in a row that ends later
LEFT = "left"  # the post ended before the period did
TICK = timedelta(milliseconds=1)


class Scope(StrEnum):
    """Whether 三项岗位 means the posts of every enterprise, or of those of high risk alone (domain.md 1.1)."""

    WIDE = "wide"
    NARROW = "narrow"


@dataclass(frozen=True, slots=True)
class Owed:
    """A rule, and the period of it that holds today."""

    rule: RequiredHours
    period: Period


def look(session: Session, appointment_id: str, *, scope: Scope, now: datetime) -> list[Requirement]:
    """Open the period that holds today, unless it is open; after the post's end close what it leaves.

    Safe to repeat. NotFound where there is no such appointment. Where no rule for online hours binds the
    learner yet nothing can be judged: it is looked at again the next day.
    """
    row = session.get(Appointment, appointment_id)
    if row is None:
        raise errors.NotFound()
    account = accounts.lock(session, row.subject_key)
    session.refresh(row, with_for_update=True)
    today = day_of(now)
    left_on = session.get_one(Membership, row.membership_id).to_on
    if left_on is not None and (row.to_on is None or left_on < row.to_on):
        row.to_on = max(left_on, row.from_on)
    made: list[Requirement] = []
    if row.to_on is not None and row.to_on <= today:
        account.is_due = close(session, row, now=now) or account.is_due
        row.next_on = None
    elif row.from_on > today:
        row.next_on = row.from_on
    else:
        made, row.next_on = go_on(session, row, scope=scope, now=now)
        account.is_due = account.is_due or bool(made)
        if row.to_on is not None:
            row.next_on = min(row.next_on or row.to_on, row.to_on)
    session.flush()
    return made


def go_on(
    session: Session, row: Appointment, *, scope: Scope, now: datetime
) -> tuple[list[Requirement], date | None]:
    """What is opened today, and when to look again (None: not before a rule changes)."""
    today = day_of(now)
    last = latest(session, row, now=now)
    if last and last[0].last_on >= today:
        return [], last[0].last_on + DAY
    owed = plan(session, row, last, scope=scope, today=today)
    if owed is None:
        return [], None
    made = opened(session, row, owed, now=now)
    if not made:
        return [], today + DAY
    if last and last[0].row.occasion == owed.rule.occasion == Occasion.INITIAL:
        withdraw([part.row for part in last], reason=CONTINUED, by=row.appointed_by, now=now)
    return made, owed.period.until_on


def latest(session: Session, row: Appointment, *, now: datetime) -> list[Part]:
    """The requirements of the appointment's last period: hours of any kind, and practical ones apart."""
    rows = list(
        session.scalars(
            select(Requirement)
            .where(Requirement.appointment_id == row.id)
            .order_by(Requirement.to_at, Requirement.entered_at, Requirement.id)
        )
    )
    last = [one for one in rows if one.to_at == rows[-1].to_at]
    return shortfall.judged(session, last, {row.subject_key: now + TICK})


def plan(
    session: Session, row: Appointment, last: Sequence[Part], *, scope: Scope, today: date
) -> Owed | None:
    """The rule and period that hold today after the last period; None where no hours are known for it."""
    if not last and row.trained_on is None:
        rule = rule_on(session, row, initial=True, on=row.from_on, scope=scope)
        if rule is not None:
            return Owed(rule, periods.initial(rule, row.from_on, today=today))
        start = row.from_on
    elif not last:
        start = (row.trained_on or row.from_on) + DAY
    elif last[0].row.occasion == Occasion.INITIAL and not all(map(is_over, last)):
        rule = session.get_one(RequiredHours, last[0].row.rule_id)
        return Owed(rule, periods.initial(rule, row.from_on, today=today, after=last[0].last_on + DAY))
    else:
        start = last[0].last_on + DAY
    rule = rule_on(session, row, initial=False, on=start, scope=scope)
    if rule is None:  # no hours were known then; a rule entered since binds from its own day on
        rule = rule_on(session, row, initial=False, on=today, scope=scope)
        start = rule.from_on if rule is not None and rule.from_on is not None else start
    period = periods.recurring(rule, start, today=today) if rule is not None else None
    return Owed(rule, period) if rule is not None and period is not None else None


def is_over(part: Part) -> bool:
    """Met, or taken back by an official: it does not go on."""
    return part.result.is_met or part.row.withdrawn_at is not None


def rule_on(
    session: Session, row: Appointment, *, initial: bool, on: date, scope: Scope
) -> RequiredHours | None:
    """The rule that binds the holder of a post on a day; None where none is known, or its hours are not."""
    industry = industries.on_day(session, row.organisation_id, on=on)
    if industry is None:
        return None
    trainee = bound_as(row.trainee, industry.risk, scope=scope)
    found = required_hours.in_force(session, on=on)
    wanted = (trainee, occasion_of(trainee, initial=initial), industry.risk)
    rule = next((one for one in found if (one.trainee, one.occasion, one.risk) == wanted), None)
    return rule if rule is not None and rule.hours is not None else None


def bound_as(trainee: str, risk: Risk, *, scope: Scope) -> str:
    """As which category somebody is bound; in the narrow scope, only high risk has posts of its own rules."""
    is_narrowed = scope == Scope.NARROW and risk == Risk.ORDINARY
    if is_narrowed and trainee in (Trainee.PRINCIPAL, Trainee.SAFETY_MANAGER):
        return Trainee.OTHER_EMPLOYEE
    return trainee


def occasion_of(trainee: str, *, initial: bool) -> Occasion:
    """Special operators' certificates are reviewed, everybody else is trained again each year."""
    if initial:
        return Occasion.INITIAL
    return Occasion.REVIEW if trainee == Trainee.SPECIAL_OPERATOR else Occasion.ANNUAL


def opened(session: Session, row: Appointment, owed: Owed, *, now: datetime) -> list[Requirement]:
    """The rows of a period; none where no rule for online hours binds the learner. The account is locked."""
    bound = accounts.pool(session, row.subject_key, known_at=now)
    if not bound:
        return []
    zone = bound[-1].version.zone
    from_at, to_at = (policies.start_of_day(day, zone) for day in (owed.period.from_on, owed.period.until_on))
    judge = policies.chosen(bound, at=from_at) or policies.chosen(bound, at=now)
    if judge is None or owed.rule.hours is None:
        return []
    amounts = {"any": owed.rule.hours, "practical": owed.rule.practical or Fraction(0)}
    made = [
        Requirement(
            subject_key=row.subject_key,
            title=titled(owed.rule.trainee, owed.rule.occasion, "zh_CN"),
            kind=kind,
            hours_num=hours.numerator,
            hours_den=hours.denominator,
            from_at=from_at,
            to_at=to_at,
            policy=judge.version.label,
            entered_by=row.appointed_by,
            entered_at=now,
            appointment_id=row.id,
            rule_id=owed.rule.id,
            trainee=owed.rule.trainee,
            occasion=owed.rule.occasion,
            due_on=owed.period.due_on,
        )
        for kind, hours in amounts.items()
        if hours
    ]
    session.add_all(made)
    session.flush()
    return made


def titled(trainee: str, occasion: str, locale: str) -> str:
    """What hours of a rule are called: the category and the occasion."""
    who, why = taxonomy.label("trainee", trainee, locale), taxonomy.label("occasion", occasion, locale)
    return f"{who}{why}" if locale.startswith("zh") else f"{who}: {why[0].lower()}{why[1:]}"


def close(session: Session, row: Appointment, *, now: datetime) -> bool:
    """Take back what the post's end leaves unfinished and unmet; whether there was any. What is met stays."""
    rows = session.scalars(
        select(Requirement).where(Requirement.appointment_id == row.id, Requirement.withdrawn_at.is_(None))
    )
    parts = shortfall.judged(session, list(rows), {row.subject_key: now + TICK})
    left = [
        part.row for part in parts if not part.result.is_met and row.to_on is not None and part.last_on >= row.to_on
    ]
    withdraw(left, reason=LEFT, by=row.ended_by or row.appointed_by, now=now)
    return bool(left)


def withdraw(rows: Sequence[Requirement], *, reason: str, by: str, now: datetime) -> None:
    """Take rows back from `now` on. The account is locked."""
    for row in rows:
        row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = now, by, reason
