"""The door: which of a beat's spans are taken, and what its state says. Pure; nothing is believed.

Contract: `watch.md` 3, 5, 9. What is beyond a limit is cut, never refused. The clock's limits are the
server's own; overlaps are left to `courses.credit.beats`, which alone makes stretches of spans.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from courses.credit.beats import Span, cut
from courses.watch import spans
from courses.watch.spans import Interval

SLACK_MS = 2_000  # for the line (watch.md 3)
LATE_MS = 15 * 60_000  # how long after playing a beat may arrive, and how long silence may last
FASTEST = 2  # no player of ours goes faster; see docs/decisions/2026-11-23-the-door.md
RATE_TOLERANCE_PERCENT = 5
BAD_STRETCH = "bad_stretch"


class State(StrEnum):
    """What the player did when it sent."""

    PLAYING = "playing"
    PAUSED = "paused"
    HIDDEN = "hidden"
    ENDED = "ended"


AWAY = (State.PAUSED, State.HIDDEN)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server knows: player time `[oldest_ms, newest_ms)` may be told, media `[0, duration_ms)`."""

    duration_ms: int
    oldest_ms: int
    newest_ms: int


@dataclass(frozen=True, slots=True)
class Passed:
    """What the door let through, and how much player time it cut off."""

    kept: tuple[Span, ...]
    cut_ms: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A beat as stored: its spans have passed the door; `received_ms` counts from the opening."""

    seq: int
    spans: tuple[Span, ...]
    state: State
    received_ms: int


def limits(duration_ms: int, elapsed_ms: int, *, closed_ms: int | None = None) -> Limits:
    """The limits of a beat received `elapsed_ms` after the opening; nothing after `closed_ms`."""
    newest = max(0, elapsed_ms) + SLACK_MS
    return Limits(
        duration_ms=duration_ms,
        oldest_ms=max(0, elapsed_ms - LATE_MS),
        newest_ms=newest if closed_ms is None else min(newest, closed_ms),
    )


def door(told: Sequence[Span], within: Limits) -> Passed:
    """Cut every span to its limits; malformed ones and those faster than any player go whole."""
    kept: list[Span] = []
    cut_ms = 0
    for span in told:
        passed = _cut(span, within)
        cut_ms += spans.wall_ms(span) - (spans.wall_ms(passed) if passed else 0)
        if passed:
            kept.append(passed)
    return Passed(tuple(kept), cut_ms)


def _cut(span: Span, within: Limits) -> Span | None:
    if not spans.is_playing(span) or is_too_fast(span):
        return None
    inside = spans.within_media(span, 0, within.duration_ms)
    return inside and cut(inside, began_ms=within.oldest_ms, ended_ms=within.newest_ms)


def is_too_fast(span: Span) -> bool:
    """Whether it goes faster than any player of ours."""
    # Multiplied only: an absolute allowance could be had again in each of a thousand tiny spans.
    media_ms = span.to_ms - span.from_ms
    return media_ms * 100 > spans.wall_ms(span) * FASTEST * (100 + RATE_TOLERANCE_PERCENT)


def attended(heard: Sequence[Heard]) -> list[Heard]:
    """The beats in order of `seq`, their spans without the time that `away` takes out."""
    in_order = sorted(heard, key=lambda beat: beat.seq)
    holes = away(in_order)
    if not holes:
        return in_order
    return [
        Heard(
            beat.seq,
            tuple(piece for span in beat.spans for piece in spans.without(span, holes)),
            beat.state,
            beat.received_ms,
        )
        for beat in in_order
    ]


def away(in_order: Sequence[Heard]) -> list[Interval]:
    """Player time between `hidden` or `paused` and the next `playing`, ascending, for beats by `seq`.

    A beat's moment is the end of its latest span. A `playing` beat whose span begins after the player
    went away says by that gap when it came back; without a gap, it came back when it sent.
    """
    return _absence(in_order)[0]


def away_since(in_order: Sequence[Heard]) -> int | None:
    """The latest moment by which the player is known to be away, None while it is there."""
    return _absence(in_order)[1]


def _absence(in_order: Sequence[Heard]) -> tuple[list[Interval], int | None]:
    moments = _moments(in_order)
    holes: list[Interval] = []
    since: int | None = None
    last = 0
    for index, beat in enumerate(in_order):
        if since is None:
            if beat.state in AWAY:
                since = last = moments[index]
        elif beat.state is not State.PLAYING:
            last = max(last, moments[index])
        else:
            back = _came_back(in_order, index, last, moments[index])
            if back > since:
                holes.append((since, back))
            since = None
    if since is None:
        return holes, None
    return [*holes, (since, None)], last


def _moments(in_order: Sequence[Heard]) -> list[int]:
    """When each beat was sent, in player time.

    Without spans it is the receipt, unless a later beat ends before that: then the line delayed it,
    and all that is sure is that it came after the spans before it.
    """
    before: list[int] = []
    reached = 0
    for beat in in_order:
        # Nothing is sent after it was received, whatever an earlier number says later.
        before.append(min(reached, beat.received_ms + SLACK_MS))
        reached = max(reached, spans.last_end_ms(beat.spans))
    moments: list[int] = []
    earliest_after: int | None = None
    for index in range(len(in_order) - 1, -1, -1):
        beat = in_order[index]
        if beat.spans:
            moment = spans.last_end_ms(beat.spans)
            earliest_after = moment if earliest_after is None else min(earliest_after, moment)
        elif earliest_after is None or beat.received_ms <= earliest_after:
            moment = max(beat.received_ms, before[index])
        else:
            moment = before[index]
        moments.append(moment)
    return moments[::-1]


def _came_back(in_order: Sequence[Heard], index: int, last: int, moment: int) -> int:
    """When the player that went away was playing again, by the `playing` beat at `index`."""
    beat = in_order[index]
    if beat.spans:
        later = [span.began_ms for span in beat.spans if span.began_ms > last]
        return min(later) if later else moment
    later = []
    for following in in_order[index + 1 :]:
        later += [span.began_ms for span in following.spans if span.began_ms > last]
        if later or following.state in AWAY:
            break
    return min([max(moment, last), *later])
