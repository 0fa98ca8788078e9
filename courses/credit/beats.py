"""From beats to stretches: the one function that live and archived evidence both go through.

A span is what the player reported: media `[from_ms, to_ms)` played while its own clock went from
`began_ms` to `ended_ms`, counted from the opening of the playback. What the door accepts is the
door's business (`watch.md`); `cut` is here so that it cuts as this module does.
Source: `credit-rules.md` 2, `watch.md` 3 and 9.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from courses.credit.evidence import Stretch


@dataclass(frozen=True, slots=True)
class Span:
    """Media `[from_ms, to_ms)` played in player time `[began_ms, ended_ms)`."""

    from_ms: int
    to_ms: int
    began_ms: int
    ended_ms: int


@dataclass(frozen=True, slots=True)
class Beat:
    """One accepted report: its number within the playback, and its accepted spans."""

    seq: int
    spans: Sequence[Span]


def stretches(
    beats: Iterable[Beat], *, playback: str, enrolment: str, lesson: str, opened_at: int
) -> list[Stretch]:
    """The stretches of one playback, in wall order, disjoint in wall time.

    `opened_at` is the server's whole millisecond since 1970 UTC. The order of `beats` is
    irrelevant: where spans overlap in player time the lower `seq` keeps its time, within one beat
    the span named first; the same `seq` told twice counts once, as first given.
    """
    return [
        Stretch(
            id=f"{playback}/{span.began_ms}",
            enrolment=enrolment,
            lesson=lesson,
            playback=playback,
            wall_from=opened_at + span.began_ms,
            wall_to=opened_at + span.ended_ms,
            media_from_ms=span.from_ms,
            media_to_ms=span.to_ms,
        )
        for span in _joined(_disjoint(beats))
    ]


def cut(span: Span, *, began_ms: int, ended_ms: int) -> Span | None:
    """The part of a span within player time `[began_ms, ended_ms)`, or None where nothing is left.

    A media edge that falls between two milliseconds is moved inwards, so a cut never adds media.
    """
    began = max(span.began_ms, began_ms)
    ended = min(span.ended_ms, ended_ms)
    if began >= ended or span.to_ms <= span.from_ms:
        return None
    if began == span.began_ms and ended == span.ended_ms:
        return span
    media, player = span.to_ms - span.from_ms, span.ended_ms - span.began_ms
    from_ms = span.from_ms - (-(began - span.began_ms) * media // player)
    to_ms = span.from_ms + (ended - span.began_ms) * media // player
    return Span(from_ms, to_ms, began, ended) if from_ms < to_ms else None


def _disjoint(beats: Iterable[Beat]) -> list[Span]:
    """Every span less what spans of a lower `seq` hold, ordered by player time."""
    told: dict[int, Beat] = {}
    for beat in beats:
        told.setdefault(beat.seq, beat)
    starts: list[int] = []  # held player time, sorted and disjoint
    ends: list[int] = []
    kept: list[Span] = []
    for seq in sorted(told):
        for span in told[seq].spans:
            if span.began_ms >= span.ended_ms:
                continue
            first = bisect_right(ends, span.began_ms)
            last = bisect_left(starts, span.ended_ms)
            begun = span.began_ms
            for start, end in zip(starts[first:last], ends[first:last], strict=True):
                _keep(kept, span, begun, start)
                begun = max(begun, end)
            _keep(kept, span, begun, span.ended_ms)
            low, high = span.began_ms, span.ended_ms
            if first < last:
                low, high = min(low, starts[first]), max(high, ends[last - 1])
            starts[first:last] = [low]
            ends[first:last] = [high]
    return sorted(kept, key=lambda span: span.began_ms)


def _keep(kept: list[Span], span: Span, began_ms: int, ended_ms: int) -> None:
    left = cut(span, began_ms=began_ms, ended_ms=ended_ms)
    if left is not None:
        kept.append(left)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Neighbours made one where player time, media position and rate go on exactly."""
    joined: list[Span] = []
    for span in spans:
        if joined and _goes_on(joined[-1], span):
            before = joined[-1]
            joined[-1] = Span(before.from_ms, span.to_ms, before.began_ms, span.ended_ms)
        else:
            joined.append(span)
    return joined


def _goes_on(before: Span, after: Span) -> bool:
    if before.ended_ms != after.began_ms or before.to_ms != after.from_ms:
        return False
    rate_before = (before.to_ms - before.from_ms) * (after.ended_ms - after.began_ms)
    return rate_before == (after.to_ms - after.from_ms) * (before.ended_ms - before.began_ms)
