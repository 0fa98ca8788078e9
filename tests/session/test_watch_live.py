"""The short way answers every beat exactly as the engine on all the evidence does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.db import Database
from courses import errors
from tests import watching
from tests.watching import Device, stands

NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
S = 1_000
RULES: list[dict[str, Any]] = [
    {},
    {"partial_credit": "per_lesson"},
    {"partial_credit": "pro_rata"},
    {"speed": "media"},
    {"speed": "reject"},
    {"seek_forward": "blocked"},
    {"completion_threshold": "1/4", "ratio": "2/3"},
]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Session]:
    path = tmp_path_factory.mktemp("live") / "xueshi.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    connection = database.engine.connect().execution_options(xueshi_writes=True)
    with Session(connection, expire_on_commit=False) as opened:
        for number, rules in enumerate(RULES):
            watching.policy(opened, now=NOW + timedelta(days=number), since=day(number).date(), **rules)
        yield opened
        opened.rollback()
    connection.close()
    database.engine.dispose()


def day(number: int) -> datetime:
    """A day on which the rule of that number is the one in force."""
    return NOW + timedelta(days=number + 1)


def pair(session: Session, at: datetime, exam: str = "none") -> tuple[Device, Device]:
    """Two learners alike, one of whom is always answered the long way."""
    made = []
    for is_quick in (True, False):
        lu = watching.person(session, now=at)
        taken = watching.taking(session, lu, now=at, durations_ms=(60_000, 20_000), exam=exam)
        made.append(Device(session, taken, is_quick=is_quick))
    return made[0], made[1]


# What a player does next: seconds until it tells, what it played of them at which speed from where.
moves = st.tuples(
    st.integers(1, 20),
    st.sampled_from(["on", "on", "on", "back", "ahead", "nothing", "claim", "overlap"]),
    st.sampled_from([1, 1, 1, 2, 1.5, 0.75, 3]),
    st.sampled_from(["playing", "playing", "playing", "playing", "paused", "hidden", "ended"]),
    st.booleans(),
)


def rows(kind: str, rate: float, media: int, began: int, clock: int) -> tuple[tuple[int, int, int, int], ...]:
    """The spans of one move that ends at `clock`, where `media` and `began` are where it was."""
    if kind == "nothing":
        return ()
    if kind == "back":
        media = max(0, media - 4_000)
    if kind == "ahead":
        media += 9_000
    if kind == "overlap":
        began = max(0, began - 1_500)
    ended = clock + (30_000 if kind == "claim" else 0)
    return ((media, media + int((ended - began) * rate), began, ended),) if ended > began else ()


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    number=st.integers(0, len(RULES) - 1),
    exam=st.sampled_from(["none", "required"]),
    story=st.lists(moves, min_size=1, max_size=9),
)
def test_both_ways_answer_alike(
    session: Session, number: int, exam: str, story: list[tuple[int, str, float, str, bool]]
) -> None:
    at = day(number)
    quick, whole = pair(session, at, exam)
    for one in (quick, whole):
        one.open(at)
    clock = media = began = 0
    for seconds, kind, rate, state, gap in story:
        if gap:
            began = clock
        clock += seconds * S
        told = rows(kind, rate, media, began, clock)
        answers = [tell(one, at + timedelta(milliseconds=clock), told, state) for one in (quick, whole)]
        assert answers[0] == answers[1]
        if told:
            media, began = min(told[-1][1], 60_000) % 60_000, told[-1][3]
    ends = at + timedelta(milliseconds=clock + 60_000)
    assert stands(session, quick.taking.enrolment, now=ends).lessons[0].covered_ms == quick_covered(quick)


def tell(one: Device, now: datetime, told: tuple[tuple[int, int, int, int], ...], state: str) -> Any:
    try:
        return one.tell(now, *told, state=state)
    except errors.Refusal as refusal:
        return refusal.code


def quick_covered(one: Device) -> Any:
    return one.answers[-1]["covered_ms"] if one.answers else []


def test_a_lesson_that_plays_on_takes_the_short_way(session: Session) -> None:
    quick, _whole = pair(session, day(0))
    quick.open(day(0))
    for number in range(1, 11):
        end = number * 4 * S
        quick.tell(day(0) + timedelta(milliseconds=end), (end - 4 * S, end, end - 4 * S, end))
    assert quick.quick == 9  # the first, of which nothing was known, took the long way


def test_a_pause_stays_on_the_short_way(session: Session) -> None:
    quick, _whole = pair(session, day(0))
    quick.open(day(0))
    quick.tell(day(0) + timedelta(seconds=4), (0, 4 * S, 0, 4 * S))
    quick.tell(day(0) + timedelta(seconds=8), (4 * S, 8 * S, 4 * S, 8 * S), state="paused")
    answer = quick.tell(day(0) + timedelta(seconds=20), (8 * S, 12 * S, 16 * S, 20 * S))
    assert quick.quick == 2
    assert answer["effective_ms"] == 12 * S


def test_a_late_beat_of_another_playback_makes_the_next_take_the_long_way(session: Session) -> None:
    quick, _whole = pair(session, day(0))
    other = Device(session, quick.taking)
    other.open(day(0))
    quick.open(day(0) + timedelta(seconds=5))
    quick.tell(day(0) + timedelta(seconds=9), (10 * S, 14 * S, 0, 4 * S))
    other.tell(day(0) + timedelta(seconds=10), (0, 5 * S, 0, 5 * S))
    answer = quick.tell(day(0) + timedelta(seconds=12), (14 * S, 17 * S, 4 * S, 7 * S))
    assert quick.quick == 0
    assert answer["covered_ms"] == [[0, 5 * S], [10 * S, 17 * S]]
