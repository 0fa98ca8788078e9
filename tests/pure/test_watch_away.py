"""Player time between `hidden` or `paused` and the next `playing` earns nothing (`watch.md` 9)."""

from courses.credit.beats import Span
from courses.watch import beats, spans
from courses.watch.beats import Heard, State

PLAYING, PAUSED, HIDDEN, ENDED = State.PLAYING, State.PAUSED, State.HIDDEN, State.ENDED


def beat(seq: int, state: State, *played: tuple[int, int], received: int | None = None) -> Heard:
    """A beat at rate 1 with media = player time."""
    rows = tuple(Span(a, b, a, b) for a, b in played)
    return Heard(seq, rows, state, received if received is not None else spans.last_end_ms(rows))


def counted(*told: Heard) -> list[tuple[int, int]]:
    left = [(s.began_ms, s.ended_ms) for h in beats.attended(told) for s in h.spans]
    return sorted(left)


def test_playing_beats_count_whole() -> None:
    assert counted(beat(1, PLAYING, (0, 5)), beat(2, PLAYING, (5, 9))) == [(0, 5), (5, 9)]


def test_what_led_up_to_hiding_counts_and_nothing_after_it() -> None:
    assert counted(
        beat(1, PLAYING, (0, 3_000)),
        beat(2, HIDDEN, (3_000, 4_000)),
        beat(3, HIDDEN, (4_000, 9_000)),
        beat(4, HIDDEN, (9_000, 12_000)),
    ) == [(0, 3_000), (3_000, 4_000)]


def test_the_beat_that_says_playing_again_does_not_count_what_ran_on_while_hidden() -> None:
    assert counted(
        beat(1, HIDDEN, (0, 3_000)),
        beat(2, PLAYING, (3_000, 9_000)),
        beat(3, PLAYING, (9_000, 12_000)),
    ) == [(0, 3_000), (9_000, 12_000)]


def test_a_span_that_begins_after_a_pause_says_when_it_went_on() -> None:
    assert counted(
        beat(1, PAUSED, (0, 3_000)),
        beat(2, PLAYING, (5_000, 8_000)),
    ) == [(0, 3_000), (5_000, 8_000)]


def test_a_playing_beat_without_spans_ends_the_time_away_when_it_is_received() -> None:
    assert counted(
        beat(1, HIDDEN, (0, 3_000)),
        beat(2, PLAYING, received=6_000),
        beat(3, PLAYING, (3_000, 9_000)),
    ) == [(0, 3_000), (6_000, 9_000)]


def test_a_playing_beat_received_late_does_not_cost_what_began_before_it() -> None:
    assert counted(
        beat(1, PAUSED, (0, 3_000)),
        beat(2, PLAYING, received=5_040),
        beat(3, PLAYING, (5_000, 9_000)),
    ) == [(0, 3_000), (5_000, 9_000)]


def test_a_hidden_beat_without_spans_is_dated_by_its_receipt() -> None:
    assert counted(
        beat(1, PLAYING, (0, 3_000)),
        beat(2, HIDDEN, received=4_500),
        beat(3, HIDDEN, (3_000, 9_000)),
    ) == [(0, 3_000), (3_000, 4_500)]


def test_a_delayed_hidden_beat_counts_from_the_last_span_before_it() -> None:
    assert counted(
        beat(1, PLAYING, (0, 3_000), received=9_000),
        beat(2, HIDDEN, received=9_000),
        beat(3, HIDDEN, (3_000, 6_000), received=9_000),
        beat(4, PLAYING, (6_000, 9_000), received=9_000),
    ) == [(0, 3_000)]


def test_hidden_then_ended_is_still_away() -> None:
    assert counted(beat(1, HIDDEN, (0, 3_000)), beat(2, ENDED, (3_000, 6_000))) == [(0, 3_000)]


def test_ended_alone_takes_nothing_away() -> None:
    assert counted(beat(1, ENDED, (0, 3_000)), beat(2, PLAYING, (4_000, 6_000))) == [
        (0, 3_000),
        (4_000, 6_000),
    ]


def test_order_of_arrival_does_not_matter() -> None:
    told = [
        beat(1, PLAYING, (0, 3_000)),
        beat(2, HIDDEN, (3_000, 4_000)),
        beat(3, HIDDEN, (4_000, 7_000)),
        beat(4, PLAYING, (9_000, 12_000)),
    ]
    assert counted(*told) == counted(*reversed(told))
