"""Working days: weekends by themselves, and what officers entered."""

from datetime import date

import pytest

from courses.ledger.cases import workdays

MONDAY, FRIDAY = date(2026, 6, 1), date(2026, 6, 5)


@pytest.mark.parametrize(
    ("on", "entered", "last"),
    [
        (MONDAY, {}, date(2026, 6, 4)),
        (FRIDAY, {}, date(2026, 6, 10)),
        (date(2026, 6, 6), {}, date(2026, 6, 10)),  # filed on a Saturday
        (FRIDAY, {date(2026, 6, 8): False}, date(2026, 6, 11)),  # the Monday is a holiday
        (FRIDAY, {date(2026, 6, 6): True}, date(2026, 6, 9)),  # the Saturday is worked
        (MONDAY, {MONDAY: False}, date(2026, 6, 4)),  # the day itself is never one of them
    ],
)
def test_three_working_days_later(on: date, entered: dict[date, bool], last: date) -> None:
    assert workdays.after(on, 3, entered) == last
