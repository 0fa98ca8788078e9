"""What holds for whatever a player tells: order of arrival, wall time, replays."""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.db import Database
from courses import errors
from courses.watch import beats, evidence
from media.base import to_ms
from tests import watching
from tests.watching import Device, stands

NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
LESSON_MS = 60_000
Told = tuple[int, tuple[tuple[int, int, int, int], ...], str]


@pytest.fixture(scope="module")
def one_session(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Session]:
    """One open transaction for all examples, each of which is rolled back to its savepoint."""
    path = tmp_path_factory.mktemp("properties") / "xueshi.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    connection = database.engine.connect().execution_options(xueshi_writes=True)
    with Session(connection, expire_on_commit=False) as session:
        watching.policy(session, now=NOW)
        yield session
        session.rollback()
    connection.close()
    database.engine.dispose()


def device(session: Session) -> Device:
    """A learner of one's own with a lesson of a minute, opened."""
    lu = watching.person(session, now=NOW)
    made = Device(session, watching.taking(session, lu, now=NOW, durations_ms=(LESSON_MS,)))
    made.open(NOW)
    return made


def at(ms: int) -> datetime:
    return NOW + timedelta(milliseconds=ms)


def tell(phone: Device, told: Told, now: datetime) -> dict[str, Any]:
    seq, rows, state = told
    return phone.tell(now, *rows, state=state, seq=seq)


numbers = st.integers(min_value=-3_000, max_value=70_000)
rows = st.tuples(numbers, numbers, numbers, numbers)
honest = st.builds(
    lambda began, length, media: (media, media + length, began, began + length),
    st.integers(0, 50_000), st.integers(1, 20_000), st.integers(0, 50_000),
)  # fmt: skip
states = st.sampled_from(["playing", "playing", "paused", "hidden", "ended"])
told_beats = st.lists(
    st.tuples(st.integers(1, 9), st.lists(honest | rows, max_size=3).map(tuple), states),
    min_size=1,
    max_size=6,
    unique_by=lambda told: told[0],
)
quietly = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@quietly
@given(told=told_beats, data=st.data())
def test_order_of_arrival_does_not_matter(one_session: Session, told: list[Told], data: st.DataObject) -> None:
    other_order = data.draw(st.permutations(told))
    first, second = device(one_session), device(one_session)
    for beat in told:
        tell(first, beat, at(65_000))
    for beat in other_order:
        tell(second, beat, at(65_000))
    one = stands(one_session, first.taking.enrolment, now=at(70_000))
    two = stands(one_session, second.taking.enrolment, now=at(70_000))
    assert one.lessons[0].covered_ms == two.lessons[0].covered_ms
    assert one.lessons[0].effective_ms == two.lessons[0].effective_ms


@quietly
@given(told=told_beats, receipts=st.lists(st.integers(0, 60_000), min_size=6, max_size=6))
def test_never_more_than_the_wall_time_of_the_playback_and_its_slack(
    one_session: Session, told: list[Told], receipts: list[int]
) -> None:
    phone = device(one_session)
    elapsed = 0
    for beat, receipt in zip(told, sorted(receipts), strict=False):
        elapsed = receipt
        answer = tell(phone, beat, at(elapsed))
        effective_ms = Fraction(answer["effective_ms"])  # text where a rate made it a fraction
        assert effective_ms <= elapsed + beats.SLACK_MS
        assert effective_ms <= LESSON_MS
    assert phone.playback is not None
    wall = [
        (one.wall_from, one.wall_to)
        for watched in evidence.of_playbacks(one_session, [phone.playback])
        for one in watched.stretches
    ]
    opened = to_ms(phone.playback.opened_at)
    assert all(opened <= a < b <= opened + elapsed + beats.SLACK_MS for a, b in wall)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(wall))


@quietly
@given(told=told_beats, other=told_beats)
def test_a_replay_changes_nothing_and_is_answered_the_same(
    one_session: Session, told: list[Told], other: list[Told]
) -> None:
    phone = device(one_session)
    answers = [tell(phone, beat, at(65_000)) for beat in told]
    before = stands(one_session, phone.taking.enrolment, now=at(70_000))
    assert [tell(phone, beat, at(66_000)) for beat in told] == answers
    spent = {beat[0]: beat for beat in told}
    for beat in other:
        if beat[0] in spent and beat != spent[beat[0]]:
            with pytest.raises(errors.Conflict, match="seq_conflict"):
                tell(phone, beat, at(66_000))
    assert stands(one_session, phone.taking.enrolment, now=at(70_000)) == before


@quietly
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 8_000), told_beats), min_size=1, max_size=4))
def test_however_devices_take_over_from_each_other_no_minute_counts_twice(
    one_session: Session, story: list[tuple[int, int, list[Told]]]
) -> None:
    lu = watching.person(one_session, now=NOW)
    devices = [
        Device(one_session, watching.taking(one_session, lu, now=NOW, durations_ms=(LESSON_MS,)))
        for _ in range(2)
    ]
    clock = 0
    for which, wait, told in story:
        devices[which].open(at(clock))
        clock += wait
        for device_ in devices:
            if device_.playback is not None:
                for beat in told:
                    try_to_tell(device_, beat, at(clock))
    counted = sum(
        stands(one_session, one.taking.enrolment, now=at(clock + 60_000)).effective_ms for one in devices
    )
    assert counted <= clock + beats.SLACK_MS


def try_to_tell(phone: Device, told: Told, now: datetime) -> None:
    with suppress(errors.Conflict):  # a number that this playback has used for something else
        tell(phone, told, now)
