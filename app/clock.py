"""The one place where the shell looks at the clock; the domain takes `now` as an argument."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import current_app


def now() -> datetime:
    """The present instant: aware, UTC, whole milliseconds. Tests set their own clock."""
    at: datetime = current_app.extensions["xueshi_clock"]()
    return whole(at)


def whole(at: datetime) -> datetime:
    """An instant without what is finer than a millisecond."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def system() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def today() -> date:
    """The day it is in the site's zone."""
    settings = current_app.extensions["xueshi_settings"]
    return now().astimezone(ZoneInfo(settings.time_zone)).date()
