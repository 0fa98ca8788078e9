"""What is out of the ordinary, told of plain values. Pure; each threshold stands with its reason.

A detector returns the figures that explain a signal, or None. It is made for honest learners not to be
found: where a machine and a careful person look alike, it says nothing. Why these numbers:
`docs/decisions/2026-11-25-signals.md`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import fmean, pstdev

from courses.watch.beats import Heard, State

Figures = dict[str, int]

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

# To a larger screen and back is two changes; twice over is four. Only a playback that was playing when it
# was cut off counts as one, so whoever puts one device down before taking another is never found.
SWITCHES = 4
SWITCHES_WITHIN_MS = HOUR_MS
STILL_PLAYING_MS = 45_000  # heard so shortly before the other took over: three beats

# A household has fewer learners; a training room has more, which is what "explained" is for.
PEOPLE_ON_A_DEVICE = 5

# Half an hour or more. The site's player comes early by a share that it draws each time, so that its beats
# spread by some 300 ms on any machine; before it did, a very quiet one could look like a program.
STEADY_BEATS = 100
STEADY_ARRIVAL_MS = 150  # lines spread what was sent evenly
STEADY_LENGTH_MS = 10

# Of the seven hours from 23:00 to 06:00: five of playing without half an hour of rest leave neither sleep
# nor a night shift's work.
NIGHT_PLAYED_MS = 5 * HOUR_MS
NIGHT_REST_MS = 30 * MINUTE_MS

# People's response times spread by a fifth to a third of their mean, and the more the longer they are
# (Wagenmakers and Brown, Psychological Review 114, 2007). Ten answers within a twelfth are a clock's.
EVEN_ANSWERS = 10
EVEN_SHARE = 12


class Kind(StrEnum):
    """What was seen."""

    CONCURRENT = "concurrent"  # two devices took turns while both were playing
    DEVICE = "device"  # one device, many people
    REGULAR = "regular"  # beats as even as a clock's
    NIGHT = "night"  # a whole night
    ANSWERS = "answers"  # answers to prompts as even as a clock's


@dataclass(frozen=True, slots=True)
class Opening:
    """A playback of a learner, in wall milliseconds; `closed_ms` None while it is open."""

    playback_id: str
    device: str
    opened_ms: int
    heard_ms: int
    closed_ms: int | None
    is_taken_over: bool


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How far beats that went on exactly strayed from whole seconds, as they arrived and by what they told."""

    arrivals_ms: list[int]
    lengths_ms: list[int]


def switches(openings: Sequence[Opening]) -> tuple[list[Opening], Figures] | None:
    """Devices that took turns: the openings of the busiest hour, in order."""
    in_order = sorted(openings, key=lambda one: (one.opened_ms, one.playback_id))
    cuts = [(before, after) for before, after in pairwise(in_order) if _is_switch(before, after)]
    best: list[tuple[Opening, Opening]] = []
    for last in range(len(cuts)):
        since = cuts[last][1].opened_ms - SWITCHES_WITHIN_MS
        hour = [cut for cut in cuts[: last + 1] if cut[1].opened_ms >= since]
        best = max(best, hour, key=len)
    if len(best) < SWITCHES:
        return None
    met = {one.playback_id: one for cut in best for one in cut}
    return list(met.values()), {
        "switches": len(best),
        "devices": len({one.device for one in met.values()}),
        "within_ms": best[-1][1].opened_ms - best[0][1].opened_ms,
    }


def _is_switch(before: Opening, after: Opening) -> bool:
    return (
        before.is_taken_over
        and before.closed_ms is not None
        and before.device != after.device
        and before.heard_ms > before.opened_ms  # it did play
        and before.closed_ms - before.heard_ms <= STILL_PLAYING_MS
    )


def crowd(people: int) -> Figures | None:
    """Many people on one device."""
    return {"people": people} if people >= PEOPLE_ON_A_DEVICE else None


def rhythm(heard: Iterable[Heard]) -> Rhythm:
    """What the beats of one playback say of its rhythm: only beats that go on where the last one ended.

    Pauses, seeks, gaps and beats kept for a lost line tell nothing about a rhythm. Whole seconds,
    because the interval is the server's to choose, and grows while a lesson merely plays on.
    """
    found = Rhythm([], [])
    for before, after in pairwise(sorted(heard, key=lambda beat: beat.seq)):
        if after.seq != before.seq + 1 or not before.state == after.state == State.PLAYING:
            continue
        if len(before.spans) != 1 or len(after.spans) != 1:
            continue
        one, other = before.spans[0], after.spans[0]
        if other.began_ms != one.ended_ms or other.from_ms != one.to_ms:
            continue
        length_ms = other.ended_ms - other.began_ms
        whole_ms = (length_ms + 500) // 1000 * 1000
        found.arrivals_ms.append(after.received_ms - before.received_ms - whole_ms)
        found.lengths_ms.append(length_ms - whole_ms)
    return found


def regular(told: Rhythm) -> Figures | None:
    """Beats as even as a clock's, both as they arrived and by what they told."""
    if len(told.arrivals_ms) < STEADY_BEATS:
        return None
    arrivals, lengths = pstdev(told.arrivals_ms), pstdev(told.lengths_ms)
    if arrivals > STEADY_ARRIVAL_MS or lengths > STEADY_LENGTH_MS:
        return None
    return {
        "beats": len(told.arrivals_ms),
        "arrival_spread_ms": round(arrivals),
        "length_spread_ms": round(lengths),
    }


def night(played: Iterable[tuple[int, int]], *, from_ms: int, to_ms: int) -> Figures | None:
    """A whole night of playing; `played` are wall times `[from, to)` of any order, overlapping or not."""
    inside = sorted(
        (max(low, from_ms), min(high, to_ms)) for low, high in played if low < to_ms and high > from_ms
    )
    if not inside:
        return None
    played_ms = rest_ms = 0
    reached = inside[0][0]
    for low, high in inside:
        rest_ms = max(rest_ms, low - reached)
        played_ms += max(0, high - max(low, reached))
        reached = max(reached, high)
    if played_ms < NIGHT_PLAYED_MS or rest_ms >= NIGHT_REST_MS:
        return None
    return {"played_ms": played_ms, "rest_ms": rest_ms}


def even(answers_ms: Sequence[int]) -> Figures | None:
    """Answers to prompts that took always the same time."""
    if len(answers_ms) < EVEN_ANSWERS:
        return None
    mean, spread = fmean(answers_ms), pstdev(answers_ms)
    if spread * EVEN_SHARE > mean:
        return None
    return {"answers": len(answers_ms), "mean_ms": round(mean), "spread_ms": round(spread)}
