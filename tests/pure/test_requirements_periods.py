"""Periods and intervals of required hours: days in, days out."""

from datetime import date

import pytest

from courses.ledger.required import periods
from courses.ledger.required.periods import Period, Spacing
from courses.ledger.required_hours import RequiredHours

JANUARY = date(2026, 1, 1)


def rule(**months: int) -> RequiredHours:
    return RequiredHours(trainee="principal", occasion="initial", risk="ordinary", source="-", mark="sourced", **months)


def test_initial_training_falls_in_the_months_of_grace() -> None:
    assert periods.initial(rule(grace_months=6), JANUARY, today=date(2026, 6, 30)) == Period(
        JANUARY, date(2026, 7, 1), date(2026, 6, 30)
    )


def test_without_a_known_limit_hours_count_for_a_year_and_no_last_day_is_named() -> None:
    assert periods.initial(rule(), JANUARY, today=JANUARY) == Period(JANUARY, date(2027, 1, 1), None)


def test_unmet_initial_training_goes_on_from_its_first_day_and_keeps_its_missed_deadline() -> None:
    found = periods.initial(rule(grace_months=6), JANUARY, today=date(2028, 7, 1), after=date(2026, 7, 1))
    assert found == Period(JANUARY, date(2029, 7, 1), date(2026, 6, 30))


@pytest.mark.parametrize(("today", "from_on"), [
    (date(2026, 12, 31), JANUARY), (date(2027, 1, 1), date(2027, 1, 1)), (date(2030, 5, 5), date(2030, 1, 1)),
])
def test_the_recurring_period_is_the_one_that_holds_today(today: date, from_on: date) -> None:
    found = periods.recurring(rule(period_months=12), JANUARY, today=today)
    assert found is not None
    assert (found.from_on, found.until_on) == (from_on, from_on.replace(year=from_on.year + 1))


def test_periods_from_a_leap_day_do_not_drift() -> None:
    found = periods.recurring(rule(period_months=12), date(2024, 2, 29), today=date(2028, 3, 1))
    assert found is not None
    assert (found.from_on, found.until_on) == (date(2028, 2, 29), date(2029, 2, 28))


def test_a_rule_of_unknown_length_makes_no_period() -> None:
    assert periods.recurring(rule(), JANUARY, today=JANUARY) is None


@pytest.mark.parametrize(("done", "today", "spacing"), [
    (date(2026, 6, 30), date(2026, 9, 1), Spacing.EARLY),
    (date(2026, 7, 1), date(2026, 9, 1), Spacing.MET),
    (date(2027, 7, 1), date(2027, 9, 1), Spacing.MET),
    (date(2027, 7, 2), date(2027, 9, 1), Spacing.LATE),
    (None, date(2027, 7, 1), Spacing.OPEN),
    (None, date(2027, 7, 2), Spacing.LATE),
])
def test_trainings_are_six_to_eighteen_months_apart(done: date | None, today: date, spacing: Spacing) -> None:
    bounds = rule(min_interval_months=6, max_interval_months=18)
    found = periods.interval(bounds, last_on=JANUARY, done_on=done, today=today)
    assert found is not None
    assert (found.spacing, found.earliest_on, found.latest_on) == (spacing, date(2026, 7, 1), date(2027, 7, 1))
    assert periods.interval(rule(), last_on=JANUARY, done_on=done, today=today) is None
