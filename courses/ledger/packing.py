"""What studying came to, as bytes, and back: exact, compact, and of one form.

Stretches stand once; every other row names them by place. A fraction is `[numerator, denominator]`.
"""

import zlib
from fractions import Fraction
from typing import Any

import msgspec

from courses.credit.concurrency import Anomaly
from courses.credit.entries import Entry
from courses.credit.evidence import ExamAttempt, Stretch
from courses.credit.exact import Exact
from courses.credit.motion import COUNTED, REASONS, Finding
from courses.credit.recompute import Studied
from courses.credit.statement import EnrolmentResult, LessonResult
from courses.credit.study import ExamResult
from courses.credit.transfers import CreditedContent

VERDICTS = (COUNTED, *REASONS)


def pack(studied: Studied) -> bytes:
    """The bytes of one group."""
    stretches = {name: rows for name, rows in studied.parts.items() if rows}
    return zlib.compress(
        msgspec.msgpack.encode(
            [
                [_enrolment(row) for row in studied.enrolments],
                [_entry(row) for row in studied.entries],
                [[row.fingerprint, row.at, row.reversed_at] for row in studied.content],
                [[row.wall_from, row.wall_to, row.playbacks] for row in studied.anomalies],
                [
                    [_stretch(rows[0].stretch), [_finding(row) for row in rows]]
                    for rows in stretches.values()
                ],
                [name for name, rows in studied.parts.items() if not rows],
            ]
        ),
        level=1,
    )


def unpack(packed: bytes) -> Studied:
    """The group again."""
    enrolments, entries, content, anomalies, parts, empty = msgspec.msgpack.decode(zlib.decompress(packed))
    found: dict[str, list[Finding]] = {name: [] for name in empty}
    for told, rows in parts:
        stretch = Stretch(*told)
        found[stretch.id] = [
            Finding(
                stretch, _exact(begun), _exact(ended), _exact(low), _exact(high), VERDICTS[verdict], _exact(effective)
            )
            for begun, ended, low, high, verdict, effective in rows
        ]
    return Studied(
        enrolments=[_enrolment_of(row) for row in enrolments],
        entries=[_entry_of(row) for row in entries],
        content=[CreditedContent(*row) for row in content],
        anomalies=[Anomaly(begun, ended, tuple(names)) for begun, ended, names in anomalies],
        parts=found,
    )


def _number(value: Exact | Fraction) -> Any:
    return value if isinstance(value, int) else [str(value.numerator), str(value.denominator)]


def _exact(value: Any) -> Exact:
    return value if isinstance(value, int) else _fraction(value)


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value[0]), int(value[1]))


def _stretch(row: Stretch) -> list[Any]:
    return [
        row.id, row.enrolment, row.lesson, row.playback,
        row.wall_from, row.wall_to, row.media_from_ms, row.media_to_ms,
    ]  # fmt: skip


def _finding(row: Finding) -> list[Any]:
    edges = (row.wall_from, row.wall_to, row.media_from_ms, row.media_to_ms)
    return [*map(_number, edges), VERDICTS.index(row.verdict), _number(row.effective_ms)]


def _entry(row: Entry) -> list[Any]:
    raw = None if row.raw_hours is None else _number(row.raw_hours)
    return [
        row.kind, row.at, _number(row.hours), row.subject, row.policy, raw,
        row.reason, row.is_online, row.is_practical,
    ]  # fmt: skip


def _entry_of(row: list[Any]) -> Entry:
    kind, at, hours, subject, policy, raw, *rest = row
    return Entry(kind, at, _fraction(hours), subject, policy, None if raw is None else _fraction(raw), *rest)


def _enrolment(row: EnrolmentResult) -> list[Any]:
    return [
        row.id, _number(row.effective_ms), _number(row.raw_hours), _number(row.provisional_hours),
        _number(row.posted_hours), row.posted_at, row.is_coverage_open, row.is_exam_passed,
        [[one.attempt.enrolment, one.attempt.at, _number(one.attempt.mark), one.verdict] for one in row.exams],
        [_lesson(lesson) for lesson in row.lessons],
    ]  # fmt: skip


def _enrolment_of(row: list[Any]) -> EnrolmentResult:
    name, effective, raw, provisional, posted, posted_at, is_open, is_passed, exams, lessons = row
    return EnrolmentResult(
        id=name,
        effective_ms=_exact(effective),
        raw_hours=_fraction(raw),
        provisional_hours=_fraction(provisional),
        posted_hours=_fraction(posted),
        posted_at=posted_at,
        is_coverage_open=is_open,
        is_exam_passed=is_passed,
        exams=[
            ExamResult(ExamAttempt(enrolment, at, _fraction(mark)), verdict)
            for enrolment, at, mark, verdict in exams
        ],
        lessons=[_lesson_of(lesson) for lesson in lessons],
    )


def _lesson(row: LessonResult) -> list[Any]:
    covered = [[_number(low), _number(high)] for low, high in row.covered_ms]
    not_counted = [[reason, _number(wall_ms)] for reason, wall_ms in row.not_counted]
    return [row.id, _number(row.effective_ms), _number(row.coverage), covered, not_counted]


def _lesson_of(row: list[Any]) -> LessonResult:
    name, effective, coverage, covered, not_counted = row
    return LessonResult(
        id=name,
        effective_ms=_exact(effective),
        coverage=_fraction(coverage),
        covered_ms=[(_exact(low), _exact(high)) for low, high in covered],
        not_counted=[(reason, _exact(wall_ms)) for reason, wall_ms in not_counted],
    )
