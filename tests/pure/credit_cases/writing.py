"""Small evidence, written shortly: rows with the defaults that a test does not care about.

Clock times are minutes, or milliseconds where said, after `NOON`: 2020-05-06 12:00 in Shanghai.
"""

from datetime import datetime, timedelta, timezone
from typing import Any

from courses.credit import recompute

SHANGHAI = timezone(timedelta(hours=8))
NOON = datetime(2020, 5, 6, 12, tzinfo=SHANGHAI)
MINUTE = 60_000
HOUR = 45 * MINUTE

Row = dict[str, Any]


def instant(moment: datetime) -> str:
    """As the format writes it."""
    spec = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=spec)


def at(minutes: float = 0, *, days: int = 0, ms: int = 0) -> str:
    """An instant after NOON."""
    return instant(NOON + timedelta(days=days, minutes=minutes, milliseconds=ms))


def policy(**fields: Any) -> Row:
    """The policy `P@1`, known and in force from 2000 on, with the contract's defaults."""
    return {
        "id": "P",
        "version": "1",
        "issued_at": "2000-01-01T00:00:00+08:00",
        "effective_from": "2000-01-01T00:00:00+08:00",
        "effective_to": None,
        "document": "",
        **fields,
    }


def course(*minutes: float, **fields: Any) -> Row:
    """The course `C`, first edition, without exam, its lessons `L1`, `L2`... so many minutes long."""
    lessons = [
        {"id": f"L{index}", "duration_ms": int(length * MINUTE)}
        for index, length in enumerate(minutes, 1)
    ]
    return {"id": "C", "edition": 1, "exam": "none", "lessons": lessons, **fields}


def enrolment(name: str = "E", **fields: Any) -> Row:
    """An enrolment in `C`, a day before NOON."""
    return {"id": name, "course": "C", "edition": 1, "at": at(days=-1), **fields}


def stretch(
    begun: float,
    minutes: float,
    media: float = 0,
    *,
    rate: float = 1,
    lesson: str = "L1",
    name: str = "",
    **fields: Any,
) -> Row:
    """`minutes` of wall time from `begun` on, from media minute `media` on."""
    name = name or f"{lesson}/{begun}/{media}"
    return {
        "id": name,
        "enrolment": "E",
        "lesson": lesson,
        "playback": f"p{name}",
        "wall_from": at(begun),
        "wall_to": at(begun + minutes),
        "media_from_ms": round(media * MINUTE),
        "media_to_ms": round((media + minutes * rate) * MINUTE),
        **fields,
    }


def evidence(*courses: Row, stretches: list[Row] | None = None, **fields: Any) -> Row:
    """A whole file: one default policy and the enrolment `E` unless told otherwise."""
    return {
        "format": "xueshi-evidence/1",
        "learner": "L-1",
        "as_of": "2020-12-31T00:00:00+08:00",
        "policies": [policy()],
        "courses": list(courses) or [course(45)],
        "enrolments": [enrolment()],
        "stretches": stretches or [],
        "presence": [],
        "exams": [],
        "refunds": [],
        "transfers": [],
        "offline": [],
        "requirements": [],
        **fields,
    }


def requirement(hours: str = "12", **fields: Any) -> Row:
    """A requirement of the year 2020 under `P@1`."""
    return {
        "id": "R",
        "hours": hours,
        "from": "2020-01-01T00:00:00+08:00",
        "to": "2021-01-01T00:00:00+08:00",
        "policy": "P@1",
        **fields,
    }


def first(given: Row) -> Row:
    """The statement's first enrolment."""
    found: Row = recompute.recompute(given)["enrolments"][0]
    return found


def lost(given: Row) -> dict[str, int | str]:
    """Wall milliseconds not counted in the first lesson of the first enrolment, by reason."""
    return {row["reason"]: row["wall_ms"] for row in first(given)["lessons"][0]["not_counted"]}


def entries(given: Row) -> list[tuple[str, ...]]:
    """The entries as (kind, at, hours, reason or nothing)."""
    return [
        (row["kind"], row["at"], row["hours"], *([row["reason"]] if "reason" in row else []))
        for row in recompute.recompute(given)["entries"]
    ]
