"""Steps 8 to 10 for one enrolment: when its gates opened, what they let through, and adjustments.

Whether the course was credited before, corrections and reversals are `entries.py`'s.
Source: `credit-rules.md` 4.8 to 4.10, 5.1 to 5.3, 5.6, 5.16 to 5.18, 5.27 to 5.31.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from courses.credit.exact import Exact, quotient
from courses.credit.seen import Seen, withdrawn_at
from courses.credit.study import Credit, Study
from courses.credit.valuation import ZERO, Account

Part = tuple[Credit, Exact]


@dataclass(frozen=True, slots=True)
class Gate:
    """What opened for some lessons, by index. `may_post_zero`: its own posting is written anyhow."""

    lessons: range
    opened_at: int
    may_post_zero: bool = True


@dataclass(slots=True)
class Release:
    """Effective time that is let through at one instant: by a gate, or by a stretch's end."""

    at: int
    gate: Gate
    stretch: str  # its id; empty for a gate
    order: int  # of the lesson
    parts: list[Part] = field(default_factory=list)

    @property
    def key(self) -> tuple[int, int, bool, str]:
        """Ties stand in lesson order, gate before tail, then stretch id."""
        return (self.at, self.order, bool(self.stretch), self.stretch)


@dataclass(frozen=True, slots=True)
class Amount:
    """A posting or an adjustment before anything else is known of the learner."""

    kind: str
    at: int
    hours: Fraction
    raw_hours: Fraction
    policy: str


@dataclass(slots=True)
class Plan:
    """What one enrolment would post. `lessons_at`: when each lesson was first posted, by index."""

    account: Account
    gates: list[Gate]
    amounts: list[Amount] = field(default_factory=list)
    lessons_at: dict[int, int] = field(default_factory=dict)

    @property
    def posted_at(self) -> int | None:
        """The first posting."""
        return next((amount.at for amount in self.amounts if amount.kind == "posting"), None)


def plan(seen: Seen, study: Study, *, stop_at: int | None) -> Plan:
    """The postings and adjustments of one enrolment up to its reversal at `stop_at`, if any."""
    gates = _gates(seen, study)
    made = _planned(seen, study, gates, stop_at)
    if made.posted_at is None and _is_waived(seen, study):
        may_post_zero = study.rules.partial_credit != "pro_rata" or study.is_exam_required
        waived = [
            Gate(range(index, index + 1), study.end or 0, may_post_zero=may_post_zero)
            for index, lesson in enumerate(study.lessons)
            if lesson.opened_at is not None
        ]
        made = _planned(seen, study, waived, stop_at)
        made.gates = [*gates, *waived]
    return made


def _is_waived(seen: Seen, study: Study) -> bool:
    """Whether the course was withdrawn in a way that lets single lessons of this enrolment post."""
    withdrawal = study.course.withdrawn
    return (
        withdrawal is not None
        and withdrawal.rule == "per_lesson_exam_waived"
        and withdrawn_at(study.course, seen.as_of) is not None
        and study.end == withdrawal.at
        and study.enrolment.at <= withdrawal.at
    )


def is_coverage_open(seen: Seen, study: Study) -> bool:
    """Whether the coverage gate is open before `as_of`; of `per_lesson`, at least one lesson's."""
    if study.rules.partial_credit == "pro_rata":
        return True
    if study.rules.partial_credit == "per_lesson":
        return any(_has_opened(seen, lesson.opened_at) for lesson in study.lessons)
    return _has_opened(seen, study.opened_at)


def provisional_hours(seen: Seen, study: Study) -> Fraction:
    """What waits behind a gate, rounded as a posting would be; nothing has been posted yet."""
    if study.end is not None or not is_coverage_open(seen, study):
        return ZERO
    is_per_lesson = study.rules.partial_credit == "per_lesson"
    opened = _opened(seen, study, _gates(seen, study))
    account = Account(seen, study, opened, min(opened))
    for credit in study.credits:
        lesson = study.lessons[credit.lesson_index]
        if not is_per_lesson or _has_opened(seen, lesson.opened_at):
            account.add(credit, credit.effective_ms)
    return account.credited(seen.last_ms)


def raw_hours(seen: Seen, study: Study, made: Plan) -> Fraction:
    """Raw hours of all effective time, posted or not, as known before `as_of`."""
    opened = _opened(seen, study, made.gates)
    account = Account(seen, study, opened, min(opened))
    for credit in study.credits:
        account.add(credit, credit.effective_ms)
    return account.raw(seen.last_ms)


def _has_opened(seen: Seen, opened_at: int | None) -> bool:
    return opened_at is not None and opened_at < seen.as_of


def _gates(seen: Seen, study: Study) -> list[Gate]:
    """The gates that are open before `as_of`, in lesson order."""
    whole = range(len(study.lessons))
    if study.is_exam_required and study.passed_at is None:
        return []
    passed_at = study.passed_at if study.passed_at is not None else study.enrolment.at
    partial = study.rules.partial_credit
    if partial == "pro_rata":
        return [Gate(whole, passed_at, may_post_zero=study.is_exam_required)]
    found = []
    if partial == "none" and study.opened_at is not None:
        found.append(Gate(whole, max(study.opened_at, passed_at)))
    if partial == "per_lesson":
        found = [
            Gate(range(index, index + 1), max(lesson.opened_at, passed_at))
            for index, lesson in enumerate(study.lessons)
            if lesson.opened_at is not None
        ]
    return [gate for gate in found if gate.opened_at < seen.as_of]


def _opened(seen: Seen, study: Study, gates: list[Gate]) -> list[int]:
    """By lesson: when its gate opened; one that has not counts as opening just before `as_of`."""
    opened = [seen.last_ms] * len(study.lessons)
    for gate in gates:
        for index in gate.lessons:
            opened[index] = gate.opened_at
    return opened


def _planned(seen: Seen, study: Study, gates: list[Gate], stop_at: int | None) -> Plan:
    opened = _opened(seen, study, gates)
    account = Account(seen, study, opened, min(opened))
    made = Plan(account, gates)
    releases = sorted(_releases(seen, study, gates), key=lambda release: release.key)
    if not releases:
        return made
    last_at = seen.last_ms if stop_at is None else stop_at
    issues = [at for at in seen.pool.issues if releases[0].at <= at <= last_at]
    hours = raw = ZERO
    waiting: set[int] = set()  # lessons whose time was let through but not yet posted
    for at, release in _in_time(releases, issues):
        if release is not None:
            for credit, effective_ms in release.parts:
                account.add(credit, effective_ms)
                waiting.add(credit.lesson_index)
            ruling = account.ruling(release.gate.opened_at, at)
        else:
            ruling = account.first_ruling(at)
        amount = account.credited(at) - hours
        is_written = release is not None and not release.stretch and release.gate.may_post_zero
        is_posted = made.posted_at is not None
        if release is None and not is_posted:
            continue
        if is_written or amount or is_posted:
            # What rounding swallowed after a posting is within the rounded total: posted too.
            for index in waiting:
                made.lessons_at.setdefault(index, at)
            waiting.clear()
        if not amount and not is_written:
            continue
        raw_amount = account.raw(at) - raw
        kind = "adjustment" if release is None else "posting"
        made.amounts.append(Amount(kind, at, amount, raw_amount, ruling.name))
        hours, raw = hours + amount, raw + raw_amount
    return made


def _in_time(releases: list[Release], issues: list[int]) -> Iterator[tuple[int, Release | None]]:
    """Releases and issue instants (None) as they come; at one instant the releases first."""
    events: list[tuple[int, Release | None]] = [(release.at, release) for release in releases]
    events.extend((at, None) for at in issues)
    events.sort(key=lambda event: (event[0], event[1] is None))  # stable
    yield from events


def _releases(seen: Seen, study: Study, gates: list[Gate]) -> Iterator[Release]:
    """What every gate holds, and after it one tail for each stretch, before `as_of`."""
    gate_of = {index: gate for gate in gates for index in gate.lessons}
    at_gate = {
        gate.lessons: Release(gate.opened_at, gate, "", gate.lessons.start) for gate in gates
    }
    tails: dict[str, Release] = {}
    for credit in study.credits:
        gate = gate_of.get(credit.lesson_index)
        if gate is None:
            continue
        before_ms = _before(credit, gate.opened_at)
        if before_ms > 0:
            at_gate[gate.lessons].parts.append((credit, before_ms))
        after_ms = credit.effective_ms - before_ms
        stretch = credit.stretch
        ended_at = stretch.wall_to if study.end is None else min(stretch.wall_to, study.end)
        if after_ms > 0 and ended_at < seen.as_of:
            tail = tails.setdefault(
                stretch.id, Release(ended_at, gate, stretch.id, credit.lesson_index)
            )
            tail.parts.append((credit, after_ms))
    yield from at_gate.values()
    yield from tails.values()


def _before(credit: Credit, at: int) -> Exact:
    """How much of a credit was won before an instant."""
    if credit.wall_to <= at:
        return credit.effective_ms
    if credit.wall_from >= at:
        return 0
    wall_ms = credit.wall_to - credit.wall_from
    return quotient(credit.effective_ms * (at - credit.wall_from), wall_ms)
