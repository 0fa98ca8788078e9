"""Step 11: hours brought along, accepted or refused with a reason; and hours taken in person.

Source: `credit-rules.md` 4.11, 5.21, 5.22.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from courses.credit import instants
from courses.credit.evidence import OfflineHours, Transfer
from courses.credit.policy import Policy
from courses.credit.seen import Seen, once

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class CreditedContent:
    """A lesson's content that was posted at `at` and taken back at `reversed_at`, if ever."""

    fingerprint: str
    at: int
    reversed_at: int | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A transfer, what it brings, and why not. `raw_hours` only where it is online."""

    transfer: Transfer
    hours: Fraction
    raw_hours: Fraction | None
    policy: str
    refusal: str | None


class _Accepted:
    """What has been credited so far, as the transfers come one by one."""

    def __init__(self, content: Iterable[CreditedContent]) -> None:
        self._posted: dict[str, list[CreditedContent]] = {}
        for row in content:
            self._posted.setdefault(row.fingerprint, []).append(row)
        self._same: set[tuple[str, date, Fraction]] = set()
        self._fingerprints: set[str] = set()

    def refusal(self, seen: Seen, transfer: Transfer, policy: Policy) -> str | None:
        """The first reason in the listed order, or None."""
        if policy.validity_months is not None:
            day = seen.zone.day_of(transfer.applied_at)
            last = instants.later_by_months(transfer.taken_on, policy.validity_months)
            if day > instants.day_number(last):
                return "expired"
        if (transfer.from_where, transfer.taken_on, transfer.hours) in self._same:
            return "duplicate"
        if any(self._is_credited(print_, transfer.applied_at) for print_ in transfer.fingerprints):
            return "duplicate_content"
        return None if transfer.evidence_ok else "evidence_missing"

    def accept(self, transfer: Transfer) -> None:
        """Remember it against what comes later."""
        self._same.add((transfer.from_where, transfer.taken_on, transfer.hours))
        self._fingerprints.update(transfer.fingerprints)

    def _is_credited(self, fingerprint: str, at: int) -> bool:
        # At one instant postings and reversals come before transfers.
        return fingerprint in self._fingerprints or any(
            row.at <= at and (row.reversed_at is None or at < row.reversed_at)
            for row in self._posted.get(fingerprint, ())
        )


def judged(seen: Seen, content: Iterable[CreditedContent]) -> Iterator[Judged]:
    """Every transfer applied for before `as_of`, in the order of the entries."""
    accepted = _Accepted(content)
    rows = [row for row in once(seen.evidence.transfers) if row.applied_at < seen.as_of]
    for transfer in sorted(rows, key=lambda row: (row.applied_at, row.id)):
        at = transfer.applied_at
        policy = seen.in_force(
            at,
            at,
            ("transfers", transfer, "applied_at"),
        )
        refusal = accepted.refusal(seen, transfer, policy)
        raw = hours = ZERO
        if refusal is None:
            accepted.accept(transfer)
            raw = hours = transfer.hours * transfer.hour_ms / policy.hour_ms * transfer.factor
            if policy.transfer_applies_ratio and transfer.kind == "online":
                hours *= policy.ratio
        yield Judged(
            transfer, hours, raw if transfer.kind == "online" else None, policy.name, refusal
        )


def offline(seen: Seen) -> Iterator[tuple[int, OfflineHours, str]]:
    """Hours taken in person on days that began before `as_of`: instant, row, policy version."""
    for row in once(seen.evidence.offline):
        at = seen.zone.day_start(instants.day_number(row.on))
        if at < seen.as_of:
            policy = seen.in_force(
                at,
                at,
                ("offline", row, "on"),
            )
            yield at, row, policy.name
