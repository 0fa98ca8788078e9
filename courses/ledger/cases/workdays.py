"""The working-day calendar: weekends by themselves, and what officers entered. Holidays are never guessed.

A day that has begun is not entered any more, so that no answer becomes late or in time afterwards.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors
from courses.ledger.cases.models import CalendarDay

DAY = timedelta(days=1)
SATURDAY = 5
NAME_LENGTH = 60


def is_working(on: date, entered: Mapping[date, bool]) -> bool:
    """Whether a day is worked: as entered, else Monday to Friday."""
    return entered.get(on, on.weekday() < SATURDAY)


def after(on: date, days: int, entered: Mapping[date, bool]) -> date:
    """The last of so many working days after a day, which is not one of them itself."""
    while days:
        on += DAY
        days -= is_working(on, entered)
    return on


def enter(
    session: Session,
    *,
    on: date,
    is_working_day: bool,
    name: str,
    entered_by: str,
    today: date,
    now: datetime,
) -> CalendarDay:
    """Enter a holiday, or a weekend day that is worked; Invalid `calendar_past` for a day that has begun."""
    if on <= today:
        raise errors.Invalid("calendar_past", "Only days to come can be entered.", field="on")
    made = CalendarDay(
        on=on,
        is_working=is_working_day,
        name=" ".join(name.split())[:NAME_LENGTH],
        entered_by=entered_by,
        entered_at=now,
    )
    session.add(made)
    session.flush()
    return made


def rows(session: Session, *, since: date) -> list[CalendarDay]:
    """What holds of the days entered from a day on, in order of days."""
    found: dict[date, CalendarDay] = {}
    for row in session.scalars(
        select(CalendarDay)
        .where(CalendarDay.on >= since)
        .order_by(CalendarDay.entered_at, CalendarDay.id)
    ):
        found[row.on] = row
    return [found[on] for on in sorted(found)]


def entered(session: Session, *, since: date) -> dict[date, bool]:
    """The days entered from a day on, and whether they are worked."""
    return {row.on: row.is_working for row in rows(session, since=since)}
