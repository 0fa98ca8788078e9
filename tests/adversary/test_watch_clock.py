"""Attacks on the clock: more told than passed, time that never ran, time had twice."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.adversary.conftest import Attacker, S, Town
from tests.running import Client

Gained = Callable[[Attacker], int]


@pytest.fixture
def attacker(town: Town) -> Attacker:
    return town.learner()


def test_one_beat_claims_the_whole_lesson(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened(0)
        attacker.passes(3)
        attacker.client.tell(lesson, 1, (0, 60 * S, 0, 60 * S))
    gained(attacker)


def test_the_first_beat_carries_everything_in_a_blink(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened(1)
        attacker.client.tell(lesson, 1, *((n * S, (n + 1) * S, n, n + 1) for n in range(600)))
    gained(attacker)


def test_the_whole_lesson_squeezed_into_the_time_there_is(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened(0)
        attacker.passes(3)
        attacker.client.tell(lesson, 1, (0, 60 * S, 0, 3 * S))
    gained(attacker)


def test_a_duration_a_position_and_a_total_sent_by_the_client(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened(1)
        attacker.passes(5)
        body = {
            "seq": 1, "state": "ended", "spans": [{"from_ms": 0, "to_ms": 5 * S, "began_ms": 0, "ended_ms": 5 * S}],
            "duration_ms": 5 * S, "covered_ms": [[0, 600 * S]], "effective_ms": 600 * S, "position": 1.0,
            "completed": True,
        }  # fmt: skip
        assert attacker.client.tell(lesson, 1, json=body).status_code == 200
    gained(attacker)


def test_spans_beyond_the_lesson(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened(0)
        attacker.passes(100)
        attacker.client.tell(lesson, 1, (-50 * S, 100 * S, 0, 150 * S), (60 * S, 600 * S, 0, 90 * S))
    told = attacker.client.tell(lesson, 2).json()
    assert all(0 <= low < high <= 60 * S for low, high in told["covered_ms"])
    gained(attacker)


def test_spans_that_overlap_in_player_time(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(5)
        for n in range(20):
            attacker.client.tell(lesson, n + 1, (n * 5 * S, (n + 1) * 5 * S, 0, 5 * S))
    gained(attacker)


def test_overlapping_spans_in_one_beat(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(5)
        attacker.client.tell(lesson, 1, *((n * S, (n + 5) * S, n * 10, 5 * S + n * 10) for n in range(0, 500, 5)))
    gained(attacker)


def test_gaps_in_seq_filled_later_with_what_overlaps(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(10)
        attacker.client.tell(lesson, 100, (0, 10 * S, 0, 10 * S))
        for seq in range(1, 20):
            low = 10 * S * seq
            attacker.client.tell(lesson, seq, (low, low + 10 * S, 0, 10 * S))
    gained(attacker)


@pytest.mark.parametrize("percent", [102, 150, 200])
def test_steady_over_reporting(attacker: Attacker, gained: Gained, percent: int) -> None:
    """Both clocks of the player run too fast."""
    with attacker.attending():
        lesson = attacker.opened()
        for n in range(1, 9):
            attacker.passes(5)
            low, high = (n - 1) * 50 * percent, n * 50 * percent
            attacker.client.tell(lesson, n, (low, high, low, high))
    gained(attacker)


@pytest.mark.parametrize("percent", [102, 150, 200, 210])
def test_played_faster_than_it_counts(attacker: Attacker, gained: Gained, percent: int) -> None:
    """Only the media runs fast: by the rule of this district the time that passed counts."""
    with attacker.attending():
        lesson = attacker.opened()
        for n in range(1, 9):
            attacker.passes(5)
            attacker.client.tell(
                lesson, n, ((n - 1) * 50 * percent, n * 50 * percent, (n - 1) * 5 * S, n * 5 * S)
            )
    gained(attacker)


def test_thousands_of_tiny_spans(attacker: Attacker, gained: Gained) -> None:
    """Each a millisecond of player time that shows two of media, rounded as luckily as can be."""
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(3)
        for seq in range(5):
            rows = ((n * 3, n * 3 + 2, n, n + 1) for n in range(seq * 600, seq * 600 + 600))
            attacker.client.tell(lesson, seq, *rows)
    gained(attacker)


def test_the_clients_clock_set_forward_and_back(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(10)
        attacker.client.tell(lesson, 1, (0, 5 * S, 3_600 * S, 3_605 * S))
        attacker.client.tell(lesson, 2, (5 * S, 10 * S, -3_600 * S, -3_595 * S))
        attacker.client.tell(lesson, 3, (10 * S, 20 * S, 0, 10 * S))
        attacker.client.tell(lesson, 4, (20 * S, 30 * S, 9 * S, 19 * S))
    gained(attacker)


def test_hours_that_never_ran_delivered_late(attacker: Attacker, gained: Gained) -> None:
    """Silence for 14 minutes at a time, then a claim on what lies before it."""
    with attacker.attending():
        lesson = attacker.opened(2)
    for n in range(1, 4):
        attacker.passes(14 * 60)
        attacker.client.tell(lesson, n)
    answer = attacker.client.tell(lesson, 9, (0, 27 * 60 * S, 0, 27 * 60 * S))
    assert answer.status_code == 200
    assert answer.json()["effective_ms"] == 0
    gained(attacker)


@pytest.mark.parametrize("ms", [-1, 0, 1])
def test_just_at_a_quarter_of_an_hour(attacker: Attacker, gained: Gained, ms: int) -> None:
    """What is older than 15 minutes when it arrives is cut, however it is told."""
    with attacker.attending():
        lesson = attacker.opened(2)
        attacker.client.tell(lesson, 1)
        attacker.passes(900 + ms / 1000)
        attacker.client.tell(lesson, 2, (0, 60 * S, 0, 60 * S))
    gained(attacker)


def test_a_hundred_playbacks_saved_up_and_used_later(attacker: Attacker, gained: Gained) -> None:
    enrolment_id = attacker.enrolled()
    lesson_id = attacker.town.courses[0][1][2]
    with attacker.attending():
        saved = [attacker.client.open(enrolment_id, lesson_id) for _ in range(100)]
    attacker.passes(300)
    for n, device in enumerate(saved[:-1]):
        attacker.client.tell(device, 1, (n * 9 * S, (n + 1) * 9 * S, 0, 9 * S))
    gained(attacker)


def test_the_slack_is_not_had_again_with_every_playback(attacker: Attacker, gained: Gained) -> None:
    enrolment_id = attacker.enrolled()
    lesson_id = attacker.town.courses[0][1][2]
    for n in range(30):
        with attacker.attending():
            device = attacker.client.open(enrolment_id, lesson_id)
            attacker.client.tell(device, 1, (n * 2 * S, n * 2 * S + 2 * S, 0, 2 * S))
            attacker.client.close(device)
        attacker.passes(30)
    gained(attacker)


def test_ten_courses_at_once_from_ten_devices(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        devices = [attacker.opened(1, course) for course in range(10)]
        attacker.passes(20)
        told = [attacker.client.tell(device, 1, (0, 20 * S, 0, 20 * S)) for device in devices]
    assert [answer.status_code for answer in told] == [409] * 9 + [200]
    gained(attacker)


def test_two_tabs(attacker: Attacker, gained: Gained) -> None:
    """Each tab takes over from the other, again and again, and both report all the while."""
    enrolment_id = attacker.enrolled()
    lessons = attacker.town.courses[0][1]
    with attacker.attending():
        for n in range(6):
            tabs = [attacker.client.open(enrolment_id, lessons[1 + n % 2])]
            attacker.passes(5)
            tabs.append(attacker.client.open(enrolment_id, lessons[2 - n % 2]))
            attacker.passes(5)
            for tab in tabs:
                attacker.client.tell(tab, 1, (n * 10 * S, n * 10 * S + 10 * S, 0, 10 * S))
    gained(attacker)


def test_opened_on_both_servers_at_the_same_moment(town: Town, attacker: Attacker, gained: Gained) -> None:
    enrolment_id = attacker.enrolled()
    lessons = attacker.town.courses[0][1]
    opened: list[dict[str, Any]] = []

    def race(number: int) -> None:
        device = Client(town.site, attacker.client.bearer)
        opened.append(device.open(enrolment_id, lessons[1 + number % 2]))

    with attacker.attending():
        threads = [threading.Thread(target=race, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        attacker.passes(10)
        told = [attacker.client.tell(one, 1, (0, 10 * S, 0, 10 * S)).status_code for one in opened]
    assert told.count(200) == 1
    gained(attacker)


def test_one_number_races_on_both_servers(town: Town, attacker: Attacker, gained: Gained) -> None:
    """The same seq with other spans each time: one is taken, the others are conflicts."""
    statuses: list[int] = []
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(10)

        def race(number: int) -> None:
            row = (number * 10 * S, (number + 1) * 10 * S, 0, 10 * S)
            statuses.append(Client(town.site, "").tell(lesson, 1, row).status_code)

        threads = [threading.Thread(target=race, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [200] + [409] * 11
    gained(attacker)


def test_many_numbers_race_on_both_servers(town: Town, attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(10)

        def race(number: int) -> None:
            row = (number * 10 * S, (number + 1) * 10 * S, 0, 10 * S)
            Client(town.site, "").tell(lesson, number, row)

        threads = [threading.Thread(target=race, args=(n,)) for n in range(1, 13)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    gained(attacker)


def test_telling_and_closing_at_once(town: Town, attacker: Attacker, gained: Gained) -> None:
    enrolment_id = attacker.enrolled()
    lesson_id = attacker.town.courses[0][1][2]
    for turn in range(5):
        with attacker.attending():
            lesson = attacker.client.open(enrolment_id, lesson_id)
            attacker.passes(4)
            low = turn * 4 * S
            works = [
                lambda one=lesson: Client(town.site, attacker.client.bearer).close(one),
                lambda one=lesson, at=low: Client(town.site, "").tell(one, 1, (at, at + 6 * S, 0, 6 * S)),
                lambda one=lesson, at=low: Client(town.site, "").tell(one, 2, (at + 6 * S, at + 12 * S, 0, 6 * S)),
            ]
            threads = [threading.Thread(target=work) for work in works]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        attacker.passes(20)
    gained(attacker)


def test_over_midnight_and_the_days_limit(town: Town, gained: Gained) -> None:
    """A limit of an hour a day, and an attempt to have more of it by many lessons and courses."""
    attacker = town.learner("CZ-ZL")
    for course in range(2):
        with attacker.attending():
            lesson = attacker.opened(2, course)
            for n in range(1, 46):
                attacker.passes(60)
                attacker.client.tell(lesson, n, ((n - 1) * 60 * S, n * 60 * S, (n - 1) * 60 * S, n * 60 * S))
    days = len({attacker.town.site.now().date(), town.site.now().date()}) + 1  # at most one midnight between
    counted = attacker.counted_ms()
    assert counted <= 3_600 * S * days
    gained(attacker)


def test_the_slack_is_not_had_again_by_falling_silent(attacker: Attacker, gained: Gained) -> None:
    enrolment_id = attacker.enrolled()
    lesson_id = attacker.town.courses[0][1][2]
    for n in range(6):
        with attacker.attending():
            device = attacker.client.open(enrolment_id, lesson_id)
            attacker.client.tell(device, 1, (n * 2 * S, n * 2 * S + 2 * S, 0, 2 * S))
        attacker.passes(16 * 60)
    gained(attacker)
