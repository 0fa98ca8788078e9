"""What templates may use: filters for instants, days, hours, lengths and money, and a few names.

Times are shown in the site's zone; hours are exact fractions, shown as a mixed decimal.
"""

from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from app import access, navigation
from courses.units import Money, half_up

CURRENCY_SIGNS = {"CNY": "¥", "HKD": "HK$", "USD": "$", "EUR": "€"}


def zone() -> ZoneInfo:
    """The site's time zone."""
    return ZoneInfo(current_app.extensions["xueshi_settings"].time_zone)


def is_chinese() -> bool:
    """Whether the page is in Chinese."""
    return str(get_locale()).startswith("zh")


def day(value: date | datetime) -> str:
    """`2026-11-23`, or `2026年11月23日` in Chinese."""
    local = value.astimezone(zone()).date() if isinstance(value, datetime) else value
    return f"{local.year}年{local.month}月{local.day}日" if is_chinese() else local.isoformat()


def moment(value: datetime) -> Markup:
    """Day and minute in a `time` element that carries the exact instant."""
    local = value.astimezone(zone())
    shown = f"{day(value)} {local:%H:%M}"
    exact = local.isoformat(timespec="milliseconds")
    return Markup('<time datetime="{}">{}</time>').format(exact, shown)


def instant(value: datetime) -> Markup:
    """Day and time to the millisecond, for those who check."""
    local = value.astimezone(zone())
    shown = f"{day(value)} {local:%H:%M:%S}.{local.microsecond // 1000:03d}"
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(timespec="milliseconds"), shown)


def decimal_text(value: Fraction, places: int) -> str:
    """Half up to so many places, without needless zeros."""
    rounded = half_up(Fraction(value), places)
    whole, rest = divmod(abs(rounded.numerator) * 10**places // rounded.denominator, 10**places)
    digits = f"{rest:0{places}d}".rstrip("0") if places else ""
    return ("-" if rounded < 0 else "") + str(whole) + (f".{digits}" if digits else "")


def clock_time(value: datetime) -> str:
    """`09:30` in the site's zone."""
    return f"{value.astimezone(zone()):%H:%M}"


def hours(value: Fraction | str | int) -> Markup:
    """Hours to two places, the exact fraction in the title where they differ; never a false zero."""
    exact = Fraction(value)
    shown = decimal_text(exact, 2)
    if Fraction(shown) == 0:
        shown = str(exact)
    if Fraction(shown) == exact:
        return Markup('<span class="hours">{}</span>').format(shown)
    return Markup('<span class="hours" title="{}">{}</span>').format(str(exact), shown)


def score(value: Fraction | None) -> str:
    """A rating to one place, half up: 73/20 is 3.7."""
    if value is None:
        return "–"
    rounded = half_up(value, 1)
    tenths = rounded.numerator * 10 // rounded.denominator
    return f"{tenths // 10}.{tenths % 10}"


def percent(value: Fraction | float) -> str:
    """Floored to whole percent: 94.9 % is never shown as 95 %."""
    exact = Fraction(value)
    return f"{exact.numerator * 100 // exact.denominator}%"


def duration(ms: int | Fraction) -> str:
    """`1:02:03` or `2:05`, floored to seconds."""
    seconds = int(ms) // 1000
    head, tail = divmod(seconds, 60)
    if head < 60:
        return f"{head}:{tail:02d}"
    return f"{head // 60}:{head % 60:02d}:{tail:02d}"


def how_long(ms: int) -> str:
    """How long something takes, in words, rounded up to minutes."""
    minutes = -(-int(ms) // 60_000)
    if minutes < 60:
        return str(ngettext("%(num)d minute", "%(num)d minutes", minutes))
    return str(_("%(hours)d h %(minutes)d min", hours=minutes // 60, minutes=minutes % 60))


def money(value: Money) -> str:
    """`¥120.00`; nothing to pay is said in words."""
    if value.minor == 0:
        return str(_("Free"))
    sign = CURRENCY_SIGNS.get(value.currency, value.currency + " ")
    return f"{sign}{value.minor // 100}.{value.minor % 100:02d}"


def megabytes(size_bytes: int) -> str:
    """Size in MB, rounded up, as data plans count; in GB where it is tens of thousands of them."""
    if size_bytes >= 10_000_000_000:
        return f"{-(-size_bytes // 1_000_000_000)} GB"
    return f"{-(-size_bytes // 1_000_000)} MB"


FILTERS = (day, moment, instant, clock_time, hours, score, percent, duration, how_long, money, megabytes)


def asset_url(name: str) -> str:
    """A file under `static/`, stamped with its change so that it can be cached for good."""
    known: dict[str, str] = g.setdefault("asset_urls", {})  # a page shows dozens of icons of one file
    if name not in known:
        path = Path(current_app.static_folder or "") / name
        stamp = int(path.stat().st_mtime) if path.exists() else 0
        known[name] = url_for("static", filename=name, v=stamp)
    return known[name]


def page_url(**changes: Any) -> str:
    """This page's address with some query parameters changed; None removes one."""
    args: dict[str, Any] = request.args.to_dict(flat=False)
    args.update(changes)
    kept = {key: value for key, value in args.items() if value not in (None, "", [])}
    return url_for(request.endpoint or "home.index", **{**(request.view_args or {}), **kept})


def install(app: Flask) -> None:
    """Register filters and names."""
    for filter_ in FILTERS:
        app.jinja_env.filters[filter_.__name__] = filter_
    app.jinja_env.globals.update(
        actor=access.actor,
        may=access.may,
        Permission=access.Permission,
        asset_url=asset_url,
        page_url=page_url,
        csrf_token=generate_csrf,
        get_locale=get_locale,
        is_chinese=is_chinese,
    )
    navigation.install(app)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
