"""The fields of a version's rules, read and written through the engine's own parser.

Source: `credit-rules.md` 3 from `timezone` on. Whether what they say makes sense is told elsewhere (`sense`).
"""

from collections.abc import Mapping
from typing import Any

from courses import errors
from courses.credit.evidence import BadEvidence
from courses.credit.policy import Policy
from courses.credit.reading_policy import read_policy
from courses.units import fraction_text

ANY_INSTANT = "2000-01-01T00:00:00+00:00"  # where only the rules are read
HEAD = {
    "id": "draft", "version": "1", "issued_at": ANY_INSTANT, "effective_from": ANY_INSTANT,
    "effective_to": None, "document": "",
}  # fmt: skip


def complete(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Every field with its default filled in; Invalid `invalid_policy` for the first that cannot be read."""
    return written(typed(rules))


def typed(rules: Mapping[str, Any]) -> Policy:
    """Rules as the engine takes them, of no particular time."""
    try:
        return read_policy({**rules, **HEAD}, "")
    except BadEvidence as bad:
        raise refusal(bad) from bad


def unreadable(rules: Mapping[str, Any]) -> list[errors.Invalid]:
    """What the engine refuses, each field by itself, so that all of it is told at once."""
    found = []
    for name, value in rules.items():
        try:
            read_policy({name: value, **HEAD}, "")
        except BadEvidence as bad:
            found.append(refusal(bad))
    return found


def refusal(bad: BadEvidence) -> errors.Invalid:
    """The engine's own words, at the field they are about."""
    return errors.Invalid(
        "invalid_policy", "The rule cannot be read at %(path)s: it %(what)s.",
        field=bad.path.split(".")[0].split("[")[0], path=bad.path, what=bad.message,
    )


def written(policy: Policy) -> dict[str, Any]:
    """The fields of `credit-rules.md` 3 from `timezone` on, in its order, as JSON."""
    steps, cap = policy.ratio_steps, policy.share_cap
    return {
        "timezone": policy.timezone,
        "hour_ms": policy.hour_ms,
        "ratio": fraction_text(policy.ratio),
        "ratio_steps": [
            {"at_least_ms": step.at_least_ms, "hours": fraction_text(step.hours)} for step in steps
        ] if steps is not None else None,
        "completion_threshold": fraction_text(policy.completion_threshold),
        "partial_credit": policy.partial_credit,
        "exam": {
            "pass_mark": fraction_text(policy.exam.pass_mark),
            "max_attempts": policy.exam.max_attempts,
            "cooldown_ms": policy.exam.cooldown_ms,
        },
        "speed": policy.speed,
        "rate_tolerance": fraction_text(policy.rate_tolerance),
        "seek_forward": policy.seek_forward,
        "concurrency": policy.concurrency,
        "daily_cap_ms": policy.daily_cap_ms,
        "heartbeat_gap_ms": policy.heartbeat_gap_ms,
        "gap_grant": policy.gap_grant,
        "presence": {"on_fail": policy.on_fail},
        "policy_binding": policy.policy_binding,
        "rounding": {
            "mode": policy.rounding.mode,
            "quantum": fraction_text(policy.rounding.quantum) if policy.rounding.quantum is not None else None,
            "point": policy.rounding.point,
        },
        "share_cap": {
            "share": fraction_text(cap.share), "base": cap.base, "measured_on": cap.measured_on,
        } if cap is not None else None,
        "validity_months": policy.validity_months,
        "transfer_applies_ratio": policy.transfer_applies_ratio,
        "practical_online": policy.practical_online,
    }  # fmt: skip
