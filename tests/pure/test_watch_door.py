"""The door of a beat: what is cut from a report, by the server's own limits alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.credit.beats import Span
from courses.watch import beats, spans
from courses.watch.beats import LATE_MS, SLACK_MS, Limits

LESSON = 60_000


def at(elapsed_ms: int, *, closed_ms: int | None = None, duration_ms: int = LESSON) -> Limits:
    return beats.limits(duration_ms, elapsed_ms, closed_ms=closed_ms)


def told(*rows: tuple[int, int, int, int]) -> list[Span]:
    return [Span(*row) for row in rows]


def test_what_was_played_is_taken_whole() -> None:
    passed = beats.door(told((0, 5_000, 100, 5_100)), at(5_200))
    assert passed.kept == (Span(0, 5_000, 100, 5_100),)
    assert passed.cut_ms == 0


def test_beat_faster_than_the_clock_is_cut_at_the_slack() -> None:
    passed = beats.door(told((0, 60_000, 0, 60_000)), at(3_000))
    assert passed.kept == (Span(0, 5_000, 0, 5_000),)
    assert passed.cut_ms == 55_000


def test_a_span_wholly_in_the_future_is_cut_whole() -> None:
    passed = beats.door(told((0, 1_000, 5_000, 6_000)), at(3_000))
    assert passed == beats.Passed((), 1_000)


def test_nothing_after_the_end_of_a_playback_passes_not_even_the_slack() -> None:
    passed = beats.door(told((0, 9_000, 0, 9_000)), at(20_000, closed_ms=4_000))
    assert passed.kept == (Span(0, 4_000, 0, 4_000),)
    assert passed.cut_ms == 5_000


def test_what_was_played_more_than_fifteen_minutes_ago_is_cut() -> None:
    long = 3 * LATE_MS
    passed = beats.door(
        told((0, 60_000, 0, 60_000)), at(LATE_MS + 10_000, duration_ms=long)
    )
    assert passed.kept == (Span(10_000, 60_000, 10_000, 60_000),)
    assert passed.cut_ms == 10_000


def test_media_outside_the_lesson_is_cut_with_its_time() -> None:
    passed = beats.door(told((58_000, 64_000, 0, 6_000)), at(6_000))
    assert passed.kept == (Span(58_000, 60_000, 0, 2_000),)
    assert passed.cut_ms == 4_000
    assert beats.door(told((70_000, 76_000, 0, 6_000)), at(6_000)).kept == ()
    assert beats.door(told((-2_000, 4_000, 0, 6_000)), at(6_000)).kept == (
        Span(0, 4_000, 2_000, 6_000),
    )


def test_player_time_before_the_opening_is_cut() -> None:
    assert beats.door(told((0, 6_000, -2_000, 4_000)), at(6_000)).kept == (
        Span(2_000, 6_000, 0, 4_000),
    )


@pytest.mark.parametrize(
    ("row", "cut_ms"),
    [
        ((5_000, 5_000, 0, 5_000), 5_000),
        ((5_000, 1_000, 0, 4_000), 4_000),
        ((0, 5_000, 5_000, 5_000), 0),
        ((0, 5_000, 5_000, 1_000), 0),
    ],
)
def test_a_span_in_which_a_clock_stood_or_ran_back_is_bad(
    row: tuple[int, int, int, int], cut_ms: int
) -> None:
    assert beats.door(told(row), at(10_000)) == beats.Passed((), cut_ms)


def test_no_player_goes_faster_than_twice() -> None:
    assert beats.door(told((0, 10_000, 0, 5_000)), at(5_000)).cut_ms == 0
    assert beats.door(told((0, 60_000, 0, 5_000)), at(5_000)) == beats.Passed((), 5_000)


def test_a_thousand_tiny_spans_are_no_faster_than_one() -> None:
    tiny = [Span(8 * n, 8 * n + 8, n, n + 1) for n in range(1_000)]
    assert beats.door(tiny, at(5_000)).kept == ()


def test_a_cut_of_a_faster_span_keeps_its_rate() -> None:
    kept = beats.door(told((0, 9_000, 0, 6_000)), at(1_000)).kept
    assert kept == (Span(0, 4_500, 0, 3_000),)


def test_a_beat_before_the_opening_by_another_machines_clock_has_the_slack() -> None:
    assert at(-50).newest_ms == SLACK_MS


numbers = st.integers(min_value=-5_000, max_value=100_000)
rows = st.lists(st.builds(Span, numbers, numbers, numbers, numbers), max_size=8)


@given(rows, st.integers(min_value=0, max_value=80_000), st.none() | st.integers(0, 80_000))
def test_whatever_is_told_nothing_beyond_the_limits_passes(
    claimed: list[Span], elapsed_ms: int, closed_ms: int | None
) -> None:
    within = at(elapsed_ms, closed_ms=closed_ms)
    passed = beats.door(claimed, within)
    for span in passed.kept:
        assert spans.is_playing(span)
        assert 0 <= span.from_ms < span.to_ms <= LESSON
        assert within.oldest_ms <= span.began_ms < span.ended_ms <= within.newest_ms
    assert passed.cut_ms == spans.total_ms(claimed) - spans.total_ms(passed.kept)


@given(st.integers(1, 5_000), st.integers(1, 5_000), st.integers(-100, 6_000), st.integers(0, 6_000))
def test_cutting_by_media_never_claims_a_faster_rate(
    wall: int, media: int, low: int, length: int
) -> None:
    whole = Span(0, media, 100, 100 + wall)
    left = spans.within_media(whole, low, low + length)
    if left is not None:
        assert whole.began_ms <= left.began_ms < left.ended_ms <= whole.ended_ms
        assert (left.to_ms - left.from_ms) * wall <= media * spans.wall_ms(left)


def test_holes_leave_the_pieces_between_them() -> None:
    span = Span(0, 10_000, 0, 10_000)
    assert spans.without(span, [(1_000, 2_000), (4_000, 6_000), (9_000, None)]) == [
        Span(0, 1_000, 0, 1_000),
        Span(2_000, 4_000, 2_000, 4_000),
        Span(6_000, 9_000, 6_000, 9_000),
    ]
    assert spans.without(span, [(0, 20_000)]) == []
    assert spans.without(span, [(20_000, None)]) == [span]
