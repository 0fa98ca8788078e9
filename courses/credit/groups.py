"""Which enrolments of a learner judge one another, so that others need not be computed again.

One does where it is of the same course (credited once), where they ran at the same time (one person,
one minute), and where they share a day on which the cap may have been reached. Nothing else in
`credit-rules.md` 4.2 to 4.10 looks from one enrolment to another.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from courses.credit.instants import Zone


@dataclass(frozen=True, slots=True)
class Run:
    """Wall `[wall_from, wall_to)` in which all of a playback lies; the most it can have earned."""

    enrolment: str
    wall_from: int
    wall_to: int
    most_ms: int


def groups(
    courses: Mapping[str, str], runs: Iterable[Run], *, zone: Zone, least_cap_ms: int | None
) -> list[list[str]]:
    """Enrolments (their courses by id, in the order of the file) in groups, each in that order.

    `least_cap_ms`: the lowest daily cap of any version in the pool.
    """
    runs = sorted(runs, key=lambda run: run.wall_from)
    above: dict[str, str] = {name: name for name in courses}

    def top(name: str) -> str:
        while above[name] != name:
            above[name] = name = above[above[name]]
        return name

    for one, other in _pairs(courses, runs, zone, least_cap_ms):
        above[top(one)] = top(other)
    found: dict[str, list[str]] = {}
    for name in courses:
        found.setdefault(top(name), []).append(name)
    return list(found.values())


def _pairs(
    courses: Mapping[str, str], runs: list[Run], zone: Zone, least_cap_ms: int | None
) -> Iterator[tuple[str, str]]:
    first_of: dict[str, str] = {}
    for name, course in courses.items():
        yield name, first_of.setdefault(course, name)
    reach: Run | None = None  # of the runs so far, the one that reaches furthest
    for run in runs:
        if reach is not None and run.wall_from < reach.wall_to:
            yield run.enrolment, reach.enrolment
        if reach is None or run.wall_to > reach.wall_to:
            reach = run
    if least_cap_ms is not None:
        for sharing in _capped(runs, zone, least_cap_ms):
            yield from pairwise(sharing)


def _capped(runs: list[Run], zone: Zone, least_cap_ms: int) -> Iterator[list[str]]:
    """By day: who ran on it, where all of them together may have reached the cap."""
    most_ms: dict[int, int] = {}
    on: dict[int, dict[str, None]] = {}
    for run in runs:
        for day in range(zone.day_of(run.wall_from), zone.day_of(run.wall_to) + 1):
            most_ms[day] = most_ms.get(day, 0) + run.most_ms
            on.setdefault(day, {})[run.enrolment] = None
    yield from (list(names) for day, names in on.items() if most_ms[day] >= least_cap_ms)
