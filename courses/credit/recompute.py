"""The pipeline: evidence in, statement out. The same for the web site and for a regulator's laptop.

`recompute` takes and gives JSON values; `statement` and `trace` are typed. All three raise
`BadEvidence`. Source: `credit-rules.md` 4.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from courses.credit import (
    checking,
    concurrency,
    effective,
    entries,
    posting,
    reading,
    requirements,
    void,
)
from courses.credit import seen as seeing
from courses.credit.entries import Ledger
from courses.credit.evidence import Evidence
from courses.credit.exact import Exact
from courses.credit.motion import COUNTED, REASONS, Finding, Findings
from courses.credit.seen import Seen
from courses.credit.statement import EnrolmentResult, LessonResult, Statement
from courses.credit.study import Study

Lost = dict[tuple[str, str], dict[str, Exact]]  # wall ms by (enrolment, lesson) and reason


@dataclass(frozen=True, slots=True)
class Trace:
    """A statement, and for every stretch seen its parts with their verdicts, in wall order.

    The parts of a stretch make up all its wall time before `as_of`; those of a malformed stretch
    whose wall clock did not go forward are none.
    """

    statement: Statement
    parts: dict[str, list[Finding]]  # by stretch id, in the order of the file


def recompute(evidence: dict[str, Any]) -> dict[str, Any]:
    """The statement of an evidence file, both as JSON values."""
    return statement(reading.read(evidence)).to_json()


def statement(evidence: Evidence) -> Statement:
    """The statement of typed evidence."""
    return trace(evidence).statement


def trace(evidence: Evidence) -> Trace:
    """The statement, and why each part of each stretch counted or not."""
    checking.check(evidence)
    seen = seeing.before_as_of(evidence)
    findings = Findings()
    held, anomalies = concurrency.held(void.pieces(seen, findings), findings)
    studies = effective.studies(seen, held, findings)
    ledger = entries.ledger(seen, studies)
    versions = {policy.name: policy for policy in evidence.policies}
    lost = _lost(findings)
    made = Statement(
        learner=evidence.learner,
        as_of=evidence.as_of,
        zone=seen.zone,
        enrolments=[_enrolment(seen, study, ledger, lost) for study in studies.values()],
        entries=ledger.entries,
        requirements=[
            requirements.fill(row, versions[row.policy], ledger.entries)
            for row in seen.requirements
        ],
        anomalies=anomalies,
    )
    parts: dict[str, list[Finding]] = {stretch.id: [] for stretch in seen.stretches}
    for row in sorted(findings.rows, key=lambda row: row.wall_from):
        parts[row.stretch.id].append(row)
    return Trace(made, parts)


def _lost(findings: Findings) -> Lost:
    lost: Lost = {}
    for row in findings.rows:
        if row.verdict != COUNTED:
            reasons = lost.setdefault((row.stretch.enrolment, row.stretch.lesson), {})
            reasons[row.verdict] = reasons.get(row.verdict, 0) + (row.wall_to - row.wall_from)
    return lost


def _enrolment(seen: Seen, study: Study, ledger: Ledger, lost: Lost) -> EnrolmentResult:
    name = study.enrolment.id
    posted_at = ledger.posted_at[name]
    is_posted = posted_at is not None
    return EnrolmentResult(
        id=name,
        effective_ms=sum((lesson.effective_ms for lesson in study.lessons), start=0),
        raw_hours=posting.raw_hours(seen, study, ledger.plans[name]),
        provisional_hours=Fraction(0) if is_posted else posting.provisional_hours(seen, study),
        posted_hours=ledger.posted_hours[name],
        posted_at=posted_at,
        is_coverage_open=posting.is_coverage_open(seen, study),
        is_exam_passed=not study.is_exam_required or study.passed_at is not None,
        exams=study.results,
        lessons=[_lesson(study, index, lost) for index in range(len(study.lessons))],
    )


def _lesson(study: Study, index: int, lost: Lost) -> LessonResult:
    lesson = study.lessons[index]
    reasons = lost.get((study.enrolment.id, lesson.lesson.id), {})
    return LessonResult(
        id=lesson.lesson.id,
        effective_ms=lesson.effective_ms,
        coverage=Fraction(lesson.coverage.total_ms) / lesson.lesson.duration_ms,
        covered_ms=lesson.coverage.spans(),
        not_counted=[(reason, reasons[reason]) for reason in REASONS if reasons.get(reason)],
    )
