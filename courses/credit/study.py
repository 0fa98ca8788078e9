"""What one enrolment has come to while time goes on: coverage, effective time, exams, gates.

`effective.py` feeds it in wall order. Source: `credit-rules.md` 4.8, 5.1, 5.2, 5.7, 5.33.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from courses.credit.evidence import Course, Enrolment, ExamAttempt, Lesson, Stretch
from courses.credit.exact import Exact, ceiling, whole_if
from courses.credit.motion import Motion
from courses.credit.policy import Policy
from courses.credit.spans import Coverage


@dataclass(slots=True)
class Credit:
    """Effective time won evenly over wall `[wall_from, wall_to)`."""

    stretch: Stretch
    lesson_index: int
    wall_from: Exact
    wall_to: Exact
    effective_ms: Exact


@dataclass(slots=True)
class LessonStudy:
    """One lesson of the enrolment. `opened_at`: when its coverage reached the threshold."""

    lesson: Lesson
    needed_ms: Exact
    coverage: Coverage = field(default_factory=Coverage)
    effective_ms: Exact = 0
    opened_at: int | None = None


@dataclass(frozen=True, slots=True)
class ExamResult:
    """An attempt and what it was worth."""

    attempt: ExamAttempt
    verdict: str


class Study:
    """One enrolment as it goes on. `rules`: the version in force when it was made."""

    def __init__(
        self,
        enrolment: Enrolment,
        course: Course,
        rules: Policy,
        *,
        end: int | None,
        attempts: Sequence[ExamAttempt],
    ) -> None:
        self.enrolment = enrolment
        self.course = course
        self.rules = rules
        self.end = end
        self.attempts = attempts
        self.is_exam_required = course.exam == "required"
        self.passed_at: int | None = None
        self.results: list[ExamResult] = []
        self._failed = 0
        self._is_used_up = False
        self._last_at: int | None = None
        self._begin()

    def _begin(self) -> None:
        """Coverage and effective time from nothing."""
        threshold = self.rules.completion_threshold
        self.lessons = [
            LessonStudy(lesson, whole_if(threshold * lesson.duration_ms))
            for lesson in self.course.lessons
        ]
        self.needed_ms = whole_if(sum((lesson.needed_ms for lesson in self.lessons), start=0))
        self.covered_ms: Exact = 0
        self.opened_at: int | None = None
        self.credits: list[Credit] = []

    @property
    def may_start_again(self) -> bool:
        """Whether an exam may take the coverage away, so that pieces are cut at exams."""
        return self.is_exam_required and self.rules.exam.max_attempts is not None

    def cover(self, motion: Motion, credit: Credit, from_ms: Exact, to_ms: Exact) -> None:
        """Count new media `[from_ms, to_ms)` and open the gates that it reaches."""
        lesson = self.lessons[motion.lesson_index]
        lesson.coverage.add(from_ms, to_ms)
        lesson.effective_ms += credit.effective_ms
        self.covered_ms += to_ms - from_ms
        self.credits.append(credit)
        if lesson.opened_at is None and lesson.coverage.total_ms >= lesson.needed_ms:
            beyond_ms = lesson.coverage.total_ms - lesson.needed_ms
            lesson.opened_at = ceiling(motion.wall_at(to_ms - beyond_ms))
        if self.opened_at is None and self.covered_ms >= self.needed_ms:
            beyond_ms = self.covered_ms - self.needed_ms
            self.opened_at = ceiling(motion.wall_at(to_ms - beyond_ms))

    def sit_until(self, wall: Exact | None) -> None:
        """Judge the attempts up to and at `wall`, or all that are left where it is None."""
        while len(self.results) < len(self.attempts):
            attempt = self.attempts[len(self.results)]
            if wall is not None and attempt.at > wall:
                return
            self.results.append(ExamResult(attempt, self._judge(attempt)))

    def _judge(self, attempt: ExamAttempt) -> str:
        rule = self.rules.exam
        verdict = "pass" if attempt.mark >= rule.pass_mark else "fail"
        is_outside = attempt.at < self.enrolment.at or (
            self.end is not None and attempt.at > self.end
        )
        if not self.is_exam_required or self.passed_at is not None or is_outside:
            return verdict
        if self._is_used_up:
            if not self._is_coverage_open(attempt.at):
                return "refused_attempts"
            self._is_used_up, self._failed = False, 0
        if self._last_at is not None and attempt.at < self._last_at + rule.cooldown_ms:
            return "refused_cooldown"
        self._last_at = attempt.at
        if verdict == "pass":
            self.passed_at = attempt.at
            return verdict
        self._failed += 1
        if rule.max_attempts is not None and self._failed >= rule.max_attempts:
            self._is_used_up = True
            self._begin()
        return verdict

    def _is_coverage_open(self, at: int) -> bool:
        """Whether the coverage gate, of `per_lesson` every lesson's, is open at an instant."""
        if self.rules.partial_credit == "pro_rata":
            return True
        if self.rules.partial_credit == "none":
            return self.opened_at is not None and self.opened_at <= at
        return all(
            lesson.opened_at is not None and lesson.opened_at <= at for lesson in self.lessons
        )
