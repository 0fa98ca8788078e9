"""What a rule says that contradicts itself, means nothing, or is probably a slip of the pen.

Pure: takes a version's fields, and how often presence is asked. Each finding stops, or is to be confirmed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from courses import errors
from courses.credit.policy import Policy
from courses.units import MS_PER_HOUR, MS_PER_MINUTE

SHORT_SILENCE_MS = 30_000  # two ordinary reports of a player missed (15 s)
DAY_MS = 24 * MS_PER_HOUR
MOST_MARKS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. An error stops; a warning is shown, and confirmed by each of the two officers."""

    said: errors.Invalid
    is_error: bool = False

    @property
    def key(self) -> str:
        """By which it is confirmed: what it is, at which field, of which version."""
        return ":".join([self.said.code, self.said.field, *sorted(map(str, self.said.detail.values()))])


def stops(said: errors.Invalid) -> Finding:
    """An error."""
    return Finding(said, is_error=True)


def of(policy: Policy, prompts: Mapping[str, Any] | None) -> Iterator[Finding]:
    """Everything that is odd about a rule."""
    yield from _amounts(policy)
    yield from _steps(policy)
    yield from _time(policy)
    yield from _gates(policy)
    yield from _limits(policy)
    yield from _presence(policy, prompts)


def _amounts(policy: Policy) -> Iterator[Finding]:
    if policy.ratio_steps is None and policy.ratio == 0:
        yield Finding(errors.Invalid("ratio_nothing", "At a ratio of 0 nothing watched online counts.", field="ratio"))
    if policy.ratio_steps is None and policy.ratio > 1:
        yield Finding(errors.Invalid("ratio_above_one", "An hour online would be credited as more than one.", field="ratio"))
    if policy.ratio_steps is not None and policy.ratio != 1 and not policy.transfer_applies_ratio:
        yield Finding(errors.Invalid("ratio_unused", "The ratio is not used: the steps replace it.", field="ratio"))
    if not 20 * MS_PER_MINUTE <= policy.hour_ms <= 2 * MS_PER_HOUR:
        yield Finding(
            errors.Invalid("hour_unusual", "An hour of training of less than 20 or more than 120 minutes.", field="hour_ms")
        )
    if policy.rounding.mode == "ceil":
        yield Finding(errors.Invalid("rounds_up", "Rounding up credits more than was watched.", field="rounding"))
    if policy.rounding.mode == "none" and policy.rounding.quantum is not None:
        yield Finding(errors.Invalid("rounding_unused", "Nothing is rounded, so these multiples mean nothing.", field="rounding"))
    if policy.rounding.mode != "none" and policy.rounding.quantum is not None and policy.rounding.quantum > 1:
        yield Finding(errors.Invalid("rounds_coarsely", "Hours are rounded to multiples of more than one hour.", field="rounding"))


def _steps(policy: Policy) -> Iterator[Finding]:
    if policy.ratio_steps is None:
        return
    rows = sorted(policy.ratio_steps, key=lambda step: step.at_least_ms)
    if not rows:
        yield stops(errors.Invalid("steps_empty", "Steps without a single line: no lesson would earn anything.", field="ratio_steps"))
    if any(later.hours < earlier.hours for earlier, later in pairwise(rows)):
        yield stops(errors.Invalid("steps_fall", "A longer lesson would earn fewer hours than a shorter one.", field="ratio_steps"))
    if any(step.hours * policy.hour_ms > step.at_least_ms for step in rows):
        yield Finding(
            errors.Invalid("steps_above_time", "A step gives more hours than the lesson lasts.", field="ratio_steps")
        )


def _time(policy: Policy) -> Iterator[Finding]:
    if policy.speed == "reject" and policy.rate_tolerance >= 1:
        yield Finding(
            errors.Invalid("tolerance_wide", "Twice the speed and more would still count: the tolerance is 1 or above.",
                           field="rate_tolerance")
        )  # fmt: skip
    if policy.speed != "reject" and policy.rate_tolerance != Fraction(1, 20):
        yield Finding(
            errors.Invalid("tolerance_unused", "The tolerance is not used unless faster playing counts nothing.", field="rate_tolerance")
        )
    if policy.daily_cap_ms == 0:
        yield stops(errors.Invalid("cap_zero", "With a daily limit of 0 nothing ever counts.", field="daily_cap_ms"))
    if policy.daily_cap_ms is not None and policy.daily_cap_ms >= DAY_MS:
        yield Finding(errors.Invalid("cap_unreachable", "Nobody can reach this daily limit: no day is that long.", field="daily_cap_ms"))
    gap = policy.heartbeat_gap_ms
    if gap == 0:
        yield stops(errors.Invalid("gap_zero", "With a longest silence of 0 nothing ever counts.", field="heartbeat_gap_ms"))
    elif gap is not None and gap < SHORT_SILENCE_MS:
        yield Finding(
            errors.Invalid("gap_short", "Ordinary phones are silent for half a minute now and then: honest time would be void.",
                           field="heartbeat_gap_ms")
        )  # fmt: skip
    if gap is None and policy.gap_grant != "none":
        yield Finding(errors.Invalid("grant_unused", "No silence is too long, so no part of it needs to be granted.", field="gap_grant"))


def _gates(policy: Policy) -> Iterator[Finding]:
    if policy.partial_credit == "pro_rata" and policy.completion_threshold != Fraction(19, 20):
        yield Finding(
            errors.Invalid("threshold_unused", "Where every minute counts there is no threshold.", field="completion_threshold")
        )
    if policy.exam.pass_mark > MOST_MARKS:
        yield stops(errors.Invalid("mark_unreachable", "Nobody can pass: marks go up to 100.", field="exam"))
    if policy.exam.pass_mark == 0:
        yield Finding(errors.Invalid("mark_nothing", "Everybody passes an exam whose mark to pass is 0.", field="exam"))


def _limits(policy: Policy) -> Iterator[Finding]:
    cap = policy.share_cap
    if cap is not None and cap.share == 1:
        yield Finding(errors.Invalid("share_never_bites", "A share of 1 limits nothing: nobody can reach beyond it.", field="share_cap"))
    if cap is not None and cap.share == 0:
        yield Finding(errors.Invalid("share_nothing", "At a share of 0 no online hour fills a requirement.", field="share_cap"))
    if policy.validity_months == 0:
        yield Finding(
            errors.Invalid("validity_nothing", "Hours from elsewhere would be out of date the day after they were taken.",
                           field="validity_months")
        )  # fmt: skip


def _presence(policy: Policy, prompts: Mapping[str, Any] | None) -> Iterator[Finding]:
    if not prompts:
        if policy.on_fail != "exclude_until_verified":
            yield Finding(
                errors.Invalid("presence_never_asked", "No presence check is ever asked, so none can be missed.", field="presence")
            )
        return
    if prompts["answer_within_ms"] >= prompts["every_ms"]:  # the picture waits meanwhile, so none falls into another
        yield Finding(
            errors.Invalid("prompts_overlap", "The next check would come before the time to answer is over.", field="prompts")
        )
    if policy.on_fail == "void_course":
        yield Finding(
            errors.Invalid("one_miss_voids", "One missed check takes all time of the course away.", field="presence")
        )
