"""From beats to stretches: order of arrival is nothing, the lower `seq` keeps its time."""

from itertools import permutations

from courses.credit import beats
from courses.credit.beats import Beat, Span

OPENED = 1_588_762_800_000


def made(*given: Beat) -> list[tuple[str, int, int, int, int]]:
    return [
        (s.id, s.wall_from - OPENED, s.wall_to - OPENED, s.media_from_ms, s.media_to_ms)
        for s in beats.stretches(given, playback="P", enrolment="E", lesson="L", opened_at=OPENED)
    ]


def test_spans_that_go_on_exactly_are_one_stretch() -> None:
    assert made(
        Beat(1, [Span(0, 15_000, 500, 15_500)]), Beat(2, [Span(15_000, 30_000, 15_500, 30_500)])
    ) == [("P/500", 500, 30_500, 0, 30_000)]


def test_a_jump_in_the_media_begins_a_new_stretch() -> None:
    assert [
        row[0]
        for row in made(
            Beat(1, [Span(0, 15_000, 0, 15_000)]), Beat(2, [Span(16_000, 31_000, 15_000, 30_000)])
        )
    ] == ["P/0", "P/15000"]


def test_a_pause_begins_a_new_stretch() -> None:
    assert len(made(Beat(1, [Span(0, 100, 0, 100), Span(100, 200, 101, 201)]))) == 2


def test_a_change_of_rate_begins_a_new_stretch() -> None:
    assert len(made(Beat(1, [Span(0, 100, 0, 100), Span(100, 300, 100, 200)]))) == 2


def test_the_lower_seq_keeps_its_time_whatever_arrived_first() -> None:
    given = [
        Beat(3, [Span(0, 10_000, 5_000, 15_000)]),
        Beat(1, [Span(50_000, 60_000, 0, 10_000)]),
        Beat(2, [Span(90_000, 99_000, 12_000, 21_000)]),
    ]
    expected = [
        ("P/0", 0, 10_000, 50_000, 60_000),
        ("P/10000", 10_000, 12_000, 5_000, 7_000),
        ("P/12000", 12_000, 21_000, 90_000, 99_000),
    ]
    assert all(made(*order) == expected for order in permutations(given))


def test_a_span_around_a_held_one_keeps_both_its_sides() -> None:
    assert made(Beat(1, [Span(0, 10, 40, 50)]), Beat(2, [Span(100, 200, 0, 100)])) == [
        ("P/0", 0, 40, 100, 140),
        ("P/40", 40, 50, 0, 10),
        ("P/50", 50, 100, 150, 200),
    ]


def test_the_same_seq_told_twice_counts_once() -> None:
    beat = Beat(1, [Span(0, 100, 0, 100)])
    assert made(beat, beat) == [("P/0", 0, 100, 0, 100)]


def test_within_one_beat_the_span_named_first_keeps_its_time() -> None:
    assert made(Beat(1, [Span(50, 150, 50, 150), Span(0, 100, 0, 100)])) == [
        ("P/0", 0, 150, 0, 150),
    ]


def test_a_cut_between_two_milliseconds_of_media_adds_none() -> None:
    assert beats.cut(Span(0, 15, 0, 10), began_ms=1, ended_ms=9) == Span(2, 13, 1, 9)
    assert beats.cut(Span(0, 15, 0, 10), began_ms=10, ended_ms=12) is None
    assert beats.cut(Span(0, 1, 0, 10), began_ms=0, ended_ms=9) is None
