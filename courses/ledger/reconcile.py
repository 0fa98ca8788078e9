"""What the ledger's rows lack against the engine's entries. Pure: values in, lines to write out.

A row that the evidence no longer bears out is cancelled by a new one that points back, so that per
subject the rows always sum to what `recompute` says (`credit-rules.md` 5.35). Told twice: nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

WITHDRAWN = "withdrawn"
CANCELLING = "reversal"


@dataclass(frozen=True, slots=True)
class Line:
    """An entry by its content: what the engine says, and what a row of the ledger holds."""

    kind: str
    about: str
    at: datetime
    hours: Fraction
    raw_hours: Fraction | None
    policy: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """A row of the ledger."""

    id: str
    line: Line
    cancels_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The engine's lines in their order, each with its row if it has one; and rows that no longer hold."""

    lines: list[tuple[Line, Written | None]]
    stale: list[Written]


def standing(rows: Iterable[Written]) -> list[Written]:
    """Rows that neither cancel another nor are cancelled, in the order given."""
    rows = list(rows)
    cancelled = {row.cancels_id for row in rows}
    return [row for row in rows if row.cancels_id is None and row.id not in cancelled]


def reconciled(computed: Iterable[Line], rows: Iterable[Written]) -> Reconciled:
    """Match lines and standing rows one to one: two equal lines need two rows."""
    free: defaultdict[Line, list[Written]] = defaultdict(list)
    for row in rows:
        free[row.line].append(row)
    lines = [(line, free[line].pop(0) if free[line] else None) for line in computed]
    return Reconciled(lines, [row for left in free.values() for row in left])


def against(row: Written, *, at: datetime) -> Line:
    """The line that takes a row back whole."""
    line = row.line
    return Line(
        kind=CANCELLING,
        about=line.about,
        at=at,
        hours=-line.hours,
        raw_hours=None if line.raw_hours is None else -line.raw_hours,
        policy=line.policy,
        reason=WITHDRAWN,
    )
