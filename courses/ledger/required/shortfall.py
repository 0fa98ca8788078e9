"""What is short of requirements, of one or of many, from what is written in the ledger: a few queries for all.

The engine's own step judges (`courses.credit.requirements`). No life is computed anew here, so what was
watched in the last minutes and is not settled yet is not in it; the statement shows that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from courses import policies
from courses.credit import entries as credit
from courses.credit.entries import KINDS
from courses.credit.evidence import Requirement as Typed
from courses.credit.policy import Policy
from courses.credit.requirements import RequirementResult, fill
from courses.ledger import entries, reconcile
from courses.ledger.cases.models import Claim
from courses.ledger.models import Entry, OfflineHours, Requirement
from courses.ledger.reconcile import Line, Written
from courses.policies import PolicyVersion
from media.base import to_ms

DAY = timedelta(days=1)
PRACTICAL, ONLINE = "practical", "online"


@dataclass(frozen=True, slots=True)
class Part:
    """A requirement, how far it is filled, and its days, the last one included."""

    row: Requirement
    result: RequirementResult
    rule: PolicyVersion
    first_on: date
    last_on: date

    @property
    def due_on(self) -> date | None:
        """The last day allowed; None where no rule is known to say. An official's ends with its period."""
        return self.row.due_on if self.row.appointment_id else self.last_on


def of_subjects(session: Session, ends: Mapping[str, datetime]) -> dict[str, list[Part]]:
    """Each subject's requirements as they stood at an instant (exclusive), by their first day."""
    first, last = min(ends.values(), default=None), max(ends.values(), default=None)
    if first is None or last is None:
        return {}
    rows = session.scalars(
        select(Requirement)
        .where(
            Requirement.subject_key.in_(list(ends)),
            Requirement.entered_at < last,
            or_(Requirement.withdrawn_at.is_(None), Requirement.withdrawn_at >= first),
        )
        .order_by(Requirement.from_at, Requirement.entered_at, Requirement.id)
    )
    known = [row for row in rows if stood(row, at=ends[row.subject_key])]
    found: dict[str, list[Part]] = {key: [] for key in ends}
    for part in judged(session, known, ends):
        found[part.row.subject_key].append(part)
    return found


def stood(row: Requirement, *, at: datetime) -> bool:
    """Whether a requirement was known and not withdrawn just before an instant."""
    return row.entered_at < at and (row.withdrawn_at is None or row.withdrawn_at >= at)


def judged(session: Session, rows: Sequence[Requirement], ends: Mapping[str, datetime]) -> list[Part]:
    """Rows with what fills them, of entries dated before each subject's instant."""
    rules = labelled(session, {row.policy for row in rows})
    typed_rules = {label: policies.typed(rule) for label, rule in rules.items()}
    written = written_of(session, {row.subject_key for row in rows})
    parts = []
    for row in rows:
        at = to_ms(ends[row.subject_key])
        mine = [entry for entry in written.get(row.subject_key, ()) if entry.at < at]
        parts.append(part(row, rules[row.policy], typed_rules[row.policy], mine))
    return parts


def part(row: Requirement, rule: PolicyVersion, policy: Policy, mine: Sequence[credit.Entry]) -> Part:
    """One requirement judged."""
    last_on = policies.day_of(row.to_at, rule.zone) - DAY
    return Part(row, fill(typed(row), policy, mine), rule, policies.day_of(row.from_at, rule.zone), last_on)


def typed(row: Requirement) -> Typed:
    """A row as the engine takes it."""
    return Typed(row.id, row.hours, to_ms(row.from_at), to_ms(row.to_at), row.policy, row.kind)


def labelled(session: Session, labels: Iterable[str]) -> dict[str, PolicyVersion]:
    """Policy versions by `id@version`."""
    names = {label.rpartition("@")[0] for label in labels}
    found = session.scalars(select(PolicyVersion).where(PolicyVersion.policy_id.in_(names)))
    return {version.label: version for version in found}


def written_of(session: Session, keys: Iterable[str]) -> dict[str, list[credit.Entry]]:
    """The entries that stand in the ledger of each subject, as the engine's steps take them, in their order."""
    wanted = list(keys)
    kinds: dict[str, str] = {}
    for table in (OfflineHours, Claim):
        rows = session.execute(select(table.id, table.kind).where(table.subject_key.in_(wanted)))
        kinds |= {row_id: kind for row_id, kind in rows}  # noqa: C416 - rows are no tuples to mypy
    own: defaultdict[str, list[Written]] = defaultdict(list)
    for row in session.scalars(
        select(Entry).where(Entry.subject_key.in_(wanted)).order_by(Entry.written_at, Entry.at, Entry.id)
    ):
        own[row.subject_key].append(Written(row.id, entries.line_of(row), row.cancels_id))
    return {key: in_order(reconcile.standing(rows), kinds) for key, rows in own.items()}


def in_order(rows: Iterable[Written], kinds: Mapping[str, str]) -> list[credit.Entry]:
    """Rows of one subject; `kinds` says of hours in person and from elsewhere what they are."""
    found = [entry(row.line, kinds.get(row.line.about, ONLINE)) for row in rows]
    return sorted(found, key=lambda row: (row.at, KINDS.index(row.kind), row.subject))


def entry(line: Line, kind: str) -> credit.Entry:
    """One line of the ledger as the engine's."""
    return credit.Entry(
        line.kind, to_ms(line.at), line.hours, line.about, line.policy, line.raw_hours, line.reason,
        is_online=kind == ONLINE, is_practical=kind == PRACTICAL,
    )  # fmt: skip
