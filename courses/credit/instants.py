"""Instants as whole milliseconds since 1970 UTC, and the days of one time zone.

`Asia/Shanghai` is always +08:00, on every machine and for every year: the summer time of
1986-1991 lies before the platform and zone data may be missing. Other IANA names need zone data.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from courses.credit.exact import Exact, floor

DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DAY = date.max.toordinal() - _EPOCH_DAY
_FIRST_DAY = date.min.toordinal() - _EPOCH_DAY
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,3}))?)?"
    r"(Z|[+-][0-9]{2}(?::[0-9]{2})?)"
)
_OFFSET = re.compile(r"([+-])([0-9]{2})(?::([0-9]{2}))?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIXED = {"Asia/Shanghai": "+08:00", "UTC": "+00:00"}


class Zone(Protocol):
    """What the pipeline asks of a time zone. Days are counted from 1970-01-01, local."""

    def offset_ms(self, at: int) -> int:
        """Local time minus UTC at an instant."""

    def day_of(self, at: Exact) -> int:
        """The day that holds an instant."""

    def day_start(self, day: int) -> int:
        """The first instant of a day."""


class FixedZone:
    """A zone that never moves."""

    def __init__(self, offset_ms: int) -> None:
        self._offset_ms = offset_ms

    def offset_ms(self, at: int) -> int:
        """The same at every instant."""
        return self._offset_ms

    def day_of(self, at: Exact) -> int:
        """The day that holds an instant."""
        return floor(at + self._offset_ms) // DAY_MS

    def day_start(self, day: int) -> int:
        """The first instant of a day."""
        return day * DAY_MS - self._offset_ms


class NamedZone:
    """A zone of the IANA data, whose days may last 23 or 25 hours."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._starts: dict[int, int] = {}

    def offset_ms(self, at: int) -> int:
        """Local time minus UTC; beyond the years 2 to 9998 that of the nearest of them."""
        day = min(max(at // DAY_MS, _FIRST_DAY + 366), _LAST_DAY - 366)
        moment = _EPOCH + timedelta(days=day, milliseconds=at % DAY_MS)
        return _ms(moment.astimezone(self._zone).utcoffset())

    def day_of(self, at: Exact) -> int:
        """The day that holds an instant."""
        at = floor(at)
        day = (at + self.offset_ms(at)) // DAY_MS
        while at < self.day_start(day):
            day -= 1
        while at >= self.day_start(day + 1):
            day += 1
        return day

    def day_start(self, day: int) -> int:
        """The first instant of a day: where midnight is skipped, the instant of the skip."""
        if day not in self._starts:
            known = min(max(day, _FIRST_DAY + 366), _LAST_DAY - 366)
            midnight = datetime.combine(
                date.fromordinal(known + _EPOCH_DAY), time(), tzinfo=self._zone
            )
            self._starts[day] = day * DAY_MS - _ms(midnight.utcoffset())
        return self._starts[day]


def zone(name: str) -> Zone:
    """The zone of an IANA name or a fixed offset; raises `ValueError` where it is unknown."""
    name = _FIXED.get(name, name)
    if _OFFSET.fullmatch(name) and len(name) == len("+08:00"):
        return FixedZone(_offset_ms(name))
    try:
        return NamedZone(ZoneInfo(name))
    except Exception as error:  # the data's loader raises KeyError, ValueError, OSError and others
        raise ValueError("is not a known time zone") from error


def parse(text: str) -> int:
    """An ISO 8601 instant with offset, to the millisecond at most; `ValueError` otherwise."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise ValueError("is not an instant like 2020-05-06T19:00:00+08:00")
    day, hour, minute, second, part, offset = found.groups()
    hours, minutes, seconds = int(hour), int(minute), int(second or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError("is not a time of day")
    clock_ms = ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((part or "").ljust(3, "0"))
    return _day_number(day) * DAY_MS + clock_ms - _offset_ms(offset)


def parse_day(text: str) -> date:
    """A date `YYYY-MM-DD`; `ValueError` otherwise."""
    if _DAY.fullmatch(text) is None:
        raise ValueError("is not a date like 2020-05-06")
    return date.fromordinal(_day_number(text) + _EPOCH_DAY)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_DAY


def from_datetime(moment: datetime) -> int:
    """An aware `datetime` of whole milliseconds; what is finer is refused with `ValueError`."""
    if moment.utcoffset() is None or moment.microsecond % 1000:
        raise ValueError("an instant is aware and of whole milliseconds")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def to_datetime(at: int) -> datetime:
    """The aware UTC `datetime` of an instant."""
    return _EPOCH + timedelta(milliseconds=at)


def text(at: int, zone: Zone) -> str:
    """`YYYY-MM-DDTHH:MM:SS[.mmm]` with the zone's offset."""
    offset_ms = zone.offset_ms(at)
    day, clock_ms = divmod(at + offset_ms, DAY_MS)
    seconds, ms = divmod(clock_ms, 1000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{_day_text(day)}T{clock}{f'.{ms:03}' if ms else ''}{_offset_text(offset_ms)}"


def later_by_months(day: date, months: int) -> date:
    """The same day of the month, or the month's last; never beyond the calendar's end."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        return date.max
    following = date.max if (year, month) == (date.max.year, 11) else None
    last = following or date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)
    return date(year, month + 1, min(day.day, last.day))


@lru_cache(maxsize=4096)
def _day_number(text: str) -> int:
    try:
        return date.fromisoformat(text).toordinal() - _EPOCH_DAY
    except ValueError:
        raise ValueError("is not a day of the calendar") from None


@lru_cache(maxsize=256)
def _offset_ms(text: str) -> int:
    found = _OFFSET.fullmatch(text)
    if found is None:  # "Z"
        return 0
    sign, hour, minute = found.groups()
    hours, minutes = int(hour), int(minute or 0)
    if hours > 23 or minutes > 59:
        raise ValueError("has an offset that no clock shows")
    return (hours * 60 + minutes) * 60_000 * (-1 if sign == "-" else 1)


def _offset_text(offset_ms: int) -> str:
    sign = "-" if offset_ms < 0 else "+"
    minutes, seconds = divmod(abs(offset_ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def _day_text(day: int) -> str:
    """A date, also for the days before year 1 and after 9999 that two offsets can reach."""
    if day < _FIRST_DAY:
        return f"0000-12-{32 - (_FIRST_DAY - day)}"
    if day > _LAST_DAY:
        return f"10000-01-{day - _LAST_DAY:02}"
    return date.fromordinal(day + _EPOCH_DAY).isoformat()


def _ms(offset: timedelta | None) -> int:
    return 0 if offset is None else offset // timedelta(milliseconds=1)
