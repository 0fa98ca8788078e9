"""Step 3: one person, one minute. Who holds an instant at which several stretches run.

One sweep over the edges of all pieces. Source: `credit-rules.md` 3 (`concurrency`), 4.3, 5.10.
"""

from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

from courses.credit.exact import Exact, ceiling, floor
from courses.credit.motion import Findings, Piece

Rank = tuple[int, str, int]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A maximal span in which the same two or more playbacks ran."""

    wall_from: int
    wall_to: int
    playbacks: tuple[str, ...]


def held(pieces: list[Piece], findings: Findings) -> tuple[list[Piece], list[Anomaly]]:
    """The parts that hold their time, disjoint and in wall order; and who ran beside whom.

    Pieces are cut at policy boundaries, so all that run at one instant share one version.
    """
    pieces = sorted(pieces, key=lambda piece: piece.wall_from)
    sweep = _Sweep(pieces, findings)
    start = 0
    while start < len(pieces):
        # A cluster: pieces that hang together; nothing overlaps from one to the next.
        stop, reach = start + 1, pieces[start].wall_to
        while stop < len(pieces) and pieces[stop].wall_from < reach:
            reach = max(reach, pieces[stop].wall_to)
            stop += 1
        if stop == start + 1:
            sweep.kept.append(pieces[start])
        else:
            sweep.run(start, stop)
        start = stop
    return sweep.kept, _whole(sweep.anomalies)


class _Sweep:
    def __init__(self, pieces: list[Piece], findings: Findings) -> None:
        self.kept: list[Piece] = []
        self.anomalies: list[tuple[Exact, Exact, tuple[str, ...]]] = []
        self._pieces = pieces
        self._findings = findings

    def run(self, start: int, stop: int) -> None:
        """Sweep over one cluster, `pieces[start:stop]`."""
        edges: dict[Exact, tuple[list[int], list[int]]] = {}
        for index in range(start, stop):
            piece = self._pieces[index]
            edges.setdefault(piece.wall_from, ([], []))[0].append(index)
            edges.setdefault(piece.wall_to, ([], []))[1].append(index)
        latest: list[Rank] = []
        first: list[Rank] = []
        running: set[int] = set()
        playbacks: dict[str, int] = {}
        spans: dict[int, list[tuple[Exact, Exact]]] = {}  # what each piece holds
        instants = sorted(edges)
        for at, following in pairwise(instants):
            begins, ends = edges[at]
            for index in ends:
                running.discard(index)
                self._count(playbacks, index, -1)
            for index in begins:
                running.add(index)
                self._count(playbacks, index, 1)
                stretch = self._pieces[index].motion.stretch
                heappush(latest, (-stretch.wall_from, stretch.id, index))
                heappush(first, (stretch.wall_from, stretch.id, index))
            holder = self._holder(running, latest, first)
            if holder is not None:
                _extend(spans.setdefault(holder, []), at, following)
            if len(playbacks) > 1:
                self._note(at, following, tuple(sorted(playbacks)))
        self._divide(start, stop, spans)

    def _count(self, playbacks: dict[str, int], index: int, change: int) -> None:
        playback = self._pieces[index].motion.stretch.playback
        playbacks[playback] = playbacks.get(playback, 0) + change
        if not playbacks[playback]:
            del playbacks[playback]

    def _holder(self, running: set[int], latest: list[Rank], first: list[Rank]) -> int | None:
        if len(running) <= 1:
            return next(iter(running), None)
        rule = self._pieces[next(iter(running))].policy.concurrency
        if rule == "void_overlap":
            return None
        ranks = latest if rule == "latest_wins" else first
        while ranks[0][2] not in running:
            heappop(ranks)
        return ranks[0][2]

    def _note(self, at: Exact, following: Exact, playbacks: tuple[str, ...]) -> None:
        if self.anomalies and self.anomalies[-1][1:] == (at, playbacks):
            at = self.anomalies.pop()[0]
        self.anomalies.append((at, following, playbacks))

    def _divide(self, start: int, stop: int, spans: dict[int, list[tuple[Exact, Exact]]]) -> None:
        kept: list[Piece] = []
        for index in range(start, stop):
            piece = self._pieces[index]
            begun = piece.wall_from
            for low, high in spans.get(index, ()):
                self._findings.lost(piece.motion, begun, low, "other_playback")
                kept.append(Piece(piece.motion, low, high, piece.policy))
                begun = high
            self._findings.lost(piece.motion, begun, piece.wall_to, "other_playback")
        kept.sort(key=lambda piece: piece.wall_from)
        self.kept.extend(kept)


def _extend(spans: list[tuple[Exact, Exact]], at: Exact, following: Exact) -> None:
    if spans and spans[-1][1] == at:
        at = spans.pop()[0]
    spans.append((at, following))


def _whole(anomalies: list[tuple[Exact, Exact, tuple[str, ...]]]) -> list[Anomaly]:
    """Edges widened to whole milliseconds, ordered by (from, to)."""
    found = [Anomaly(floor(low), ceiling(high), names) for low, high, names in anomalies]
    return sorted(found, key=lambda row: (row.wall_from, row.wall_to))
