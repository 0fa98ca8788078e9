"""The pipeline: evidence in, statement out. The same for the web site and for a regulator's laptop.

`recompute` takes and gives JSON values; `statement` and `trace` are typed. A life may be computed in
parts: `studied` for each group of enrolments (`groups`), then `joined`. All raise `BadEvidence`.
Source: `credit-rules.md` 4.
"""

from collections.abc import Sequence
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
from courses.credit.concurrency import Anomaly
from courses.credit.entries import Entry, Ledger
from courses.credit.evidence import Evidence
from courses.credit.exact import Exact
from courses.credit.motion import COUNTED, REASONS, Finding, Findings
from courses.credit.seen import Seen
from courses.credit.statement import EnrolmentResult, LessonResult, Statement
from courses.credit.study import Study
from courses.credit.transfers import CreditedContent


@dataclass(frozen=True, slots=True)
class Studied:
    """What some enrolments came to by themselves, and for every stretch its parts."""

    enrolments: list[EnrolmentResult]
    entries: list[Entry]
    content: list[CreditedContent]
    anomalies: list[Anomaly]
    parts: dict[str, list[Finding]]


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
    return _joined(seen, [_studied(seen)])


def studied(evidence: Evidence) -> Studied:
    """Steps 2 to 10, for some of a learner's enrolments that no other judges (`groups`)."""
    checking.check(evidence)
    return _studied(seeing.before_as_of(evidence))


def joined(evidence: Evidence, found: Sequence[Studied]) -> Trace:
    """Steps 11 and 12: the statement of all enrolments from what their groups came to.

    `evidence` holds every enrolment, and need not hold what was studied: stretches, checks, beats.
    """
    checking.check(evidence)
    return _joined(seeing.before_as_of(evidence), found)


def _studied(seen: Seen) -> Studied:
    findings = Findings()
    held, anomalies = concurrency.held(void.pieces(seen, findings), findings)
    studies = effective.studies(seen, held, findings)
    ledger = entries.studied(seen, studies)
    lost = _lost(findings)
    parts: dict[str, list[Finding]] = {stretch.id: [] for stretch in seen.stretches}
    for row in sorted(findings.rows, key=lambda row: row.wall_from):
        parts[row.stretch.id].append(row)
    return Studied(
        enrolments=[_enrolment(seen, study, ledger, lost) for study in studies.values()],
        entries=ledger.entries,
        content=ledger.content,
        anomalies=anomalies,
        parts=parts,
    )


def _joined(seen: Seen, found: Sequence[Studied]) -> Trace:
    results = {row.id: row for one in found for row in one.enrolments}
    rows = entries.joined(
        seen,
        [row for one in found for row in one.entries],
        [row for one in found for row in one.content],
    )
    versions = {policy.name: policy for policy in seen.evidence.policies}
    made = Statement(
        learner=seen.evidence.learner,
        as_of=seen.as_of,
        zone=seen.zone,
        enrolments=[results[row.id] for row in seen.enrolments],
        entries=rows,
        requirements=[
            requirements.fill(row, versions[row.policy], rows) for row in seen.requirements
        ],
        anomalies=sorted(
            (row for one in found for row in one.anomalies),
            key=lambda row: (row.wall_from, row.wall_to),
        ),
    )
    return Trace(made, {name: rows for one in found for name, rows in one.parts.items()})


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
