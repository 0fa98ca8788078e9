"""Writing typed evidence as the file that anybody can recompute from; `reading.read` reverses it.

Every policy field is written, also where it is the default. Source: `credit-rules.md` 2 and 3.
"""

from typing import Any

from courses.credit import exact, instants
from courses.credit.evidence import (
    Correction,
    Course,
    Enrolment,
    Evidence,
    OfflineHours,
    Requirement,
    Stretch,
    Transfer,
)
from courses.credit.instants import Zone
from courses.credit.policy import Policy
from courses.credit.reading import FORMAT


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """The format `xueshi-evidence/1`, lists in the order given, keys in the documented order."""
    policies = evidence.policies
    zone = instants.zone(policies[0].timezone if policies else "Asia/Shanghai")
    return {
        "format": FORMAT,
        "learner": evidence.learner,
        "as_of": instants.text(evidence.as_of, zone),
        "policies": [_policy(row, zone) for row in policies],
        "courses": [_course(row, zone) for row in evidence.courses],
        "enrolments": [_enrolment(row, zone) for row in evidence.enrolments],
        "stretches": [_stretch(row, zone) for row in evidence.stretches],
        "presence": [
            {
                "playback": row.playback,
                "at": instants.text(row.at, zone),
                "kind": row.kind,
                "result": row.result,
            }
            for row in evidence.presence
        ],
        "beats_heard": [
            {"playback": row.playback, "at": instants.text(row.at, zone)}
            for row in evidence.beats_heard
        ],
        "exams": [
            {
                "enrolment": row.enrolment,
                "at": instants.text(row.at, zone),
                "mark": exact.text(row.mark),
            }
            for row in evidence.exams
        ],
        "refunds": [
            {"id": row.id, "enrolment": row.enrolment, "at": instants.text(row.at, zone)}
            for row in evidence.refunds
        ],
        "corrections": [_correction(row, zone) for row in evidence.corrections],
        "transfers": [_transfer(row, zone) for row in evidence.transfers],
        "offline": [_offline(row) for row in evidence.offline],
        "requirements": [_requirement(row, zone) for row in evidence.requirements],
    }


def _policy(row: Policy, zone: Zone) -> dict[str, Any]:
    effective_to = row.effective_to
    return {
        "id": row.id,
        "version": row.version,
        "issued_at": instants.text(row.issued_at, zone),
        "effective_from": instants.text(row.effective_from, zone),
        "effective_to": None if effective_to is None else instants.text(effective_to, zone),
        "document": row.document,
        **rules_json(row),
    }


def rules_json(row: Policy) -> dict[str, Any]:
    """The fields of a policy version from `timezone` on."""
    steps, rounding, cap = row.ratio_steps, row.rounding, row.share_cap
    return {
        "timezone": row.timezone,
        "hour_ms": row.hour_ms,
        "ratio": exact.text(row.ratio),
        "ratio_steps": None
        if steps is None
        else [{"at_least_ms": step.at_least_ms, "hours": exact.text(step.hours)} for step in steps],
        "completion_threshold": exact.text(row.completion_threshold),
        "partial_credit": row.partial_credit,
        "exam": {
            "pass_mark": exact.text(row.exam.pass_mark),
            "max_attempts": row.exam.max_attempts,
            "cooldown_ms": row.exam.cooldown_ms,
        },
        "speed": row.speed,
        "rate_tolerance": exact.text(row.rate_tolerance),
        "seek_forward": row.seek_forward,
        "concurrency": row.concurrency,
        "daily_cap_ms": row.daily_cap_ms,
        "heartbeat_gap_ms": row.heartbeat_gap_ms,
        "gap_grant": row.gap_grant,
        "presence": {"on_fail": row.on_fail},
        "policy_binding": row.policy_binding,
        "rounding": {
            "mode": rounding.mode,
            "quantum": None if rounding.quantum is None else exact.text(rounding.quantum),
            "point": rounding.point,
        },
        "share_cap": None
        if cap is None
        else {"share": exact.text(cap.share), "base": cap.base, "measured_on": cap.measured_on},
        "validity_months": row.validity_months,
        "transfer_applies_ratio": row.transfer_applies_ratio,
        "practical_online": row.practical_online,
    }


def _course(row: Course, zone: Zone) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": row.id,
        "edition": row.edition,
        "exam": row.exam,
        "lessons": [
            {"id": lesson.id, "duration_ms": lesson.duration_ms}
            if lesson.fingerprint is None
            else {
                "id": lesson.id,
                "duration_ms": lesson.duration_ms,
                "fingerprint": lesson.fingerprint,
            }
            for lesson in row.lessons
        ],
    }
    if row.withdrawn is not None:
        made["withdrawn"] = {
            "at": instants.text(row.withdrawn.at, zone),
            "rule": row.withdrawn.rule,
        }
    return made


def _enrolment(row: Enrolment, zone: Zone) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": row.id,
        "course": row.course,
        "edition": row.edition,
        "at": instants.text(row.at, zone),
    }
    if row.expires_at is not None:
        made["expires_at"] = instants.text(row.expires_at, zone)
    return made


def _stretch(row: Stretch, zone: Zone) -> dict[str, Any]:
    return {
        "id": row.id,
        "enrolment": row.enrolment,
        "lesson": row.lesson,
        "playback": row.playback,
        "wall_from": instants.text(row.wall_from, zone),
        "wall_to": instants.text(row.wall_to, zone),
        "media_from_ms": row.media_from_ms,
        "media_to_ms": row.media_to_ms,
    }


def _correction(row: Correction, zone: Zone) -> dict[str, Any]:
    return {
        "id": row.id,
        "subject": row.subject,
        "at": instants.text(row.at, zone),
        "hours": exact.text(row.hours),
        "reason": row.reason,
    }


def _transfer(row: Transfer, zone: Zone) -> dict[str, Any]:
    return {
        "id": row.id,
        "from": row.from_where,
        "taken_on": row.taken_on.isoformat(),
        "applied_at": instants.text(row.applied_at, zone),
        "hours": exact.text(row.hours),
        "hour_ms": row.hour_ms,
        "kind": row.kind,
        "factor": exact.text(row.factor),
        "fingerprints": list(row.fingerprints),
        "evidence_ok": row.evidence_ok,
    }


def _offline(row: OfflineHours) -> dict[str, Any]:
    return {
        "id": row.id,
        "on": row.on.isoformat(),
        "hours": exact.text(row.hours),
        "kind": row.kind,
    }


def _requirement(row: Requirement, zone: Zone) -> dict[str, Any]:
    return {
        "id": row.id,
        "hours": exact.text(row.hours),
        "from": instants.text(row.from_at, zone),
        "to": instants.text(row.to_at, zone),
        "policy": row.policy,
        "kind": row.kind,
    }
