"""Step 2: what counts for nothing, whoever else was playing.

Malformed stretches, time outside the enrolment, media outside the lesson, failed presence checks,
heartbeat gaps. What is left is cut at policy boundaries. Source: `credit-rules.md` 4.2, 5.8,
5.12 to 5.14.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise

from courses.credit.evidence import PresenceCheck, Stretch
from courses.credit.exact import Exact
from courses.credit.motion import Finding, Findings, Motion, Piece
from courses.credit.policy import Policy
from courses.credit.seen import Seen

BEGINNING = -(10**18)  # before every instant a file can name
FOREVER = 10**18

Interval = tuple[int, int]


def pieces(seen: Seen, findings: Findings) -> list[Piece]:
    """What step 2 leaves of all stretches, in the order of the file."""
    places = {
        row.id: {lesson.id: index for index, lesson in enumerate(seen.courses[row.id].lessons)}
        for row in seen.enrolments
    }
    starts = {row.id: row.at for row in seen.enrolments}
    presence = _Presence(seen)
    gaps = _Gaps(seen)
    left: list[Piece] = []
    for stretch in seen.stretches:
        motion = Motion(stretch, places[stretch.enrolment][stretch.lesson])
        inside = _inside(seen, motion, starts[stretch.enrolment], findings)
        if inside is None:
            continue
        for begun, ended in presence.verified(motion, *inside, findings):
            for piece in _by_policy(seen, motion, begun, ended):
                left.extend(gaps.without(piece, findings))
    return left


def is_malformed(stretch: Stretch) -> bool:
    """Whether the row describes no playing at all."""
    return (
        stretch.wall_to <= stretch.wall_from
        or stretch.media_to_ms <= stretch.media_from_ms
        or stretch.media_from_ms < 0
    )


def _inside(
    seen: Seen, motion: Motion, enrolled_at: int, findings: Findings
) -> tuple[int, Exact] | None:
    """The wall span within the enrolment and the lesson; the rest is `bad_stretch`."""
    stretch = motion.stretch
    ended = min(stretch.wall_to, seen.as_of)
    if is_malformed(stretch):
        if stretch.wall_from < ended:
            findings.rows.append(
                Finding(
                    stretch,
                    stretch.wall_from,
                    ended,
                    stretch.media_from_ms,
                    stretch.media_to_ms,
                    "bad_stretch",
                )
            )
        return None
    first = max(stretch.wall_from, enrolled_at)
    last: Exact = ended
    end = seen.ends[stretch.enrolment]
    if end is not None:
        last = min(last, end)
    duration_ms = seen.courses[stretch.enrolment].lessons[motion.lesson_index].duration_ms
    if stretch.media_to_ms > duration_ms:
        last = min(last, motion.wall_at(duration_ms))
    if first >= last:
        findings.lost(motion, stretch.wall_from, ended, "bad_stretch")
        return None
    findings.lost(motion, stretch.wall_from, first, "bad_stretch")
    findings.lost(motion, last, ended, "bad_stretch")
    return first, last


def _by_policy(seen: Seen, motion: Motion, begun: Exact, ended: Exact) -> Iterator[Piece]:
    """A wall span cut wherever another version may begin to govern."""
    boundaries = seen.pool.boundaries
    index = bisect_right(boundaries, begun)
    while begun < ended:
        following: Exact = ended
        if index < len(boundaries):
            following = min(ended, boundaries[index])
        index += 1
        at = begun if isinstance(begun, int) else begun.numerator // begun.denominator
        policy = seen.in_force(at, at, ("stretches", motion.stretch, "wall_from"))
        yield Piece(motion, begun, following, policy)
        begun = following


class _Presence:
    """The time that failed and missed checks void, by playback and by enrolment."""

    def __init__(self, seen: Seen) -> None:
        self._voided: dict[str, list[Interval]] = {}
        self._voided_enrolments: set[str] = set()
        owners = {stretch.playback: stretch for stretch in seen.stretches}
        for playback, checks in seen.presence.items():
            if playback in owners:
                enrolment = owners[playback].enrolment
                self._voided[playback] = self._intervals(seen, enrolment, checks)

    def _intervals(self, seen: Seen, enrolment: str, checks: list[PresenceCheck]) -> list[Interval]:
        """Sorted and disjoint. The version in force at a check says what its failing costs."""
        voided: list[Interval] = []
        last_pass = BEGINNING
        void_from: int | None = None
        for check in checks:
            if check.result == "pass":
                if void_from is not None and void_from < check.at:
                    voided.append((void_from, check.at))
                void_from, last_pass = None, check.at
                continue
            on_fail = self._rule(seen, check).on_fail
            if on_fail == "void_course":
                self._voided_enrolments.add(enrolment)
            reach = last_pass if on_fail == "rollback_to_last_pass" else check.at
            void_from = reach if void_from is None else min(void_from, reach)
        if void_from is not None:
            voided.append((void_from, FOREVER))
        return voided

    @staticmethod
    def _rule(seen: Seen, check: PresenceCheck) -> Policy:
        return seen.in_force(check.at, check.at, ("presence", check, "at"))

    def verified(
        self, motion: Motion, begun: Exact, ended: Exact, findings: Findings
    ) -> Iterator[tuple[Exact, Exact]]:
        """The wall spans that no check voids."""
        if motion.stretch.enrolment in self._voided_enrolments:
            findings.lost(motion, begun, ended, "presence_failed")
            return
        voided = self._voided.get(motion.stretch.playback, [])
        index = bisect_right(voided, begun, key=lambda interval: interval[1])
        while begun < ended and index < len(voided) and voided[index][0] < ended:
            low, high = voided[index]
            if begun < low:
                yield begun, low
            findings.lost(motion, max(begun, low), min(ended, high), "presence_failed")
            begun = max(begun, high)
            index += 1
        if begun < ended:
            yield begun, ended


class _Gaps:
    """The silences of each playback that are longer than the shortest gap of any version."""

    def __init__(self, seen: Seen) -> None:
        limits = [
            policy.heartbeat_gap_ms
            for policy in seen.evidence.policies
            if policy.heartbeat_gap_ms is not None
        ]
        self._silences: dict[str, list[Interval]] = {}
        for playback, beats in seen.beats.items() if limits else ():
            shortest = min(limits)
            self._silences[playback] = [
                (before, after) for before, after in pairwise(beats) if after - before > shortest
            ]

    def without(self, piece: Piece, findings: Findings) -> Iterator[Piece]:
        """The parts of a piece outside the gaps of its policy version."""
        limit = piece.policy.heartbeat_gap_ms
        silences = self._silences.get(piece.motion.stretch.playback)
        if limit is None or not silences:
            yield piece
            return
        granted = limit if piece.policy.gap_grant == "allowance" else 0
        begun, ended = piece.wall_from, piece.wall_to
        first = bisect_right(silences, begun, key=lambda silence: silence[1])
        last = bisect_left(silences, ended, key=lambda silence: silence[0])
        for before, after in silences[first:last]:
            low = max(begun, before + granted)
            high = min(ended, after)
            if after - before <= limit or low >= high:
                continue
            if begun < low:
                yield Piece(piece.motion, begun, low, piece.policy)
            findings.lost(piece.motion, low, high, "heartbeat_gap")
            begun = high
        if begun < ended:
            yield Piece(piece.motion, begun, ended, piece.policy)
