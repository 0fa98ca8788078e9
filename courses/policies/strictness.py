"""Whether one version is as strict as another, field by field, as a table.

A district may tighten what the city set, not loosen it. Stricter means: of what is watched once nobody's
hours are more (what a stricter rule voids may be watched again, and counts then). Where neither of two
values always gives fewer hours they cannot be compared, and `unlike` says why.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Any

from courses import errors
from courses.credit.policy import Policy, Rounding

Prompts = Mapping[str, Any] | None


class Order(StrEnum):
    """How a district's value stands to the city's."""

    SAME = "same"
    STRICTER = "stricter"
    LOOSER = "looser"
    UNLIKE = "unlike"


Judge = Callable[[Policy, Policy], Order]


def compared(own: Policy, city: Policy, own_prompts: Prompts, city_prompts: Prompts) -> dict[str, Order]:
    """Each field of the contract, and `prompts`, with how the first version's value stands to the second's."""
    found = {name: judge(own, city) for name, judge in TABLE.items()}
    return found | {"prompts": _prompts(own_prompts, city_prompts)}


def lower(own: Any, city: Any) -> Order:
    """The lower is the stricter; None is without limit."""
    if own == city:
        return Order.SAME
    if city is None:
        return Order.STRICTER
    return Order.STRICTER if own is not None and own < city else Order.LOOSER


def higher(own: Any, city: Any) -> Order:
    """The higher is the stricter."""
    return lower(city, own)


def ranked(choices: Sequence[str], own: str, city: str) -> Order:
    """Choices from the strictest to the loosest."""
    return lower(choices.index(own), choices.index(city))


def same(own: Any, city: Any) -> Order:
    """Two values neither of which is stricter."""
    return Order.SAME if own == city else Order.UNLIKE


def _ratio(own: Policy, city: Policy) -> Order:
    """Used only where neither version has steps; those are compared by what a lesson earns."""
    if own.ratio_steps is not None or city.ratio_steps is not None:
        return Order.SAME
    return lower(own.ratio, city.ratio)


def _steps(own: Policy, city: Policy) -> Order:
    if own.ratio_steps == city.ratio_steps:
        return Order.SAME
    if own.ratio_steps is None:  # grows with the lesson's length, as no table does
        return Order.STRICTER if own.ratio == 0 else Order.LOOSER
    edges = {step.at_least_ms for step in own.ratio_steps} | {step.at_least_ms for step in city.ratio_steps or ()}
    pairs = [(earned(own, edge), earned(city, edge)) for edge in sorted(edges)]
    if any(mine > theirs for mine, theirs in pairs):
        return Order.LOOSER
    return Order.SAME if all(mine == theirs for mine, theirs in pairs) and city.ratio_steps else Order.STRICTER


def earned(policy: Policy, effective_ms: int) -> Fraction:
    """What a lesson of so much effective time earns."""
    if policy.ratio_steps is None:
        return Fraction(effective_ms, policy.hour_ms) * policy.ratio
    fitting = [step for step in policy.ratio_steps if step.at_least_ms <= effective_ms]
    return max(fitting, key=lambda step: step.at_least_ms).hours if fitting else Fraction(0)


def _threshold(own: Policy, city: Policy) -> Order:
    """Where every minute counts there is no threshold."""
    if own.partial_credit == "pro_rata" or city.partial_credit == "pro_rata":
        return Order.SAME
    return higher(own.completion_threshold, city.completion_threshold)


def _partial_credit(own: Policy, city: Policy) -> Order:
    """Half a course at the course's threshold may be more than its whole lessons, or less."""
    if own.partial_credit == city.partial_credit:
        return Order.SAME
    if "pro_rata" not in (own.partial_credit, city.partial_credit):
        return Order.UNLIKE
    return Order.STRICTER if city.partial_credit == "pro_rata" else Order.LOOSER


def _exam(own: Policy, city: Policy) -> Order:
    return together(
        higher(own.exam.pass_mark, city.exam.pass_mark),
        lower(own.exam.max_attempts, city.exam.max_attempts),
        higher(own.exam.cooldown_ms, city.exam.cooldown_ms),
    )


def together(*orders: Order) -> Order:
    """One order of several parts: looser in one part is looser."""
    for order in (Order.LOOSER, Order.UNLIKE, Order.STRICTER):
        if order in orders:
            return order
    return Order.SAME


def _tolerance(own: Policy, city: Policy) -> Order:
    if own.speed != "reject" or city.speed != "reject":
        return Order.SAME
    return lower(own.rate_tolerance, city.rate_tolerance)


def _concurrency(own: Policy, city: Policy) -> Order:
    if own.concurrency == city.concurrency:
        return Order.SAME
    if own.concurrency == "void_overlap":
        return Order.STRICTER
    return Order.LOOSER if city.concurrency == "void_overlap" else Order.UNLIKE


def _gap_grant(own: Policy, city: Policy) -> Order:
    if own.heartbeat_gap_ms is None or city.heartbeat_gap_ms is None:
        return Order.SAME
    return ranked(("none", "allowance"), own.gap_grant, city.gap_grant)


def _rounding(own: Policy, city: Policy) -> Order:
    """Down is never more than exact, exact never more than up; to the nearest may be either."""
    mine, theirs = own.rounding, city.rounding
    if mine == theirs or mine.mode == theirs.mode == "none":
        return Order.SAME
    if mine.mode == theirs.mode:
        return _grids(mine, theirs)
    if "half_up" in (mine.mode, theirs.mode):
        return Order.UNLIKE
    return ranked(("floor", "none", "ceil"), mine.mode, theirs.mode)


def _grids(mine: Rounding, theirs: Rounding) -> Order:
    """Down to a grid, all of whose lines are the other's too, is never more; rounded often, even less."""
    own, city = mine.quantum, theirs.quantum
    if mine.mode == "half_up" or own is None or city is None or (max(own, city) / min(own, city)).denominator != 1:
        return Order.UNLIKE
    if mine.mode == "floor":
        return together(higher(own, city), ranked(("lesson", "course"), mine.point, theirs.point))
    return together(lower(own, city), ranked(("course", "lesson"), mine.point, theirs.point))


def _share_cap(own: Policy, city: Policy) -> Order:
    if own.share_cap is None or city.share_cap is None:
        return lower(own.share_cap and own.share_cap.share, city.share_cap and city.share_cap.share)
    if (own.share_cap.base, own.share_cap.measured_on) != (city.share_cap.base, city.share_cap.measured_on):
        return Order.UNLIKE
    return lower(own.share_cap.share, city.share_cap.share)


def _transfers(own: Policy, city: Policy) -> Order:
    """By what an hour from elsewhere becomes."""
    return lower(
        own.ratio if own.transfer_applies_ratio else Fraction(1),
        city.ratio if city.transfer_applies_ratio else Fraction(1),
    )


def _prompts(own: Prompts, city: Prompts) -> Order:
    """Checks that come more often, leave less time, and ask more than a tap."""
    if own == city:
        return Order.SAME
    if not own or not city:
        return Order.STRICTER if own else Order.LOOSER
    ways = (own.get("way", "tap"), city.get("way", "tap"))
    way = Order.SAME if ways[0] == ways[1] else Order.UNLIKE
    if "tap" in ways and way is Order.UNLIKE:
        way = Order.STRICTER if ways[1] == "tap" else Order.LOOSER
    return together(
        lower(own["every_ms"], city["every_ms"]),
        lower(own["answer_within_ms"], city["answer_within_ms"]),
        way,
    )


# Field of the contract: how the district's value stands to the city's.
TABLE: dict[str, Judge] = {
    "timezone": lambda own, city: same(own.timezone, city.timezone),
    "hour_ms": lambda own, city: higher(own.hour_ms, city.hour_ms),
    "ratio": _ratio,
    "ratio_steps": _steps,
    "completion_threshold": _threshold,
    "partial_credit": _partial_credit,
    "exam": _exam,
    "speed": lambda own, city: ranked(("reject", "wall", "media"), own.speed, city.speed),
    "rate_tolerance": _tolerance,
    "seek_forward": lambda own, city: ranked(("blocked", "allowed"), own.seek_forward, city.seek_forward),
    "concurrency": _concurrency,
    "daily_cap_ms": lambda own, city: lower(own.daily_cap_ms, city.daily_cap_ms),
    "heartbeat_gap_ms": lambda own, city: lower(own.heartbeat_gap_ms, city.heartbeat_gap_ms),
    "gap_grant": _gap_grant,
    "presence": lambda own, city: ranked(
        ("void_course", "rollback_to_last_pass", "exclude_until_verified"), own.on_fail, city.on_fail
    ),
    "policy_binding": lambda own, city: same(own.policy_binding, city.policy_binding),
    "rounding": _rounding,
    "share_cap": _share_cap,
    "validity_months": lambda own, city: lower(own.validity_months, city.validity_months),
    "transfer_applies_ratio": _transfers,
    "practical_online": lambda own, city: lower(own.practical_online, city.practical_online),
}


# Why two values of a field cannot be compared.
UNLIKE = {
    "partial_credit": errors.Invalid(
        "policy_unlike", "Not comparable with %(label)s: half a course may be more than its whole lessons, or less."
    ),
    "concurrency": errors.Invalid(
        "policy_unlike", "Not comparable with %(label)s: of two lessons at once, either may be the longer."
    ),
    "policy_binding": errors.Invalid(
        "policy_unlike", "Not comparable with %(label)s: which version applies gives more hours here and fewer there."
    ),
    "rounding": errors.Invalid(
        "policy_unlike", "Not comparable with %(label)s: rounded so, some hours are more and some fewer."
    ),
    "share_cap": errors.Invalid(
        "policy_unlike", "Not comparable with %(label)s: the two limits are shares of different hours."
    ),
    "prompts": errors.Invalid(
        "policy_unlike", "Not comparable with %(label)s: a question and a photo are different checks."
    ),
    "timezone": errors.Invalid("policy_unlike", "Not comparable with %(label)s: their days begin at other instants."),
}


def unlike(field: str, label: str) -> errors.Invalid:
    """Why a field cannot be compared with that of the version `label`."""
    why = UNLIKE[field]
    return errors.Invalid(why.code, why.sentence, field=field, label=label)
