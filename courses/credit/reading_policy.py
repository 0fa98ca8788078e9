"""Reading one policy version, every field with its default. Source: `credit-rules.md` 3, 5.34."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from courses.credit import instants
from courses.credit.evidence import BadEvidence
from courses.credit.fields import Row
from courses.credit.policy import ExamRule, Policy, RatioStep, Rounding, ShareCap

REQUIRED = ("id", "version", "issued_at", "effective_from", "effective_to", "document")
CHOICES = {
    "partial_credit": ("none", "per_lesson", "pro_rata"),
    "speed": ("wall", "media", "reject"),
    "seek_forward": ("allowed", "blocked"),
    "concurrency": ("latest_wins", "first_wins", "void_overlap"),
    "gap_grant": ("none", "allowance"),
    "policy_binding": ("enrolment", "segment", "completion"),
}


def read_policy(value: object, path: str) -> Policy:
    """One policy version."""
    row = Row(value, path, REQUIRED, tuple(_FIELDS))
    effective_from = row.instant("effective_from")
    effective_to = None if row.is_null("effective_to") else row.instant("effective_to")
    if effective_to is not None and effective_to < effective_from:
        raise row.bad("effective_to", "lies before effective_from")
    rules = {name: read(row, key) for key, (name, read) in _FIELDS.items() if key in row}
    return Policy(
        id=row.string("id"),
        version=row.string("version"),
        issued_at=row.instant("issued_at"),
        effective_from=effective_from,
        effective_to=effective_to,
        document=row.string("document", may_be_empty=True),
        **rules,
    )


def _timezone(row: Row, key: str) -> str:
    name = row.string(key)
    try:
        instants.zone(name)
    except ValueError as error:
        raise row.bad(key, str(error)) from None
    return name


def _choice(row: Row, key: str) -> str:
    return row.choice(key, CHOICES[key])


def _positive_ms(row: Row, key: str) -> int:
    return row.integer(key, least=1)


def _count_or_null(row: Row, key: str) -> int | None:
    return None if row.is_null(key) else row.integer(key, least=0)


def _hours(row: Row, key: str) -> Fraction:
    return row.fraction(key)


def _boolean(row: Row, key: str) -> bool:
    return row.boolean(key)


def _threshold(row: Row, key: str) -> Fraction:
    threshold = row.fraction(key)
    if not 0 < threshold <= 1:
        raise row.bad(key, "must be above 0 and at most 1")
    return threshold


def _ratio_steps(row: Row, key: str) -> tuple[RatioStep, ...] | None:
    if row.is_null(key):
        return None
    steps: dict[int, RatioStep] = {}
    for value, path in row.items(key):
        step = Row(value, path, ("at_least_ms", "hours"))
        made = RatioStep(step.integer("at_least_ms", least=0), step.fraction("hours"))
        if steps.setdefault(made.at_least_ms, made) != made:
            raise BadEvidence(step.at("at_least_ms"), "stands twice with different hours")
    return tuple(steps.values())


def _exam(row: Row, key: str) -> ExamRule:
    exam = Row(row.value(key), row.at(key), (), ("pass_mark", "max_attempts", "cooldown_ms"))
    rule = ExamRule()
    max_attempts = rule.max_attempts
    if "max_attempts" in exam and not exam.is_null("max_attempts"):
        max_attempts = exam.integer("max_attempts", least=1)
    return ExamRule(
        pass_mark=exam.fraction("pass_mark") if "pass_mark" in exam else rule.pass_mark,
        max_attempts=max_attempts,
        cooldown_ms=exam.integer("cooldown_ms", least=0) if "cooldown_ms" in exam else 0,
    )


def _on_fail(row: Row, key: str) -> str:
    presence = Row(row.value(key), row.at(key), (), ("on_fail",))
    if "on_fail" not in presence:
        return "exclude_until_verified"
    return presence.choice(
        "on_fail", ("exclude_until_verified", "rollback_to_last_pass", "void_course")
    )


def _rounding(row: Row, key: str) -> Rounding:
    rounding = Row(row.value(key), row.at(key), (), ("mode", "quantum", "point"))
    mode, quantum, point = "none", None, "course"
    if "mode" in rounding:
        mode = rounding.choice("mode", ("none", "floor", "half_up", "ceil"))
    if "quantum" in rounding and not rounding.is_null("quantum"):
        quantum = rounding.fraction("quantum")
        if quantum <= 0:
            raise rounding.bad("quantum", "must be above 0")
    if "point" in rounding:
        point = rounding.choice("point", ("lesson", "course"))
    if mode != "none" and quantum is None:
        raise rounding.bad("quantum", f"is needed to round by {mode}")
    return Rounding(mode, quantum, point)


def _share_cap(row: Row, key: str) -> ShareCap | None:
    if row.is_null(key):
        return None
    cap = Row(row.value(key), row.at(key), (), ("share", "base", "measured_on"))
    share = cap.fraction("share") if "share" in cap else Fraction(1, 2)
    if share > 1:
        raise cap.bad("share", "must be at most 1")
    base = cap.choice("base", ("required", "earned")) if "base" in cap else "required"
    measured_on = "credited"
    if "measured_on" in cap:
        measured_on = cap.choice("measured_on", ("credited", "raw"))
    return ShareCap(share, base, measured_on)


# JSON key: field of Policy, and how it is read.
_FIELDS: dict[str, tuple[str, Callable[[Row, str], Any]]] = {
    "timezone": ("timezone", _timezone),
    "hour_ms": ("hour_ms", _positive_ms),
    "ratio": ("ratio", _hours),
    "ratio_steps": ("ratio_steps", _ratio_steps),
    "completion_threshold": ("completion_threshold", _threshold),
    "partial_credit": ("partial_credit", _choice),
    "exam": ("exam", _exam),
    "speed": ("speed", _choice),
    "rate_tolerance": ("rate_tolerance", _hours),
    "seek_forward": ("seek_forward", _choice),
    "concurrency": ("concurrency", _choice),
    "daily_cap_ms": ("daily_cap_ms", _count_or_null),
    "heartbeat_gap_ms": ("heartbeat_gap_ms", _count_or_null),
    "gap_grant": ("gap_grant", _choice),
    "presence": ("on_fail", _on_fail),
    "policy_binding": ("policy_binding", _choice),
    "rounding": ("rounding", _rounding),
    "share_cap": ("share_cap", _share_cap),
    "validity_months": ("validity_months", _count_or_null),
    "transfer_applies_ratio": ("transfer_applies_ratio", _boolean),
    "practical_online": ("practical_online", _boolean),
}
