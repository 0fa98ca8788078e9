"""Attacks over HTTP, each with the milliseconds it gained beyond the wall time of open playbacks.

Allowed is the slack of 2 000 ms, once per learner (`watch.md` 10).
"""

from typing import Any

import pytest

from courses.watch.beats import SLACK_MS
from tests import watching
from tests.client.test_watch_api import Caller, S, World, world

__all__ = ["world"]  # the fixture



@pytest.fixture
def attacker(world: World) -> Caller:
    return world.client("lu")


def gained(world: World, attacker: Caller, open_ms: int) -> int:
    """What the statement counts in the end beyond the time in which a playback was really open."""
    world.clock.tick(minutes=30)
    stated = attacker.http.get("/api/v1/me/statement", headers=attacker.headers).json
    counted = sum(int(one["effective_ms"]) for one in stated["enrolments"])
    return counted - open_ms


def opened(world: World, attacker: Caller, lesson: int = 0) -> dict[str, Any]:
    return attacker.open(attacker.enrol(world.course_id), world.lessons[lesson])


def test_one_beat_that_claims_the_whole_lesson(world: World, attacker: Caller) -> None:
    lesson = opened(world, attacker)
    world.clock.tick(seconds=3)
    attacker.tell(lesson, 1, (0, 60 * S, 0, 60 * S))
    assert gained(world, attacker, 3 * S) <= SLACK_MS


def test_the_whole_lesson_in_the_time_of_a_blink(world: World, attacker: Caller) -> None:
    lesson = opened(world, attacker)
    world.clock.tick(seconds=3)
    attacker.tell(lesson, 1, (0, 60 * S, 0, 3 * S))
    assert gained(world, attacker, 3 * S) <= 0


@pytest.mark.parametrize("factor", [102, 150, 200])
def test_steady_over_reporting(world: World, attacker: Caller, factor: int) -> None:
    lesson = opened(world, attacker)
    for n in range(1, 6):
        world.clock.tick(seconds=5)
        low, high = (n - 1) * 50 * factor, n * 50 * factor
        attacker.tell(lesson, n, (low, high, low, high))
    assert gained(world, attacker, 25 * S) <= SLACK_MS


def test_spans_that_overlap_in_player_time(world: World, attacker: Caller) -> None:
    lesson = opened(world, attacker)
    world.clock.tick(seconds=5)
    for n in range(1, 9):
        attacker.tell(lesson, n, ((n - 1) * 5 * S, n * 5 * S, 0, 5 * S))
    assert gained(world, attacker, 5 * S) <= 0


def test_ten_devices_at_once(world: World, attacker: Caller) -> None:
    devices = [opened(world, attacker, lesson=n % 2) for n in range(10)]
    world.clock.tick(seconds=5)
    for device in devices:
        attacker.tell(device, 1, (0, 5 * S, 0, 5 * S))
    assert gained(world, attacker, 5 * S) <= 0


def test_a_hundred_playbacks_saved_up_and_used_later(world: World, attacker: Caller) -> None:
    saved = []
    for _number in range(100):
        saved.append(opened(world, attacker))
        world.clock.tick(milliseconds=10)
    world.clock.tick(minutes=5)
    for n, device in enumerate(saved):
        attacker.tell(device, 1, (n * 500, n * 500 + 2_000, 0, 2_000))
    # all but the last were open for 10 ms each; the last for five minutes, of which 2 s were told
    assert gained(world, attacker, 1_000 + 2_000) <= 0


def test_the_slack_is_not_had_again_with_every_playback(world: World, attacker: Caller) -> None:
    for n in range(20):
        device = opened(world, attacker)
        attacker.tell(device, 1, (n * 2 * S, n * 2 * S + 2 * S, 0, 2 * S))
        attacker.delete(f"/playbacks/{device['id']}")
        world.clock.tick(seconds=30)
    assert gained(world, attacker, 0) <= 0


def test_hours_that_never_ran_delivered_late(world: World, attacker: Caller) -> None:
    lesson = opened(world, attacker, lesson=1)
    world.clock.tick(minutes=14)
    attacker.tell(lesson, 1)
    world.clock.tick(minutes=14)
    answer = attacker.tell(lesson, 2, (0, 90 * S, 0, 90 * S)).json
    assert answer["effective_ms"] == 0
    assert gained(world, attacker, 28 * 60 * S) <= 0


def test_a_replayed_day(world: World, attacker: Caller) -> None:
    lesson = opened(world, attacker)
    told = []
    for n in range(1, 5):
        world.clock.tick(seconds=5)
        told.append((n, ((n - 1) * 5 * S, n * 5 * S, (n - 1) * 5 * S, n * 5 * S)))
        attacker.tell(lesson, *told[-1])
    world.clock.tick(seconds=30)
    for seq, row in told:
        attacker.tell(lesson, seq, row)
        attacker.tell(lesson, seq + 100, row)
    again = opened(world, attacker)
    world.clock.tick(seconds=20)
    for seq, row in told:
        attacker.tell(again, seq, row)
    assert gained(world, attacker, 20 * S) <= 0


def test_beats_while_hidden(world: World, attacker: Caller) -> None:
    lesson = opened(world, attacker)
    for n in range(1, 6):
        world.clock.tick(seconds=5)
        low, high = (n - 1) * 5 * S, n * 5 * S
        attacker.tell(lesson, n, (low, high, low, high), state="playing" if n == 1 else "hidden")
    # attended were the first beat, and the second up to the moment in which it told of hiding
    assert gained(world, attacker, 10 * S) <= 0


def test_seeking_ahead_where_it_is_blocked(
    world: World, attacker: Caller, database: Any
) -> None:
    world.clock.tick(seconds=1)
    with database.writing() as session:
        watching.policy(session, now=world.clock.at, seek_forward="blocked")
    world.clock.tick(seconds=1)
    lesson = opened(world, attacker)
    world.clock.tick(seconds=10)
    answer = attacker.tell(lesson, 1, (40 * S, 50 * S, 0, 10 * S)).json
    assert answer["effective_ms"] == 0
    assert answer["not_counted"] == [{"reason": "forward_seek", "wall_ms": 10 * S}]


def test_the_clients_clock_set_forward_and_back(world: World, attacker: Caller) -> None:
    lesson = opened(world, attacker)
    world.clock.tick(seconds=10)
    attacker.tell(lesson, 1, (0, 5 * S, 3_600_000, 3_605_000))
    attacker.tell(lesson, 2, (5 * S, 10 * S, -3_600_000, -3_595_000))
    assert gained(world, attacker, 0) <= 0
