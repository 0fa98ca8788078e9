"""A span: media `[from_ms, to_ms)` played evenly in player time `[began_ms, ended_ms)`. Pure.

Player time is the player's monotonic clock since it opened the playback. Cutting keeps whole
milliseconds and rounds inwards, so that a cut span never claims more than the uncut one did.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

Interval = tuple[int, int | None]  # half-open, in player time; None: without end


@dataclass(frozen=True, slots=True)
class Span:
    """One even piece of playing, all four in milliseconds."""

    from_ms: int
    to_ms: int
    began_ms: int
    ended_ms: int

    @property
    def wall_ms(self) -> int:
        """Player time it took; 0 where it runs backward."""
        return max(0, self.ended_ms - self.began_ms)

    @property
    def is_playing(self) -> bool:
        """Both clocks advanced."""
        return self.ended_ms > self.began_ms and self.to_ms > self.from_ms

    def row(self) -> list[int]:
        """As a beat is stored."""
        return [self.from_ms, self.to_ms, self.began_ms, self.ended_ms]


def of_rows(rows: Iterable[Sequence[int]]) -> tuple[Span, ...]:
    """Spans from their stored rows."""
    return tuple(Span(*row) for row in rows)


def within_time(span: Span, low_ms: int, high_ms: int | None) -> Span | None:
    """What was played in player time `[low_ms, high_ms)`; None where that is nothing."""
    began = max(span.began_ms, low_ms)
    ended = span.ended_ms if high_ms is None else min(span.ended_ms, high_ms)
    if (began, ended) == (span.began_ms, span.ended_ms):
        return span
    if ended <= began:
        return None
    rate = Fraction(span.to_ms - span.from_ms, span.ended_ms - span.began_ms)
    media_from = span.from_ms - (span.began_ms - began) * rate // 1  # rounded up
    media_to = span.from_ms + (ended - span.began_ms) * rate // 1  # rounded down
    cut = Span(media_from, media_to, began, ended)
    return cut if cut.is_playing else None


def within_media(span: Span, low_ms: int, high_ms: int) -> Span | None:
    """What was played of media `[low_ms, high_ms)`; None where that is nothing."""
    media_from, media_to = max(span.from_ms, low_ms), min(span.to_ms, high_ms)
    if (media_from, media_to) == (span.from_ms, span.to_ms):
        return span
    if media_to <= media_from:
        return None
    pace = Fraction(span.ended_ms - span.began_ms, span.to_ms - span.from_ms)
    began = span.began_ms + (media_from - span.from_ms) * pace // 1
    ended = min(span.ended_ms, span.began_ms - (span.from_ms - media_to) * pace // 1)
    cut = Span(media_from, media_to, began, ended)
    return cut if cut.is_playing else None


def without(span: Span, holes: Iterable[Interval]) -> list[Span]:
    """What is left of a span outside `holes` (disjoint, in ascending order)."""
    left: list[Span] = []
    at = span.began_ms
    for low, high in holes:
        if high is not None and high <= at:
            continue
        if low >= span.ended_ms:
            break
        piece = within_time(span, at, low) if low > at else None
        if piece is not None:
            left.append(piece)
        if high is None:
            return left
        at = max(at, high)
    tail = within_time(span, at, None) if at < span.ended_ms else None
    return [*left, tail] if tail is not None else left


def total_ms(spans: Iterable[Span]) -> int:
    """Player time of spans that do not overlap."""
    return sum(span.wall_ms for span in spans)


def last_end_ms(spans: Iterable[Span]) -> int:
    """The latest player time that any span reached, 0 for none."""
    return max((span.ended_ms for span in spans), default=0)
