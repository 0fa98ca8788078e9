"""The short way to a beat's answer: what is known of a lesson while it plays on evenly. Pure.

A playback keeps, beside its row, how its lesson stood after the last beat. A beat that merely goes on
(later number, later player time, nobody away, no gate, cap or gap in between) changes that by simple
sums; every other beat takes the long way, through the engine on all the evidence, and leaves a fresh
`Live`. Both give the same numbers (tests/session/test_watch_live.py). Hours never come from here.
"""

from dataclasses import dataclass
from fractions import Fraction

import msgspec

from courses.credit import exact
from courses.credit.beats import Span
from courses.credit.exact import Exact
from courses.watch import spans
from courses.watch.beats import AWAY, LATE_MS, Heard, State

FRESH_MS = 3_600_000  # what changes the rules forgets every `Live`; this is for what nobody thought of
STEADY = 8  # so many beats that played on without a gap, and the next ones may be rarer

Number = int | str  # whole, or fraction text where a rate made it one


class Live(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a lesson stands. Times are player time unless they are named otherwise."""

    opened_ms: int  # since the epoch
    duration_ms: int
    covered: list[tuple[int, int]]  # ascending, disjoint
    effective: Number
    provisional: str
    hours_per_ms: str | None  # what an effective ms adds to `provisional`; None: nothing
    left_ms: int | None  # so much may be covered before a gate may open; None: no gate matters
    day_left: Number | None  # effective time that the day's cap still lets count; None: no cap
    last_seq: int
    reached_ms: int  # the latest end of any span told
    position_ms: int | None  # where in the lesson that span ended
    heard_ms: int  # receipt of the newest beat
    away_ms: int | None  # since when nobody is there, None while somebody is
    vague_ms: int  # the latest receipt of a beat without spans, whose own moment is not certain
    moment_ms: int | None  # the latest sign of life (credit-rules.md 5.38), None before the first
    gap_ms: int | None  # how far apart signs of life may be
    seen_before: Number  # wall ms told as `seen_before` since the long way was taken
    capped: Number  # the same as `daily_cap`
    full_ms: int  # when the long way was taken
    speed: str
    fastest: str  # the rate that a policy of `reject` still counts
    is_blocked: bool
    from_ms: int  # the rules above hold for player time in [from_ms, until_ms)
    until_ms: int | None
    due_ms: int | None  # when a presence prompt falls due, None without prompts
    beat_every_ms: int
    rarely_ms: int  # how often a player reports that has played on for long
    steady: int  # beats since playing was last interrupted

    @property
    def told_every_ms(self) -> int:
        """How often the player is to report from now on."""
        return self.beat_every_ms if self.steady < STEADY else self.rarely_ms


@dataclass(frozen=True, slots=True)
class Step:
    """How the lesson stands after a beat, and what of the beat did not count (wall ms)."""

    live: Live
    seen_before_ms: Exact
    capped_ms: Exact


def goes_on(live: Live, heard: Heard) -> bool:
    """Whether a beat, whose spans have passed the door, merely goes on."""
    told, state = heard.spans, heard.state
    if heard.seq <= live.last_seq or not _is_in_time(live, heard.received_ms):
        return False
    if _is_gap(live, spans.last_end_ms(told) if told else heard.received_ms):
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


def _is_in_time(live: Live, now_ms: int) -> bool:
    """Neither silent for too long, nor before what was heard, nor due for a closer look."""
    if not 0 <= now_ms - live.heard_ms <= LATE_MS or now_ms - live.full_ms > FRESH_MS:
        return False
    return live.due_ms is None or now_ms < live.due_ms


def _is_gap(live: Live, moment_ms: int) -> bool:
    """Whether so much lies between the last sign of life and this one that time in between is void."""
    if live.gap_ms is None or live.moment_ms is None:
        return False
    return not 0 <= moment_ms - live.moment_ms <= live.gap_ms


def step(live: Live, heard: Heard) -> Step | None:
    """The lesson after a beat that `goes_on`; None where the long way must be taken after all."""
    told, now_ms = heard.spans, heard.received_ms
    sums = _Sums(live)
    if not all(sums.add(span) for span in told):
        return None
    after = msgspec.structs.replace(
        live,
        covered=sums.covered,
        effective=exact.plain(sums.effective),
        provisional=live.provisional if live.hours_per_ms is None else sums.provisional(),
        left_ms=sums.left_ms,
        day_left=None if sums.day_left is None else exact.plain(sums.day_left),
        last_seq=heard.seq,
        reached_ms=max(live.reached_ms, spans.last_end_ms(told)),
        position_ms=told[-1].to_ms if told else live.position_ms,
        heard_ms=now_ms,
        away_ms=told[-1].ended_ms if heard.state in AWAY and told else None,
        vague_ms=live.vague_ms if told else max(live.vague_ms, now_ms),
        moment_ms=told[-1].ended_ms if told else now_ms,
        seen_before=exact.plain(number(live.seen_before) + sums.seen_before),
        capped=exact.plain(number(live.capped) + sums.capped),
        steady=live.steady + 1 if _is_steady(live, heard) else 0,
    )
    return Step(after, sums.seen_before, sums.capped)


def _is_steady(live: Live, heard: Heard) -> bool:
    """Whether the picture simply ran on: one span, exactly where the last one ended."""
    if heard.state is not State.PLAYING or len(heard.spans) != 1:
        return False
    (span,) = heard.spans
    return span.began_ms == live.reached_ms and span.from_ms == live.position_ms


class _Sums:
    """What spans add up to, one after the other."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.covered = list(live.covered)
        self.effective = number(live.effective)
        self.day_left = None if live.day_left is None else number(live.day_left)
        self.left_ms = live.left_ms
        self.seen_before: Exact = 0
        self.capped: Exact = 0

    def add(self, span: Span) -> bool:
        """Add one span; False where only the engine can tell what it is worth."""
        live = self.live
        media_ms, wall_ms = span.to_ms - span.from_ms, span.ended_ms - span.began_ms
        if live.is_blocked and span.from_ms > (self.covered[-1][1] if self.covered else 0):
            return False
        if live.speed == "reject" and media_ms > wall_ms * Fraction(live.fastest):
            return False
        covered, new_ms = _covered(self.covered, span.from_ms, span.to_ms)
        new_wall_ms = exact.quotient(new_ms * wall_ms, media_ms)
        self.seen_before += wall_ms - new_wall_ms
        gained = new_ms if live.speed == "media" else min(new_wall_ms, new_ms)
        if self.day_left == 0:
            self.capped += new_wall_ms
            return True
        if self.day_left is not None:
            self.day_left -= gained
        self.covered = covered
        self.effective += gained
        if self.left_ms is not None:
            self.left_ms -= new_ms
        return (self.left_ms is None or self.left_ms > 0) and (self.day_left is None or self.day_left >= 0)

    def provisional(self) -> str:
        """Hours that wait behind a gate, with what these spans added."""
        gained = self.effective - number(self.live.effective)
        per_ms = Fraction(self.live.hours_per_ms or 0)
        return exact.text(Fraction(self.live.provisional) + gained * per_ms)


def number(written: Number) -> Exact:
    """A number as it is reckoned with."""
    return written if isinstance(written, int) else Fraction(written)


def _covered(covered: list[tuple[int, int]], low: int, high: int) -> tuple[list[tuple[int, int]], int]:
    """What is covered with `[low, high)` added, and how much of that is new."""
    if covered and low == covered[-1][1]:  # playing on where it was
        return [*covered[:-1], (covered[-1][0], high)], high - low
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
    return sorted(kept), new_ms
