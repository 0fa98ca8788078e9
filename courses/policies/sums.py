"""What a simulation adds up, learner by learner, and what of it may be shown. Pure; kept as JSON.

Only sums are kept, never a learner. Groups of fewer than five are put together, and counts under five are
not told where the rest of the column would give them away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from courses.units import fraction_text

LEAST = 5  # persons; fewer would be named by the figure
AXES = ("district", "trainee", "institution")
ALL = "all"
NOBODY = "-"  # the group of those who are of none
TOGETHER = "+"  # the groups of fewer than five
COUNTS = ("changed", "falls", "rises")
Sums = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One learner's period under both rules. `falls`: a requirement met before and short after; `rises`: the reverse."""

    district: str
    trainees: tuple[str, ...]
    before: Fraction
    after: Fraction
    falls: bool
    rises: bool
    by_institution: Mapping[str, tuple[Fraction, Fraction]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. A count of None is hidden: 1 to 4, or it would give a hidden one away."""

    key: str  # of the group, NOBODY or TOGETHER
    learners: int
    before: Fraction
    after: Fraction
    changed: int | None
    falls: int | None
    rises: int | None

    @property
    def difference(self) -> Fraction:
        """Hours more, or fewer."""
        return self.after - self.before


def add(sums: Sums, one: Outcome) -> None:
    """Add a learner to everything and to each of their groups."""
    _count(_cell(sums, ALL, ""), one, one.before, one.after)
    _count(_cell(sums, "district", one.district), one, one.before, one.after)
    for trainee in one.trainees or ("",):
        _count(_cell(sums, "trainee", trainee), one, one.before, one.after)
    for institution, (before, after) in one.by_institution.items():
        _count(_cell(sums, "institution", institution), one, before, after)


def _cell(sums: Sums, axis: str, key: str) -> dict[str, Any]:
    empty = {"learners": 0, "changed": 0, "falls": 0, "rises": 0, "before": "0", "after": "0"}
    return sums.setdefault(axis, {}).setdefault(key or NOBODY, empty)


def _count(cell: dict[str, Any], one: Outcome, before: Fraction, after: Fraction) -> None:
    cell["learners"] += 1
    cell["changed"] += before != after
    cell["falls"] += one.falls
    cell["rises"] += one.rises
    cell["before"] = fraction_text(Fraction(cell["before"]) + before)
    cell["after"] = fraction_text(Fraction(cell["after"]) + after)


def whole(sums: Sums) -> Line | None:
    """Everybody together; None where there were fewer than five."""
    cell = sums.get(ALL, {}).get(NOBODY)
    if cell is None or cell["learners"] < LEAST:
        return None
    return _line(ALL, [cell], hidden={name for name in COUNTS if 0 < cell[name] < LEAST})


def lines(sums: Sums, axis: str) -> list[Line]:
    """The groups of an axis, those that lose most first; those too small together at the end, or not at all."""
    cells = dict(sums.get(axis, {}))
    small = sorted((key for key in cells if cells[key]["learners"] < LEAST), key=lambda key: (cells[key]["learners"], key))
    big = sorted((key for key in cells if key not in small), key=lambda key: (cells[key]["learners"], key))
    # One small group alone is the difference between the total and the rest.
    while small and big and sum(cells[key]["learners"] for key in small) < LEAST:
        small.append(big.pop(0))
    groups = {key: [cells[key]] for key in big}
    if small and sum(cells[key]["learners"] for key in small) >= LEAST:
        groups[TOGETHER] = [cells[key] for key in small]
    counts = {name: {key: sum(cell[name] for cell in rows) for key, rows in groups.items()} for name in COUNTS}
    hidden = {name: _hidden(column) for name, column in counts.items()}
    made = [
        _line(key, rows, hidden={name for name in hidden if key in hidden[name]})
        for key, rows in groups.items()
    ]
    return sorted(made, key=lambda line: (line.key == TOGETHER, line.difference, line.key))


def _hidden(column: Mapping[str, int]) -> set[str]:
    """Groups whose count is not told: 1 to 4, and another where a single one would follow from the total."""
    found = {key for key, count in column.items() if 0 < count < LEAST}
    if len(found) == 1:
        others = sorted((count, key) for key, count in column.items() if key not in found)
        found |= {key for _count, key in others[:1]}
    return found


def _line(key: str, cells: list[dict[str, Any]], *, hidden: set[str]) -> Line:
    told = {name: None if name in hidden else sum(cell[name] for cell in cells) for name in COUNTS}
    return Line(
        key=key,
        learners=sum(cell["learners"] for cell in cells),
        before=sum((Fraction(cell["before"]) for cell in cells), Fraction(0)),
        after=sum((Fraction(cell["after"]) for cell in cells), Fraction(0)),
        **told,
    )
