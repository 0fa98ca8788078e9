"""Arithmetic of spans: media `[from_ms, to_ms)` played evenly in player time `[began_ms, ended_ms)`.

Pure. The value and its cut by player time are the credit engine's own, so that the door cuts exactly as
stretches are made. Cutting rounds media inwards: a cut span never claims more than the uncut one did.
"""

from collections.abc import Iterable, Sequence

from courses.credit.beats import Span, cut

Interval = tuple[int, int | None]  # half-open, in player time; None: without end


def of_rows(rows: Iterable[Sequence[int]]) -> tuple[Span, ...]:
    """Spans from their stored rows `[from_ms, to_ms, began_ms, ended_ms]`."""
    return tuple(Span(*row) for row in rows)


def row(span: Span) -> list[int]:
    """As a beat is stored."""
    return [span.from_ms, span.to_ms, span.began_ms, span.ended_ms]


def wall_ms(span: Span) -> int:
    """Player time it took; 0 where it runs backward."""
    return max(0, span.ended_ms - span.began_ms)


def is_playing(span: Span) -> bool:
    """Whether both clocks advanced."""
    return span.ended_ms > span.began_ms and span.to_ms > span.from_ms


def within_media(span: Span, low_ms: int, high_ms: int) -> Span | None:
    """What was played of media `[low_ms, high_ms)`; None where that is nothing."""
    from_ms, to_ms = max(span.from_ms, low_ms), min(span.to_ms, high_ms)
    if (from_ms, to_ms) == (span.from_ms, span.to_ms):
        return span
    if to_ms <= from_ms:
        return None
    media, player = span.to_ms - span.from_ms, span.ended_ms - span.began_ms
    began = span.began_ms + (from_ms - span.from_ms) * player // media
    ended = span.began_ms - (-(to_ms - span.from_ms) * player // media)
    return Span(from_ms, to_ms, began, ended)


def without(span: Span, holes: Iterable[Interval]) -> list[Span]:
    """What is left of a span outside `holes` (disjoint, in ascending order)."""
    left: list[Span] = []
    at = span.began_ms
    for low, high in holes:
        if high is not None and high <= at:
            continue
        if low >= span.ended_ms:
            break
        left += _piece(span, at, low)
        if high is None:
            return left
        at = max(at, high)
    return left + _piece(span, at, span.ended_ms)


def until(span: Span, end_ms: int) -> list[Span]:
    """What was played before `end_ms` of player time: one span, or none."""
    return _piece(span, span.began_ms, end_ms)


def total_ms(spans: Iterable[Span]) -> int:
    """The sum of their player time."""
    return sum(wall_ms(span) for span in spans)


def last_end_ms(spans: Iterable[Span]) -> int:
    """The latest player time that any span reached, 0 for none."""
    return max((span.ended_ms for span in spans), default=0)


def _piece(span: Span, began_ms: int, ended_ms: int) -> list[Span]:
    found = cut(span, began_ms=began_ms, ended_ms=ended_ms)
    return [] if found is None else [found]
