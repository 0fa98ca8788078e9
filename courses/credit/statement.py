"""The statement: what the application shows and exports, and the verifier prints.

Source: `credit-rules.md` 5.23, 5.24 and 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from courses.credit import exact, instants
from courses.credit.concurrency import Anomaly
from courses.credit.entries import Entry
from courses.credit.exact import Exact
from courses.credit.instants import Zone
from courses.credit.requirements import RequirementResult
from courses.credit.study import ExamResult

FORMAT = "xueshi-statement/1"


@dataclass(frozen=True, slots=True)
class LessonResult:
    """One lesson; `not_counted` is (reason, wall ms) in the contract's order of reasons."""

    id: str
    effective_ms: Exact
    coverage: Fraction
    covered_ms: Sequence[tuple[Exact, Exact]]
    not_counted: Sequence[tuple[str, Exact]]


@dataclass(frozen=True, slots=True)
class EnrolmentResult:
    """One enrolment; `posted_at` is its first posting."""

    id: str
    effective_ms: Exact
    raw_hours: Fraction
    provisional_hours: Fraction
    posted_hours: Fraction
    posted_at: int | None
    is_coverage_open: bool
    is_exam_passed: bool
    exams: Sequence[ExamResult]
    lessons: Sequence[LessonResult]


@dataclass(frozen=True, slots=True)
class Statement:
    """One learner's hours as of an instant. `zone` is in which instants are written."""

    learner: str
    as_of: int
    zone: Zone
    enrolments: Sequence[EnrolmentResult]
    entries: Sequence[Entry]
    requirements: Sequence[RequirementResult]
    anomalies: Sequence[Anomaly]

    def to_json(self) -> dict[str, Any]:
        """The format `xueshi-statement/1`, keys in the documented order."""
        return {
            "format": FORMAT,
            "learner": self.learner,
            "as_of": self._instant(self.as_of),
            "enrolments": [self._enrolment(row) for row in self.enrolments],
            "entries": [self._entry(row) for row in self.entries],
            "requirements": [_requirement(row) for row in self.requirements],
            "anomalies": [
                {
                    "kind": "concurrent_playback",
                    "from": self._instant(row.wall_from),
                    "to": self._instant(row.wall_to),
                    "playbacks": list(row.playbacks),
                }
                for row in self.anomalies
            ],
        }

    def _instant(self, at: int) -> str:
        return instants.text(at, self.zone)

    def _enrolment(self, row: EnrolmentResult) -> dict[str, Any]:
        return {
            "id": row.id,
            "effective_ms": exact.plain(row.effective_ms),
            "raw_hours": exact.text(row.raw_hours),
            "provisional_hours": exact.text(row.provisional_hours),
            "posted_hours": exact.text(row.posted_hours),
            "posted_at": None if row.posted_at is None else self._instant(row.posted_at),
            "gate": {"coverage": row.is_coverage_open, "exam": row.is_exam_passed},
            "exams": [
                {
                    "at": self._instant(result.attempt.at),
                    "mark": exact.text(result.attempt.mark),
                    "verdict": result.verdict,
                }
                for result in row.exams
            ],
            "lessons": [_lesson(lesson) for lesson in row.lessons],
        }

    def _entry(self, row: Entry) -> dict[str, Any]:
        made: dict[str, Any] = {
            "kind": row.kind,
            "at": self._instant(row.at),
            "hours": exact.text(row.hours),
        }
        if row.raw_hours is not None:
            made["raw_hours"] = exact.text(row.raw_hours)
        made["subject"] = row.subject
        made["policy"] = row.policy
        if row.reason is not None:
            made["reason"] = row.reason
        return made


def _lesson(row: LessonResult) -> dict[str, Any]:
    return {
        "id": row.id,
        "effective_ms": exact.plain(row.effective_ms),
        "coverage": exact.text(row.coverage),
        "covered_ms": [[exact.plain(low), exact.plain(high)] for low, high in row.covered_ms],
        "not_counted": [
            {"reason": reason, "wall_ms": exact.plain(wall_ms)}
            for reason, wall_ms in row.not_counted
        ],
    }


def _requirement(row: RequirementResult) -> dict[str, Any]:
    return {
        "id": row.id,
        "required": exact.text(row.required),
        "online_posted": exact.text(row.online_posted),
        "online_countable": exact.text(row.online_countable),
        "surplus": exact.text(row.surplus),
        "offline": exact.text(row.offline),
        "total": exact.text(row.total),
        "short": exact.text(row.short),
        "met": row.is_met,
    }
