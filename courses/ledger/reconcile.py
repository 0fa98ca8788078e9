"""What the ledger's rows lack against the engine's entries. Pure: values in, lines to write out.

A row that the evidence no longer bears out is cancelled by a new one that points back, so that per
subject the rows always sum to what `recompute` says (`credit-rules.md` 5.35). Told twice: nothing.
"""

from collections import Counter
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
class Change:
    """A line to be written, and the row that it cancels, if it cancels one."""

    line: Line
    cancels: Written | None = None


def standing(rows: Iterable[Written]) -> list[Written]:
    """Rows that neither cancel another nor are cancelled, in the order given."""
    rows = list(rows)
    cancelled = {row.cancels_id for row in rows}
    return [row for row in rows if row.cancels_id is None and row.id not in cancelled]


def changes(computed: Iterable[Line], rows: Iterable[Written], *, at: datetime) -> list[Change]:
    """Cancelling lines, dated `at`, for rows that no longer hold; then the lines not yet written.

    Equal lines are matched one to one: two equal entries need two rows.
    """
    owed = list(computed)
    wanted = Counter(owed)
    plan: list[Change] = []
    for row in standing(rows):
        if wanted[row.line] > 0:
            wanted[row.line] -= 1
        else:
            plan.append(Change(against(row, at=at), row))
    for line in owed:
        if wanted[line] > 0:
            wanted[line] -= 1
            plan.append(Change(line))
    return plan


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
