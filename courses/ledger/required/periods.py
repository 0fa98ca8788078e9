"""Which period of a rule somebody in a post is in. Pure: a rule and days in, days out.

Initial training falls in the rule's months of grace from the first day in the post; yearly periods follow
it without a gap. Two decisions are ours and shown as such: `WINDOW_MONTHS`, and that initial training
which is not met goes on, a year at a time, with its first day and its missed deadline.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from courses.credit.instants import later_by_months
from courses.ledger.required_hours import RequiredHours

WINDOW_MONTHS = 12  # in which initial hours are counted where no rule known to us says until when
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Days in which hours count, `until_on` not included; `due_on` is the last day allowed, None: not known."""

    from_on: date
    until_on: date
    due_on: date | None


class Spacing(StrEnum):
    """How the time between two trainings stands to the rule's shortest and longest interval."""

    MET = "met"
    EARLY = "early"  # too early after the one before
    LATE = "late"  # too late, or not done though the longest interval is over
    OPEN = "open"  # not done, and there is time


@dataclass(frozen=True, slots=True)
class Interval:
    """From one training to the next; None where the rule knows no bound, or nothing is done yet."""

    last_on: date
    earliest_on: date | None
    latest_on: date | None
    done_on: date | None
    spacing: Spacing


def initial(rule: RequiredHours, from_on: date, *, today: date, after: date | None = None) -> Period:
    """The initial period that holds today. `after`: where an earlier one ended unmet, which this one goes on from."""
    months = rule.grace_months
    first = later_by_months(from_on, months or WINDOW_MONTHS)
    until_on = after or first
    steps = 0
    while until_on <= today:
        steps += 1
        until_on = later_by_months(after or first, steps * WINDOW_MONTHS)
    return Period(from_on, until_on, first - DAY if months else None)


def recurring(rule: RequiredHours, from_on: date, *, today: date) -> Period | None:
    """The period of a rule that repeats from a day on which holds today; None where its length is not known."""
    months = rule.period_months
    if months is None:
        return None
    steps = 1
    while later_by_months(from_on, steps * months) <= today:
        steps += 1
    until_on = later_by_months(from_on, steps * months)
    return Period(later_by_months(from_on, (steps - 1) * months), until_on, until_on - DAY)


def interval(rule: RequiredHours, *, last_on: date, done_on: date | None, today: date) -> Interval | None:
    """How a training stands to the one before it; None where the rule bounds no interval."""
    shortest, longest = rule.min_interval_months, rule.max_interval_months
    if shortest is None and longest is None:
        return None
    earliest = None if shortest is None else later_by_months(last_on, shortest)
    latest = None if longest is None else later_by_months(last_on, longest)
    if latest is not None and (done_on or today) > latest:
        spacing = Spacing.LATE
    elif done_on is None:
        spacing = Spacing.OPEN
    elif earliest is not None and done_on < earliest:
        spacing = Spacing.EARLY
    else:
        spacing = Spacing.MET
    return Interval(last_on, earliest, latest, done_on, spacing)
