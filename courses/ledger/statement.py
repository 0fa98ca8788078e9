"""The site's statement: the engine's, with the ledger's rows as its entries (`credit-rules.md` 5.35).

Where everything is written and nothing was taken back the two are the same, word for word; per
subject they always sum to the same. What explains it to a person is in `explained`.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from courses import errors
from courses.credit import instants
from courses.credit.entries import KINDS
from courses.credit.evidence import BadEvidence, Evidence
from courses.credit.recompute import Trace
from courses.ledger import accrual, entries, evidence, reconcile
from courses.ledger.reconcile import Line, Written
from courses.policies import instant_text
from courses.units import fraction_text


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the ledger as shown: written, or still unsettled; `cancels` where it takes one back."""

    line: Line
    row_id: str | None
    cancels: str | None = None
    is_cancelled: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether it is written."""
        return self.row_id is not None


@dataclass(frozen=True, slots=True)
class Told:
    """A statement with what it rests on, but for what was watched; `rows` are its entries in their order."""

    evidence: Evidence
    trace: Trace
    rows: list[Row]

    @property
    def total(self) -> Fraction:
        """All hours, online and in person."""
        return sum((row.line.hours for row in self.rows), Fraction(0))

    @property
    def unsettled(self) -> Fraction:
        """Hours among them that are not written yet."""
        return sum((row.line.hours for row in self.rows if not row.is_settled), Fraction(0))

    def to_json(self) -> dict[str, Any]:
        """The format `xueshi-statement/1`."""
        statement = self.trace.statement
        return statement.to_json() | {"entries": [entry_json(row.line, statement.zone) for row in self.rows]}


def of(session: Session, subject_key: str, *, as_of: datetime) -> Told:
    """The statement of what happened before `as_of`; Conflict `no_policy` where no rule can judge it."""
    frame = evidence.frame(session, subject_key, as_of=as_of)
    try:
        trace = accrual.trace(session, frame)
    except BadEvidence as bad:
        raise errors.Conflict(
            "no_policy", "Hours cannot be shown: no rule was in force for some of this time."
        ) from bad
    rows = entries.of_subject(session, subject_key, before=as_of)
    return Told(frame.evidence, trace, merged(entries.computed(trace.statement), rows, as_of=as_of))


def merged(computed: list[Line], rows: list[Written], *, as_of: datetime) -> list[Row]:
    """The ledger's rows before `as_of`, and what settling at `as_of` would add to them.

    In the contract's order; what one instant, kind and subject share stands as the engine has it.
    """
    found = reconcile.reconciled(computed, reconcile.standing(rows))
    shown = [Row(line, row.id if row else None) for line, row in found.lines]
    stale = {row.id for row in found.stale}
    gone = stale | {row.cancels_id for row in rows if row.cancels_id is not None}
    for row in rows:
        if row.cancels_id is not None or row.id in gone:
            shown.append(Row(row.line, row.id, row.cancels_id, row.id in gone))
    last = as_of - evidence.TICK
    shown += [Row(reconcile.against(row, at=last), None, row.id) for row in found.stale]
    return sorted(shown, key=lambda row: (row.line.at, KINDS.index(row.line.kind), row.line.about))


def entry_json(line: Line, zone: instants.Zone) -> dict[str, Any]:
    """One entry as the contract writes it."""
    made: dict[str, Any] = {
        "kind": line.kind,
        "at": instant_text(line.at, zone),
        "hours": fraction_text(line.hours),
    }
    if line.raw_hours is not None:
        made["raw_hours"] = fraction_text(line.raw_hours)
    made |= {"subject": line.about, "policy": line.policy}
    if line.reason is not None:
        made["reason"] = line.reason
    return made
