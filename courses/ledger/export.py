"""Evidence as its file (`credit-rules.md` 2): typed values in, JSON out. Pure, and in one order."""

import json
from collections.abc import Callable
from typing import Any

from courses.credit import instants
from courses.credit.evidence import Course, Evidence
from courses.credit.policy import Policy
from courses.credit.reading import FORMAT
from courses.policies import written
from courses.units import fraction_text


def document(evidence: Evidence) -> dict[str, Any]:
    """The evidence as JSON, keys and rows in the order of the contract, instants in its zone."""
    zone = instants.zone(evidence.policies[0].timezone if evidence.policies else "Asia/Shanghai")

    def when(at: int) -> str:
        return instants.text(at, zone)

    found: dict[str, Any] = {
        "format": FORMAT,
        "learner": evidence.learner,
        "as_of": when(evidence.as_of),
        "policies": [policy(row, when) for row in evidence.policies],
        "courses": [course(row, when) for row in evidence.courses],
    }
    found |= happened(evidence, when)
    found |= declared(evidence, when)
    return found


def text(found: dict[str, Any]) -> str:
    """A document as a file: UTF-8 as it is, one line a row would be no help to anybody."""
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def policy(row: Policy, when: Callable[[int], str]) -> dict[str, Any]:
    """One policy version, every field written."""
    return {
        "id": row.id,
        "version": row.version,
        "issued_at": when(row.issued_at),
        "effective_from": when(row.effective_from),
        "effective_to": None if row.effective_to is None else when(row.effective_to),
        "document": row.document,
        **written(row),
    }


def course(row: Course, when: Callable[[int], str]) -> dict[str, Any]:
    """One edition."""
    found: dict[str, Any] = {
        "id": row.id,
        "edition": row.edition,
        "exam": row.exam,
        "lessons": [
            {"id": lesson.id, "duration_ms": lesson.duration_ms}
            | ({"fingerprint": lesson.fingerprint} if lesson.fingerprint else {})
            for lesson in row.lessons
        ],
    }
    if row.withdrawn is not None:
        found["withdrawn"] = {"at": when(row.withdrawn.at), "rule": row.withdrawn.rule}
    return found


def happened(evidence: Evidence, when: Callable[[int], str]) -> dict[str, Any]:
    """What the learner did."""
    found: dict[str, Any] = {
        "enrolments": [
            {"id": row.id, "course": row.course, "edition": row.edition, "at": when(row.at)}
            | ({"expires_at": when(row.expires_at)} if row.expires_at is not None else {})
            for row in evidence.enrolments
        ],
        "stretches": [
            {
                "id": row.id,
                "enrolment": row.enrolment,
                "lesson": row.lesson,
                "playback": row.playback,
                "wall_from": when(row.wall_from),
                "wall_to": when(row.wall_to),
                "media_from_ms": row.media_from_ms,
                "media_to_ms": row.media_to_ms,
            }
            for row in evidence.stretches
        ],
        "presence": [
            {"playback": row.playback, "at": when(row.at), "kind": row.kind, "result": row.result}
            for row in evidence.presence
        ],
    }
    if evidence.beats_heard:
        found["beats_heard"] = [
            {"playback": row.playback, "at": when(row.at)} for row in evidence.beats_heard
        ]
    found["exams"] = [
        {"enrolment": row.enrolment, "at": when(row.at), "mark": fraction_text(row.mark)}
        for row in evidence.exams
    ]
    return found


def declared(evidence: Evidence, when: Callable[[int], str]) -> dict[str, Any]:
    """What others wrote down about the learner."""
    found: dict[str, Any] = {
        "refunds": [
            {"id": row.id, "enrolment": row.enrolment, "at": when(row.at)} for row in evidence.refunds
        ]
    }
    if evidence.corrections:
        found["corrections"] = [
            {
                "id": row.id,
                "subject": row.subject,
                "at": when(row.at),
                "hours": fraction_text(row.hours),
                "reason": row.reason,
            }
            for row in evidence.corrections
        ]
    found["transfers"] = [
        {
            "id": row.id,
            "from": row.from_where,
            "taken_on": row.taken_on.isoformat(),
            "applied_at": when(row.applied_at),
            "hours": fraction_text(row.hours),
            "hour_ms": row.hour_ms,
            "kind": row.kind,
            "factor": fraction_text(row.factor),
        }
        | ({"fingerprints": list(row.fingerprints)} if row.fingerprints else {})
        | {"evidence_ok": row.evidence_ok}
        for row in evidence.transfers
    ]
    found["offline"] = [
        {"id": row.id, "on": row.on.isoformat(), "hours": fraction_text(row.hours), "kind": row.kind}
        for row in evidence.offline
    ]
    found["requirements"] = [
        {
            "id": row.id,
            "hours": fraction_text(row.hours),
            "from": when(row.from_at),
            "to": when(row.to_at),
            "policy": row.policy,
            "kind": row.kind,
        }
        for row in evidence.requirements
    ]
    return found
