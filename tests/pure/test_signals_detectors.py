"""What is out of the ordinary, and what honest learners do that must never be."""

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.credit.beats import Span
from courses.watch.beats import Heard, State
from courses.watch.signals import detectors
from courses.watch.signals.detectors import HOUR_MS, MINUTE_MS, Opening, Rhythm
from courses.watch.signals.marks import parted
from courses.watch.signals.seeking import night_period, week_period
from media.base import to_ms

S = 1_000
# The player as it was before it came early by chance, in a Chromium on an idle machine and in one whose
# processor was slowed six times: how much longer than whole seconds its beats were.
IDLE = (
    [-16, -16, -14, -8, -1, 0, 1, 2, 3, 7, 8, 14, 28, 241, 252, -9, -6, -3, -3, -1, -1, 5, 6, 11, 209, 241, 250, 288],
    [-1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 12, 239, 249, 0, 0, 0, 0, 0, 0, 1, 1, 2, 248, 249, 250, 250],
)
SLOWED = (
    [-4, 8, 15, 136, 227, 240, 257, 257, -45, -18, -5, 7, 7, 9, 13, 54, 80, 112, 117, 118, 170, 176, 185, 232, 278],
    [-1, 1, 3, 247, 248, 250, 251, 252, -8, -1, 0, 0, 1, 2, 2, 3, 12, 40, 80, 170, 170, 211, 215, 247, 250],
)


def opening(number: int, device: str, at_min: float, *, is_taken_over: bool = True, heard_min: float = 1) -> Opening:
    """A playback of three minutes, cut off right after a beat."""
    opened = int(at_min * MINUTE_MS)
    return Opening(f"p{number}", device, opened, opened + int(heard_min * MINUTE_MS), opened + 90 * S, is_taken_over)


def turns(*devices: str) -> list[Opening]:
    return [opening(n, device, n * 1.5) for n, device in enumerate(devices)]


def test_devices_that_take_turns_are_found_with_what_they_did() -> None:
    found = detectors.switches(turns("phone", "laptop", "phone", "laptop", "phone"))
    assert found is not None
    assert [one.playback_id for one in found[0]] == ["p0", "p1", "p2", "p3", "p4"]
    assert found[1] == {"switches": 4, "devices": 2, "within_ms": 3 * 90 * S}


def test_to_a_larger_screen_and_back_is_nothing() -> None:
    assert detectors.switches(turns("phone", "laptop", "phone", "laptop")) is None


def test_reloading_one_page_again_and_again_is_nothing() -> None:
    assert detectors.switches(turns(*["phone"] * 30)) is None


def test_whoever_stops_one_before_taking_the_other_is_not_found() -> None:
    stopped = [opening(n, "ab"[n % 2], n * 1.5, is_taken_over=False) for n in range(9)]
    assert detectors.switches(stopped) is None
    silent = [opening(n, "ab"[n % 2], n * 1.5, heard_min=0.5) for n in range(9)]
    assert detectors.switches(silent) is None


def test_turns_spread_over_a_day_are_nothing() -> None:
    assert detectors.switches([opening(n, "ab"[n % 2], n * 30) for n in range(20)]) is None


@given(st.permutations(range(5)))
def test_turns_do_not_depend_on_the_order_told(order: list[int]) -> None:
    rows = turns("a", "b", "a", "b", "a")
    assert detectors.switches([rows[n] for n in order]) == detectors.switches(rows)


@pytest.mark.parametrize(("people", "found"), [(1, None), (4, None), (5, {"people": 5}), (60, {"people": 60})])
def test_a_family_shares_a_device_and_a_crowd_asks_a_question(people: int, found: object) -> None:
    assert detectors.crowd(people) == found


def beats(rows: list[tuple[int, int]], *, state: State = State.PLAYING) -> list[Heard]:
    """Beats that go on from each other: `(length told, when received)`."""
    found, at = [], 0
    for seq, (length, received) in enumerate(rows, start=1):
        found.append(Heard(seq, (Span(at, at + length, at, at + length),), state, received))
        at += length
    return found


def script(count: int, *, seed: int, clock_ms: float) -> list[Heard]:
    """A program that sleeps and tells what its clock says."""
    drawn, told, at, rows = random.Random(seed), 0, 0.0, []
    for _beat in range(count):
        at += 15_000 + drawn.expovariate(1 / clock_ms)
        rows.append((int(at) - told, int(at) + round(drawn.gauss(20, 5))))
        told = int(at)
    return beats(rows)


def player(count: int, *, seed: int, jitter_ms: float) -> list[Heard]:
    """The site's player: looks every 250 ms, late by some jitter, and reports once its drawn interval is over."""
    drawn, rows, sent, tick = random.Random(seed), [], 0, 0
    every = 15_000.0
    while len(rows) < count:
        tick += 1
        at = int(tick * 250 + drawn.expovariate(1 / jitter_ms))
        if at - sent >= every:
            rows.append((at - sent, at + round(drawn.gauss(20, 5))))
            sent, every = at, 15_000 * (1 - drawn.random() * 0.1)
    return beats(rows)


@pytest.mark.parametrize("clock_ms", [0.01, 0.5, 1])
@pytest.mark.parametrize("seed", range(5))
def test_a_script_before_which_nobody_sits_is_found(seed: int, clock_ms: float) -> None:
    figures = detectors.regular(detectors.rhythm(script(121, seed=seed, clock_ms=clock_ms)))
    assert figures is not None
    assert figures["beats"] == 120
    assert figures["length_spread_ms"] <= detectors.STEADY_LENGTH_MS


@given(st.integers(0, 10**6), st.sampled_from([0.01, 0.2, 1, 4, 20]))
def test_a_steady_phone_is_never_found(seed: int, jitter_ms: float) -> None:
    assert detectors.regular(detectors.rhythm(player(150, seed=seed, jitter_ms=jitter_ms))) is None


@pytest.mark.parametrize("measured", [IDLE, SLOWED])
def test_a_player_of_before_as_it_was_measured_is_not_found(measured: tuple[list[int], list[int]]) -> None:
    assert detectors.regular(Rhythm(measured[0] * 5, measured[1] * 5)) is None


def test_few_beats_say_nothing() -> None:
    assert detectors.regular(detectors.rhythm(beats([(15 * S, n * 15 * S) for n in range(100)]))) is None
    assert detectors.regular(detectors.rhythm(beats([(15 * S, n * 15 * S) for n in range(101)]))) is not None


def test_an_interval_that_the_server_stretched_is_no_unevenness() -> None:
    rows = [(15 * S, n * 15 * S) for n in range(60)] + [(30 * S, 59 * 15 * S + n * 30 * S) for n in range(1, 60)]
    assert detectors.regular(detectors.rhythm(beats(rows))) is not None


def test_only_beats_that_go_on_tell_a_rhythm() -> None:
    whole = beats([(15 * S, n * 15 * S) for n in range(4)])
    assert len(detectors.rhythm(whole).arrivals_ms) == 3
    assert len(detectors.rhythm([whole[0], whole[2], whole[3]]).arrivals_ms) == 1  # a number is missing
    assert detectors.rhythm(beats([(15 * S, 0), (15 * S, 15 * S)], state=State.HIDDEN)).arrivals_ms == []
    sought = Heard(5, (Span(0, 15 * S, 60 * S, 75 * S),), State.PLAYING, 75 * S)
    assert len(detectors.rhythm([*whole, sought]).arrivals_ms) == 3
    assert detectors.rhythm(whole) == detectors.rhythm(whole[::-1])


NIGHT = (0, 7 * HOUR_MS)


def test_a_whole_night_is_found() -> None:
    played = [(n * HOUR_MS, n * HOUR_MS + 50 * MINUTE_MS) for n in range(7)]
    assert detectors.night(played, from_ms=NIGHT[0], to_ms=NIGHT[1]) == {
        "played_ms": 350 * MINUTE_MS, "rest_ms": 10 * MINUTE_MS,
    }


@pytest.mark.parametrize(
    "played",
    [
        [],
        [(0, 5 * HOUR_MS - 1)],  # to bed at four
        [(0, 3 * HOUR_MS), (3 * HOUR_MS + 30 * MINUTE_MS, 7 * HOUR_MS)],  # a rest
        [(-9 * HOUR_MS, 1 * HOUR_MS), (6 * HOUR_MS, 12 * HOUR_MS)],  # an evening and a morning
        [(0, 2 * HOUR_MS)] * 5,  # the same two hours told five times
    ],
)
def test_less_than_a_night_is_nothing(played: list[tuple[int, int]]) -> None:
    assert detectors.night(played, from_ms=NIGHT[0], to_ms=NIGHT[1]) is None


def test_a_night_and_a_week_begin_in_the_city() -> None:
    night = night_period(date(2026, 6, 2))
    assert (to_ms(night.to_at) - to_ms(night.from_at)) == 7 * HOUR_MS
    assert night.from_at.isoformat() == "2026-06-01T23:00:00+08:00"
    assert week_period(date(2026, 6, 1)).to_at.isoformat() == "2026-06-08T00:00:00+08:00"


@pytest.mark.parametrize("seed", range(20))
def test_people_answer_unevenly(seed: int) -> None:
    drawn = random.Random(seed)
    answers = [round(drawn.lognormvariate(7.6, 0.25)) for _n in range(30)]  # 2 s, a quarter of spread
    assert detectors.even(answers) is None


def test_a_program_answers_evenly() -> None:
    drawn = random.Random(1)
    answers = [round(drawn.gauss(2_000, 60)) for _n in range(12)]
    found = detectors.even(answers)
    assert found is not None
    assert found["answers"] == 12
    assert detectors.even(answers[:9]) is None
    assert detectors.even([*answers, 9_000]) is None


@pytest.mark.parametrize(
    ("device", "wanted"),
    [
        ("Android #" + "0a" * 16, ("Android", "0a" * 16)),
        ("#" + "0a" * 16, ("", "0a" * 16)),
        ("Android", ("Android", "")),
        ("curl #12", ("curl #12", "")),
        ("Android #" + "0A" * 16, ("Android #" + "0A" * 16, "")),
        ("", ("", "")),
    ],
)
def test_a_mark_is_parted_from_what_a_client_calls_itself(device: str, wanted: tuple[str, str]) -> None:
    assert parted(device) == wanted
