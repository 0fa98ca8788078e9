"""Steps 9 to 11 over all enrolments: the net entries of the ledger.

One credit per course and period, corrections, reversals, transfers and offline hours.
Source: `credit-rules.md` 4.9 to 4.11, 5.18, 5.19, 5.22, 5.32, 5.39.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from courses.credit import posting, transfers
from courses.credit.evidence import Correction
from courses.credit.posting import Plan
from courses.credit.seen import Seen, withdrawn_at
from courses.credit.study import Study
from courses.credit.transfers import CreditedContent
from courses.credit.valuation import ZERO

KINDS = ("posting", "adjustment", "reversal", "transfer", "offline")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. `is_online` and `is_practical` say which requirements it may fill."""

    kind: str
    at: int
    hours: Fraction
    subject: str
    policy: str
    raw_hours: Fraction | None = None
    reason: str | None = None
    is_online: bool = True
    is_practical: bool = False


@dataclass(slots=True)
class Ledger:
    """What studying let through: the enrolments' entries, and the content that was credited."""

    entries: list[Entry]
    content: list[CreditedContent]
    plans: dict[str, Plan]
    posted_at: dict[str, int | None]
    posted_hours: dict[str, Fraction]


def studied(seen: Seen, studies: dict[str, Study]) -> Ledger:
    """The entries of enrolments dated before `as_of`, by enrolment."""
    plans = {
        name: posting.plan(seen, study, stop_at=reversed_at(seen, study))
        for name, study in studies.items()
    }
    zeroed = _already_credited(seen, studies, plans)
    rows: list[Entry] = []
    posted_hours: dict[str, Fraction] = {}
    for name, study in studies.items():
        own = _of_enrolment(seen, study, plans[name], is_zeroed=name in zeroed)
        posted_hours[name] = sum((row.hours for row in own), start=ZERO)
        rows.extend(own)
    content = list(_credited_content(seen, studies, plans, zeroed))
    posted_at = {name: plans[name].posted_at for name in studies}
    return Ledger(rows, content, plans, posted_at, posted_hours)


def joined(
    seen: Seen, own: Iterable[Entry], content: Iterable[CreditedContent]
) -> list[Entry]:
    """Every entry in its order: the enrolments' `own`, transfers and offline hours."""
    rows = list(own)
    rows.extend(
        Entry(
            kind="transfer",
            at=row.transfer.applied_at,
            hours=row.hours,
            subject=row.transfer.id,
            policy=row.policy,
            raw_hours=row.raw_hours,
            reason=row.refusal,
            is_online=row.transfer.kind == "online",
            is_practical=row.transfer.kind == "practical",
        )
        for row in transfers.judged(seen, content)
    )
    rows.extend(
        Entry("offline", at, row.hours, row.id, policy, None, None, False, row.kind == "practical")
        for at, row, policy in transfers.offline(seen)
    )
    rows.sort(key=lambda row: (row.at, KINDS.index(row.kind), row.subject))  # stable
    return rows


def reversed_at(seen: Seen, study: Study) -> int | None:
    """When a refund or a withdrawal by `void` takes everything back, the first of them."""
    found = [seen.refunds.get(study.enrolment.id)]
    withdrawal = study.course.withdrawn
    if withdrawal is not None and withdrawal.rule == "void":
        found.append(withdrawn_at(study.course, seen.as_of))
    return min((at for at in found if at is not None), default=None)


def _of_enrolment(seen: Seen, study: Study, plan: Plan, *, is_zeroed: bool) -> list[Entry]:
    """The entries of one enrolment in their order."""
    name = study.enrolment.id
    amounts = plan.amounts
    if is_zeroed:
        first = amounts[0]
        rows = [Entry(first.kind, first.at, ZERO, name, first.policy, ZERO, "already_credited")]
    else:
        rows = [
            Entry(row.kind, row.at, row.hours, name, row.policy, row.raw_hours) for row in amounts
        ]
    last_at = reversed_at(seen, study)
    corrections = seen.corrections.get(name, ())
    for correction in corrections:
        if last_at is not None and correction.at > last_at:
            continue
        at = correction.at
        policy = seen.in_force(at, at, ("corrections", correction, "at"))
        rows.append(
            Entry("adjustment", at, correction.hours, name, policy.name, ZERO, correction.reason)
        )
    rows.sort(key=lambda row: (row.at, KINDS.index(row.kind)))  # stable: corrections come last
    if last_at is not None and (amounts or sum(row.hours for row in rows)):
        hours = sum((row.hours for row in rows), start=ZERO)
        corrected = corrections[0] if corrections else None
        raw = sum((row.raw_hours or ZERO for row in rows), start=ZERO)
        rows.append(
            Entry(
                "reversal", last_at, -hours, name, _reversing(seen, plan, last_at, corrected), -raw
            )
        )
    return rows


def _reversing(seen: Seen, plan: Plan, at: int, correction: Correction | None) -> str:
    """The version by which the reversed hours were last reckoned."""
    if plan.posted_at is None and correction is not None:
        return seen.in_force(at, at, ("corrections", correction, "at")).name
    return plan.account.first_ruling(at).name


@dataclass(frozen=True, slots=True)
class _Posted:
    """When one enrolment posted, in time, and when that was taken back."""

    enrolment: str
    instants: list[int]
    reversed_at: int | None

    def holds(self, from_at: int, at: int, other: str) -> bool:
        """Whether it posted in `[from_at, at]` before `other` did at `at`, and still stood then."""
        if self.reversed_at is not None and self.reversed_at < at:
            return False
        find = bisect_right if self.enrolment < other else bisect_left
        return find(self.instants, at) > bisect_left(self.instants, from_at)


def _already_credited(seen: Seen, studies: dict[str, Study], plans: dict[str, Plan]) -> set[str]:
    """The enrolments whose first posting finds the course credited in a requirement's period."""
    firsts = sorted(
        (plan.posted_at, name) for name, plan in plans.items() if plan.posted_at is not None
    )
    periods = [(row.from_at, row.to_at) for row in seen.requirements]
    earlier: dict[str, list[_Posted]] = {}
    zeroed: set[str] = set()
    for at, name in firsts:
        study = studies[name]
        others = earlier.setdefault(study.course.id, [])
        holding = [from_at for from_at, to_at in periods if from_at <= at < to_at]
        if holding and any(other.holds(min(holding), at, name) for other in others):
            zeroed.add(name)
        posted = [row.at for row in plans[name].amounts if row.kind == "posting"]
        posted = posted[:1] if name in zeroed else posted
        others.append(_Posted(name, posted, reversed_at(seen, study)))
    return zeroed


def _credited_content(
    seen: Seen, studies: dict[str, Study], plans: dict[str, Plan], zeroed: set[str]
) -> Iterator[CreditedContent]:
    """The fingerprints of the lessons that were posted, from when and until when."""
    for name, plan in plans.items():
        if name in zeroed:
            continue
        study = studies[name]
        for index, at in plan.lessons_at.items():
            fingerprint = study.lessons[index].lesson.fingerprint
            if fingerprint is not None:
                yield CreditedContent(fingerprint, at, reversed_at(seen, study))
