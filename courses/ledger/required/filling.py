"""What courses would fill of a requirement, by the engine's own step: caps hold, practice stays practice. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from courses.credit.entries import Entry
from courses.credit.evidence import Requirement
from courses.credit.policy import Policy
from courses.credit.requirements import RequirementResult, fill

Course = TypeVar("Course")
MOST = 6  # courses somebody chooses from at a glance


@dataclass(frozen=True, slots=True)
class Candidate(Generic[Course]):
    """A course, and what completing it would post."""

    course: Course
    course_id: str
    hours: Fraction
    raw_hours: Fraction


@dataclass(frozen=True, slots=True)
class Filling(Generic[Course]):
    """A course, what it alone would fill, and what it would post."""

    course: Course
    fills: Fraction
    hours: Fraction


@dataclass(frozen=True, slots=True)
class Choice(Generic[Course]):
    """Courses that fill most, and how the requirement would stand with all of them done."""

    courses: list[Filling[Course]]
    result: RequirementResult


@dataclass(frozen=True, slots=True)
class Case:
    """A requirement, the version that judges it, and the entries there are; `at` is when courses would post."""

    requirement: Requirement
    policy: Policy
    entries: Sequence[Entry]
    at: int

    def with_done(self, candidates: Sequence[Candidate[Course]]) -> RequirementResult:
        """How it would stand with these courses completed."""
        posted = [
            Entry("posting", self.at, one.hours, one.course_id, self.policy.name, one.raw_hours) for one in candidates
        ]
        return fill(self.requirement, self.policy, [*self.entries, *posted])


def choose(case: Case, candidates: Sequence[Candidate[Course]]) -> Choice[Course]:
    """Those that fill most first; no more than are needed, and none that fills nothing.

    Equals stay in the order given.
    """
    now = case.with_done([])
    alone = [(now.short - case.with_done([one]).short, one) for one in candidates]
    ranked = sorted((row for row in alone if row[0] > 0), key=lambda row: -row[0])
    chosen: list[tuple[Fraction, Candidate[Course]]] = []
    result = now
    for fills, one in ranked:
        if result.short == 0 or len(chosen) == MOST:
            break
        further = case.with_done([*(row for _, row in chosen), one])
        if further.short < result.short:
            chosen.append((fills, one))
            result = further
    return Choice([Filling(one.course, fills, one.hours) for fills, one in chosen], result)
