"""The short way to a beat's answer: what is known of a lesson while it plays on evenly. Pure.

A playback keeps, beside its row, how its lesson stood after the last beat. A beat that merely goes on
(later number, later player time, nobody away, no gate about to open) changes that by simple sums; every
other beat takes the long way, through the engine on all the evidence, and leaves a fresh `Live`. Both
give the same numbers (tests/session/test_watch_live.py). Only answers come from here: hours never do.
"""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from courses.credit.beats import Span
from courses.watch import spans
from courses.watch.beats import AWAY, State

FRESH_MS = 10 * 60_000  # after which the long way is taken again: a rule or a course may have changed
NONE_LEFT = -1


class Live(msgspec.Struct, frozen=True):
    """How a lesson stands. Times are player time unless they are named otherwise."""

    covered: list[tuple[int, int]]  # ascending, disjoint
    effective: str
    provisional: str
    left_ms: int  # so much may be covered before a gate may open; NONE_LEFT: no gate matters
    last_seq: int
    reached_ms: int  # the latest end of any span told
    away_ms: int | None  # since when nobody is there, None while somebody is
    vague_ms: int  # the latest receipt of a beat without spans, whose own moment is not certain
    seen_before: str  # wall ms told as `seen_before` since the long way was taken
    full_ms: int  # when the long way was taken
    speed: str
    fastest: str  # the rate that a policy of `reject` still counts
    is_blocked: bool
    from_ms: int  # the rules above hold for player time in [from_ms, until_ms)
    until_ms: int | None


class Step(msgspec.Struct, frozen=True):
    """How the lesson stands after a beat, and what of the beat was seen before (wall ms)."""

    live: Live
    seen_before_ms: Fraction


def goes_on(live: Live, *, seq: int, told: Sequence[Span], state: State, now_ms: int) -> bool:
    """Whether a beat, whose spans have passed the door, merely goes on."""
    if seq <= live.last_seq or now_ms - live.full_ms > FRESH_MS:
        return False
    if not told:
        return live.away_ms is None and state not in AWAY
    if live.away_ms is not None and (state is not State.PLAYING or told[0].began_ms <= live.away_ms):
        return False
    at = max(live.reached_ms, live.vague_ms, live.from_ms)
    for span in told:
        if span.began_ms < at:
            return False
        at = span.ended_ms
    return live.until_ms is None or at <= live.until_ms


def step(
    live: Live, *, seq: int, told: Sequence[Span], state: State, now_ms: int
) -> Step | None:
    """The lesson after a beat that `goes_on`; None where the long way must be taken after all."""
    covered = list(live.covered)
    effective = Fraction(live.effective)
    seen_before = Fraction(0)
    left_ms = live.left_ms
    for span in told:
        if live.is_blocked and span.from_ms > max((high for _low, high in covered), default=0):
            return None
        pace = Fraction(span.ended_ms - span.began_ms, span.to_ms - span.from_ms)  # wall per media
        if live.speed == "reject" and pace * Fraction(live.fastest) < 1:
            return None
        new_ms = _cover(covered, span.from_ms, span.to_ms)
        effective += new_ms * (1 if live.speed == "media" else min(pace, Fraction(1)))
        seen_before += (span.to_ms - span.from_ms - new_ms) * pace
        if left_ms != NONE_LEFT:
            left_ms -= new_ms
            if left_ms <= 0:
                return None
    return Step(
        msgspec.structs.replace(
            live,
            covered=covered,
            effective=str(effective),
            left_ms=left_ms,
            last_seq=seq,
            reached_ms=max(live.reached_ms, spans.last_end_ms(told)),
            away_ms=told[-1].ended_ms if state in AWAY and told else None,
            vague_ms=live.vague_ms if told else max(live.vague_ms, now_ms),
            seen_before=str(Fraction(live.seen_before) + seen_before) if seen_before else live.seen_before,
        ),
        seen_before,
    )


def _cover(covered: list[tuple[int, int]], low: int, high: int) -> int:
    """Add `[low, high)` to what is covered, in place; how much of it is new."""
    kept: list[tuple[int, int]] = []
    new_ms = high - low
    joined = (low, high)
    for one in covered:
        if one[1] < low or one[0] > high:
            kept.append(one)
            continue
        new_ms -= max(0, min(one[1], high) - max(one[0], low))
        joined = (min(one[0], joined[0]), max(one[1], joined[1]))
    kept.append(joined)
    covered[:] = sorted(kept)
    return new_ms
