"""Reading an evidence file: JSON to typed evidence, refusing whatever the format does not say.

References between rows are `checking.py`'s. Source: `credit-rules.md` 2, 5.8, 5.23 to 5.25.
"""

import json
from typing import Any

from courses.credit import fields
from courses.credit.evidence import (
    BadEvidence,
    Correction,
    Course,
    Enrolment,
    Evidence,
    ExamAttempt,
    HeardBeat,
    Lesson,
    OfflineHours,
    PresenceCheck,
    Refund,
    Requirement,
    Stretch,
    Transfer,
    Withdrawal,
)
from courses.credit.fields import Row
from courses.credit.reading_policy import read_policy

FORMAT = "xueshi-evidence/1"
REQUIRED = (
    "format", "learner", "as_of", "policies", "courses", "enrolments", "stretches", "presence",
    "exams", "refunds", "transfers", "offline", "requirements",
)  # fmt: skip
OPTIONAL = ("beats_heard", "corrections")
_STRETCH = (
    "id", "enrolment", "lesson", "playback", "wall_from", "wall_to", "media_from_ms", "media_to_ms",
)  # fmt: skip
_TRANSFER = (
    "id", "from", "taken_on", "applied_at", "hours", "hour_ms", "kind", "factor", "evidence_ok",
)  # fmt: skip


def parse(content: bytes) -> Any:
    """JSON as Python values; repeated keys and huge integers are marked for `read` to refuse."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadEvidence("evidence", f"is not UTF-8 at byte {error.start}") from None
    try:
        return json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except RecursionError:
        raise BadEvidence("evidence", "is nested too deeply") from None
    except ValueError as error:
        raise BadEvidence("evidence", f"is not JSON: {error}") from None


def read(value: object) -> Evidence:
    """Typed evidence from parsed JSON; raises `BadEvidence`."""
    row = Row(value, "", REQUIRED, OPTIONAL)
    if row.value("format") != FORMAT:
        raise row.bad("format", f"must be {FORMAT}")
    return Evidence(
        learner=row.string("learner"),
        as_of=row.instant("as_of"),
        policies=row.rows("policies", read_policy),
        courses=row.rows("courses", _course),
        enrolments=row.rows("enrolments", _enrolment),
        stretches=row.rows("stretches", _stretch),
        presence=row.rows("presence", _presence),
        beats_heard=row.rows("beats_heard", _beat),
        exams=row.rows("exams", _exam),
        refunds=row.rows("refunds", _refund),
        corrections=row.rows("corrections", _correction),
        transfers=row.rows("transfers", _transfer),
        offline=row.rows("offline", _offline),
        requirements=row.rows("requirements", _requirement),
    )


def _course(value: object, path: str) -> Course:
    row = Row(value, path, ("id", "edition", "exam", "lessons"), ("withdrawn",))
    lessons: dict[str, Lesson] = {}
    for item, item_path in row.items("lessons"):
        lesson = _lesson(item, item_path)
        if lessons.setdefault(lesson.id, lesson) != lesson:
            raise BadEvidence(f"{item_path}.id", "is the id of another lesson too")
    if not lessons:
        raise row.bad("lessons", "must not be empty")
    return Course(
        id=row.string("id"),
        edition=row.integer("edition"),
        exam=row.choice("exam", ("required", "none")),
        lessons=tuple(lessons.values()),
        withdrawn=_withdrawal(row) if "withdrawn" in row else None,
    )


def _lesson(value: object, path: str) -> Lesson:
    row = Row(value, path, ("id", "duration_ms"), ("fingerprint",))
    return Lesson(
        id=row.string("id"),
        duration_ms=row.integer("duration_ms", least=1),
        fingerprint=row.string("fingerprint") if "fingerprint" in row else None,
    )


def _withdrawal(course: Row) -> Withdrawal:
    row = Row(course.value("withdrawn"), course.at("withdrawn"), ("at", "rule"))
    rules = ("keep_posted", "per_lesson_exam_waived", "void")
    return Withdrawal(at=row.instant("at"), rule=row.choice("rule", rules))


def _enrolment(value: object, path: str) -> Enrolment:
    row = Row(value, path, ("id", "course", "edition", "at"), ("expires_at",))
    return Enrolment(
        id=row.string("id"),
        course=row.string("course"),
        edition=row.integer("edition"),
        at=row.instant("at"),
        expires_at=row.instant("expires_at") if "expires_at" in row else None,
    )


def _stretch(value: object, path: str) -> Stretch:
    row = Row(value, path, _STRETCH)
    return Stretch(
        id=row.string("id"),
        enrolment=row.string("enrolment"),
        lesson=row.string("lesson"),
        playback=row.string("playback"),
        wall_from=row.instant("wall_from"),
        wall_to=row.instant("wall_to"),
        media_from_ms=row.integer("media_from_ms"),
        media_to_ms=row.integer("media_to_ms"),
    )


def _presence(value: object, path: str) -> PresenceCheck:
    row = Row(value, path, ("playback", "at", "kind", "result"))
    return PresenceCheck(
        playback=row.string("playback"),
        at=row.instant("at"),
        kind=row.choice("kind", ("face", "prompt")),
        result=row.choice("result", ("pass", "fail", "missed")),
    )


def _beat(value: object, path: str) -> HeardBeat:
    row = Row(value, path, ("playback", "at"))
    return HeardBeat(playback=row.string("playback"), at=row.instant("at"))


def _exam(value: object, path: str) -> ExamAttempt:
    row = Row(value, path, ("enrolment", "at", "mark"))
    return ExamAttempt(
        enrolment=row.string("enrolment"), at=row.instant("at"), mark=row.fraction("mark")
    )


def _refund(value: object, path: str) -> Refund:
    row = Row(value, path, ("id", "enrolment", "at"))
    return Refund(id=row.string("id"), enrolment=row.string("enrolment"), at=row.instant("at"))


def _correction(value: object, path: str) -> Correction:
    row = Row(value, path, ("id", "subject", "at", "hours", "reason"))
    return Correction(
        id=row.string("id"),
        subject=row.string("subject"),
        at=row.instant("at"),
        hours=row.fraction("hours", is_signed=True),
        reason=row.string("reason"),
    )


def _transfer(value: object, path: str) -> Transfer:
    row = Row(value, path, _TRANSFER, ("fingerprints",))
    fingerprints = []
    for index, (item, item_path) in enumerate(row.items("fingerprints")):
        if not isinstance(item, str) or not item:
            raise BadEvidence(item_path, f"fingerprint {index} must be a string, not empty")
        fingerprints.append(item)
    return Transfer(
        id=row.string("id"),
        from_where=row.string("from"),
        taken_on=row.day("taken_on"),
        applied_at=row.instant("applied_at"),
        hours=row.fraction("hours"),
        hour_ms=row.integer("hour_ms", least=1),
        kind=row.choice("kind", ("online", "classroom", "practical")),
        factor=row.fraction("factor"),
        evidence_ok=row.boolean("evidence_ok"),
        fingerprints=tuple(fingerprints),
    )


def _offline(value: object, path: str) -> OfflineHours:
    row = Row(value, path, ("id", "on", "hours", "kind"))
    return OfflineHours(
        id=row.string("id"),
        on=row.day("on"),
        hours=row.fraction("hours"),
        kind=row.choice("kind", ("classroom", "practical")),
    )


def _requirement(value: object, path: str) -> Requirement:
    row = Row(value, path, ("id", "hours", "from", "to", "policy"), ("kind",))
    made = Requirement(
        id=row.string("id"),
        hours=row.fraction("hours"),
        from_at=row.instant("from"),
        to_at=row.instant("to"),
        policy=row.string("policy"),
        kind=row.choice("kind", ("any", "practical")) if "kind" in row else "any",
    )
    if made.to_at < made.from_at:
        raise row.bad("to", "lies before from")
    return made


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    repeating = fields.RepeatingObject(made)
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            repeating.repeated = key
            break
        seen.add(key)
    return repeating


def _integer(digits: str) -> int | fields.TooLarge:
    # Longer than this, and Python refuses to read it at all.
    return int(digits) if len(digits) <= fields.MAX_DIGITS else fields.TooLarge()
