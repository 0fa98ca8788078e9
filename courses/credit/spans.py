"""The coverage of one lesson: a set of media time as sorted, disjoint, half-open spans."""

from bisect import bisect_left, bisect_right

from courses.credit.exact import Exact


class Coverage:
    """Media that was played and counted. It only grows."""

    __slots__ = ("_ends", "_starts", "total_ms")

    def __init__(self) -> None:
        self._starts: list[Exact] = []
        self._ends: list[Exact] = []
        self.total_ms: Exact = 0

    @property
    def furthest_ms(self) -> Exact:
        """The largest covered end; 0 where nothing is covered."""
        return self._ends[-1] if self._ends else 0

    def spans(self) -> list[tuple[Exact, Exact]]:
        """What is covered, in order; spans that touch are one."""
        return list(zip(self._starts, self._ends, strict=True))

    def missing(self, from_ms: Exact, to_ms: Exact) -> list[tuple[Exact, Exact]]:
        """The parts of `[from_ms, to_ms)` that are not covered, in order."""
        first = bisect_right(self._ends, from_ms)
        last = bisect_left(self._starts, to_ms)
        parts: list[tuple[Exact, Exact]] = []
        for start, end in zip(self._starts[first:last], self._ends[first:last], strict=True):
            if from_ms < start:
                parts.append((from_ms, start))
            from_ms = end
        if from_ms < to_ms:
            parts.append((from_ms, to_ms))
        return parts

    def add(self, from_ms: Exact, to_ms: Exact) -> None:
        """Cover `[from_ms, to_ms)`, of which nothing is covered yet; `from_ms < to_ms`."""
        self.total_ms += to_ms - from_ms
        first = bisect_left(self._ends, from_ms)
        last = bisect_right(self._starts, to_ms)
        if first < last:  # touching neighbours
            from_ms = min(from_ms, self._starts[first])
            to_ms = max(to_ms, self._ends[last - 1])
        self._starts[first:last] = [from_ms]
        self._ends[first:last] = [to_ms]
