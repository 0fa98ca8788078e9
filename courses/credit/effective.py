"""Steps 4 to 6: what the held pieces are worth, in wall order over all courses of the learner.

Midnight, forward seeks, new media only, speed, the daily cap. Source: `credit-rules.md` 4.4 to
4.7, 5.7, 5.9, 5.11.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from courses.credit.evidence import Enrolment
from courses.credit.exact import Exact, quotient
from courses.credit.motion import COUNTED, Finding, Findings, Motion, Piece
from courses.credit.policy import Policy
from courses.credit.seen import Seen
from courses.credit.study import Credit, Study


def studies(seen: Seen, held: list[Piece], findings: Findings) -> dict[str, Study]:
    """Every enrolment as it stands at `as_of`, in the order of the file.

    `held` is disjoint and in wall order; what does not count goes to `findings`.
    """
    found = {row.id: _begun(seen, row) for row in seen.enrolments}
    day = _Days(seen)
    is_void: dict[str, bool] = {}  # by stretch, once its first piece is reached
    for piece in held:
        stretch = piece.motion.stretch
        study = found[stretch.enrolment]
        for begun, ended in _parts(study, day, piece):
            study.sit_until(begun)
            if stretch.id not in is_void:
                is_void[stretch.id] = (
                    piece.policy.seek_forward == "blocked"
                    and stretch.media_from_ms
                    > study.lessons[piece.motion.lesson_index].coverage.furthest_ms
                )
            if is_void[stretch.id]:
                findings.lost(piece.motion, begun, ended, "forward_seek")
            else:
                _play(study, day, Piece(piece.motion, begun, ended, piece.policy), findings)
    for study in found.values():
        study.sit_until(None)
    return found


def _begun(seen: Seen, enrolment: Enrolment) -> Study:
    rules = seen.in_force(enrolment.at, enrolment.at, ("enrolments", enrolment, "at"))
    return Study(
        enrolment,
        seen.courses[enrolment.id],
        rules,
        end=seen.ends[enrolment.id],
        attempts=seen.exams.get(enrolment.id, ()),
    )


class _Days:
    """Effective time used on each day, and where the days begin."""

    def __init__(self, seen: Seen) -> None:
        self._zone = seen.zone
        self._used: dict[int, Exact] = {}
        self.are_capped = any(row.daily_cap_ms is not None for row in seen.evidence.policies)

    def midnights(self, begun: Exact, ended: Exact) -> list[int]:
        """The midnights inside a wall span, where any version caps the day."""
        if not self.are_capped:
            return []
        first, last = self._zone.day_of(begun), self._zone.day_of(ended)
        starts = [self._zone.day_start(day) for day in range(first + 1, last + 1)]
        return [start for start in starts if begun < start < ended]

    def granted(self, wall: Exact, policy: Policy, effective_ms: Exact) -> Exact:
        """Use up the day's rest for so much effective time; returns how much was left for it."""
        if not self.are_capped:
            return effective_ms
        day = self._zone.day_of(wall)
        used_ms = self._used.get(day, 0)
        if policy.daily_cap_ms is not None:
            effective_ms = min(effective_ms, max(0, policy.daily_cap_ms - used_ms))
        self._used[day] = used_ms + effective_ms
        return effective_ms


def _parts(study: Study, day: _Days, piece: Piece) -> Iterator[tuple[Exact, Exact]]:
    """A piece cut at midnights and at the exams that may take the coverage away."""
    cuts: list[int] = day.midnights(piece.wall_from, piece.wall_to)
    if study.may_start_again:
        low = bisect_right(study.attempts, piece.wall_from, key=lambda attempt: attempt.at)
        high = bisect_left(study.attempts, piece.wall_to, key=lambda attempt: attempt.at)
        cuts = sorted({*cuts, *(attempt.at for attempt in study.attempts[low:high])})
    begun = piece.wall_from
    for cut in cuts:
        yield begun, cut
        begun = cut
    yield begun, piece.wall_to


def _play(study: Study, day: _Days, piece: Piece, findings: Findings) -> None:
    """New media only: what is covered earns nothing, each rest takes its own wall time."""
    motion = piece.motion
    media_from, media_to = motion.media_at(piece.wall_from), motion.media_at(piece.wall_to)
    coverage = study.lessons[motion.lesson_index].coverage
    begun = piece.wall_from
    for from_ms, to_ms in coverage.missing(media_from, media_to):
        wall_from = piece.wall_from if from_ms == media_from else motion.wall_at(from_ms)
        wall_to = piece.wall_to if to_ms == media_to else motion.wall_at(to_ms)
        findings.lost(motion, begun, wall_from, "seen_before")
        if _is_too_fast(motion, piece.policy):
            findings.lost(motion, wall_from, wall_to, "too_fast")
        else:
            new = Piece(motion, wall_from, wall_to, piece.policy)
            _count(study, day, new, (from_ms, to_ms), findings)
        begun = wall_to
    findings.lost(motion, begun, piece.wall_to, "seen_before")


def _is_too_fast(motion: Motion, policy: Policy) -> bool:
    if policy.speed != "reject":
        return False
    return motion.media_ms > motion.wall_ms * (1 + policy.rate_tolerance)


def _count(
    study: Study, day: _Days, piece: Piece, media: tuple[Exact, Exact], findings: Findings
) -> None:
    """Count a piece that plays new media, as far as the day's cap allows."""
    motion = piece.motion
    from_ms, to_ms = media
    wall_ms = piece.wall_to - piece.wall_from
    media_ms = to_ms - from_ms
    effective_ms = media_ms if piece.policy.speed == "media" else min(wall_ms, media_ms)
    granted_ms = day.granted(piece.wall_from, piece.policy, effective_ms)
    wall_to = piece.wall_to
    if granted_ms < effective_ms:
        wall_to = piece.wall_from + quotient(wall_ms * granted_ms, effective_ms)
        to_ms = motion.media_at(wall_to)
        findings.lost(motion, wall_to, piece.wall_to, "daily_cap")
    if granted_ms > 0:
        credit = Credit(motion.stretch, motion.lesson_index, piece.wall_from, wall_to, granted_ms)
        study.cover(motion, credit, from_ms, to_ms)
        findings.rows.append(
            Finding(motion.stretch, piece.wall_from, wall_to, from_ms, to_ms, COUNTED, granted_ms)
        )
