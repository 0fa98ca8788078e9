"""Hours from effective time: which version's ratio applies to which piece, and the rounding.

Source: `credit-rules.md` 1, 3 (`policy_binding`, `ratio_steps`, `rounding`), 5.4, 5.15, 5.31.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from fractions import Fraction

from courses.credit.exact import Exact, floor
from courses.credit.policy import Policy
from courses.credit.seen import Seen
from courses.credit.study import Credit, Study

ZERO = Fraction(0)


@dataclass(slots=True)
class _LessonAccount:
    """Effective time of one lesson, by the span between policy boundaries in which it was won."""

    effective_ms: Exact = 0
    by_span: dict[int, tuple[int, Exact]] = field(default_factory=dict)  # (an instant, ms)
    raw: Fraction = ZERO
    credited: Fraction = ZERO


class Account:
    """Effective time of one enrolment that is valued together, growing credit by credit.

    `opened`: the instant at which each lesson's gate opened; `first_opened_at`: the first gate.
    """

    def __init__(self, seen: Seen, study: Study, opened: list[int], first_opened_at: int) -> None:
        self._seen = seen
        self._study = study
        self._opened = opened
        self._first_opened_at = first_opened_at
        self._lessons = [_LessonAccount() for _ in study.lessons]
        self._first_at = _first_effective(study)
        self._known: int | None = None  # how many issues the values below know of
        self._changed: set[int] = set()
        self._raw = ZERO
        self._credited = ZERO

    def add(self, credit: Credit, effective_ms: Exact) -> None:
        """Add so much of a credit's effective time."""
        lesson = self._lessons[credit.lesson_index]
        lesson.effective_ms += effective_ms
        at = floor(credit.wall_from)
        span = bisect_right(self._seen.pool.boundaries, at)
        _, before_ms = lesson.by_span.get(span, (at, 0))
        lesson.by_span[span] = (at, before_ms + effective_ms)
        self._changed.add(credit.lesson_index)

    def raw(self, known_at: int) -> Fraction:
        """Raw hours, by the versions known at an instant."""
        self._update(known_at)
        return self._raw

    def credited(self, known_at: int) -> Fraction:
        """Credited and rounded hours, by the versions known at an instant."""
        self._update(known_at)
        if self._is_empty():
            return ZERO
        rounding = self.ruling(self._first_opened_at, known_at).rounding
        return self._credited if rounding.point == "lesson" else rounding.rounded(self._credited)

    def ruling(self, opened_at: int, known_at: int) -> Policy:
        """The version by which a gate's hours are reckoned, under `segment` the one at the gate."""
        enrolment = self._study.enrolment
        at = enrolment.at if self._study.rules.policy_binding == "enrolment" else opened_at
        return self._seen.in_force(at, known_at, ("enrolments", enrolment, "at"))

    def first_ruling(self, known_at: int) -> Policy:
        """The version of the first gate: rounding, adjustments and reversals go by it."""
        return self.ruling(self._first_opened_at, known_at)

    def _is_empty(self) -> bool:
        return all(not lesson.effective_ms for lesson in self._lessons)

    def _update(self, known_at: int) -> None:
        known = bisect_right(self._seen.pool.issues, known_at)
        if known != self._known:
            self._known = known
            self._changed = set(range(len(self._lessons)))
        for index in self._changed:
            lesson = self._lessons[index]
            if not lesson.effective_ms:
                continue
            raw, credited = self._value(index, known_at)
            rounding = self.first_ruling(known_at).rounding
            if rounding.point == "lesson":
                credited = rounding.rounded(credited)
            self._raw += raw - lesson.raw
            self._credited += credited - lesson.credited
            lesson.raw, lesson.credited = raw, credited
        self._changed = set()

    def _value(self, index: int, known_at: int) -> tuple[Fraction, Fraction]:
        """Raw and credited hours of one lesson, not rounded."""
        lesson = self._lessons[index]
        if self._study.rules.policy_binding != "segment":
            policy = self.ruling(self._opened[index], known_at)
            raw = Fraction(lesson.effective_ms) / policy.hour_ms
            if policy.ratio_steps is None:
                return raw, raw * policy.ratio
            return raw, _step(policy, lesson.effective_ms)
        raw, credited = ZERO, ZERO
        for at, effective_ms in lesson.by_span.values():
            policy = self._at(at, known_at)
            hours = Fraction(effective_ms) / policy.hour_ms
            raw += hours
            credited += hours * policy.ratio
        first = self._at(self._first_at[index], known_at)
        if first.ratio_steps is not None:
            credited = _step(first, lesson.effective_ms)
        return raw, credited

    def _at(self, at: int, known_at: int) -> Policy:
        enrolment = self._study.enrolment
        return self._seen.in_force(at, known_at, ("enrolments", enrolment, "at"))


def _step(policy: Policy, effective_ms: Exact) -> Fraction:
    """The hours of the highest row that fits; none fits: nothing."""
    fitting = [step for step in policy.ratio_steps or () if step.at_least_ms <= effective_ms]
    return max(fitting, key=lambda step: step.at_least_ms).hours if fitting else ZERO


def _first_effective(study: Study) -> dict[int, int]:
    """By lesson: the wall instant of its first effective piece."""
    first: dict[int, int] = {}
    for credit in study.credits:
        first.setdefault(credit.lesson_index, floor(credit.wall_from))
    return first
