"""Step 12, conversion: what the entries of a period fill of a requirement.

Source: `credit-rules.md` 4.12, 5.20, 5.33.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from courses.credit.entries import Entry
from courses.credit.evidence import Requirement
from courses.credit.policy import Policy, ShareCap

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """One requirement as it stands; `surplus` is online hours that do not count here."""

    id: str
    required: Fraction
    online_posted: Fraction
    online_countable: Fraction
    surplus: Fraction
    offline: Fraction
    total: Fraction
    short: Fraction

    @property
    def is_met(self) -> bool:
        """Nothing is short."""
        return self.short == 0


def fill(requirement: Requirement, policy: Policy, entries: Sequence[Entry]) -> RequirementResult:
    """`entries` in their order; `policy` is the version the requirement names."""
    is_practical = requirement.kind == "practical"
    within = [row for row in entries if requirement.from_at <= row.at < requirement.to_at]
    online = [row for row in within if row.is_online]
    posted = sum((row.hours for row in online), start=ZERO)
    offline = sum(
        (
            row.hours
            for row in within
            if not row.is_online and (row.is_practical or not is_practical)
        ),
        start=ZERO,
    )
    countable = posted
    if is_practical and not policy.practical_online:
        countable = ZERO
    elif policy.share_cap is not None:
        countable = _countable(policy.share_cap, requirement.hours, offline, online)
    total = countable + offline
    return RequirementResult(
        id=requirement.id,
        required=requirement.hours,
        online_posted=posted,
        online_countable=countable,
        surplus=posted - countable,
        offline=offline,
        total=total,
        short=max(ZERO, requirement.hours - total),
    )


def _countable(
    cap: ShareCap, required: Fraction, offline: Fraction, online: Sequence[Entry]
) -> Fraction:
    """Online hours up to the share cap."""
    posted = sum((row.hours for row in online), start=ZERO)
    if cap.base == "required":
        most = cap.share * required
    elif cap.share == 1:
        return posted
    else:
        most = cap.share / (1 - cap.share) * offline
    return min(posted, most) if cap.measured_on == "credited" else _by_raw(most, online)


def _by_raw(most: Fraction, online: Sequence[Entry]) -> Fraction:
    """Subjects in the order of their first entry take raw hours, each at its own rate.

    A negative amount counts whole and frees room for those after it. What holds no raw hours
    (a correction alone) takes no room and counts whole.
    """
    groups: dict[str, tuple[Fraction, Fraction]] = {}
    for row in online:
        hours, raw = groups.get(row.subject, (ZERO, ZERO))
        groups[row.subject] = (hours + row.hours, raw + (row.raw_hours or ZERO))
    room, countable = most, ZERO
    for hours, raw in groups.values():
        if raw <= 0 or hours < 0:
            countable += hours
            room -= min(raw, max(room, ZERO))
            continue
        taken = min(raw, max(room, ZERO))
        countable += hours * taken / raw
        room -= taken
    return countable
