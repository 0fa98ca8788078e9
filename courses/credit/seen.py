"""The evidence as it stood before `as_of`: each row once, grouped as the pipeline asks for it.

Source: `credit-rules.md` 4.1, 5.8 and 5.14.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from courses.credit import instants
from courses.credit.evidence import (
    BadEvidence,
    Correction,
    Course,
    Enrolment,
    Evidence,
    ExamAttempt,
    PresenceCheck,
    Requirement,
    Stretch,
)
from courses.credit.instants import Zone
from courses.credit.policy import Policy, Pool


class HasId(Protocol):
    """A row that an id names."""

    @property
    def id(self) -> str:
        """The name."""


IdRow = TypeVar("IdRow", bound=HasId)
T = TypeVar("T")
Place = tuple[str, object, str]  # a list of the file, a row of it, a field


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened before `as_of`. Lists keep the order of the file."""

    evidence: Evidence
    zone: Zone
    pool: Pool
    enrolments: list[Enrolment]
    courses: dict[str, Course]  # by enrolment
    ends: dict[str, int | None]  # by enrolment: expiry, refund or withdrawal, the first of them
    refunds: dict[str, int]  # by enrolment: the first
    stretches: list[Stretch]
    presence: dict[str, list[PresenceCheck]]  # by playback, in time
    beats: dict[str, list[int]]  # by playback, in time, each instant once
    exams: dict[str, list[ExamAttempt]]  # by enrolment, in time
    corrections: dict[str, list[Correction]]  # by enrolment, in time
    requirements: list[Requirement]

    @property
    def as_of(self) -> int:
        """Exclusive."""
        return self.evidence.as_of

    @property
    def last_ms(self) -> int:
        """The last millisecond before `as_of`."""
        return self.evidence.as_of - 1

    def in_force(self, at: int, known_at: int, place: Place) -> Policy:
        """The version in force; where there is none, `place` in the file is refused."""
        found = self.pool.in_force(at, known_at)
        if found is None:
            name, row, field = place
            index = list(getattr(self.evidence, name)).index(row)
            when = instants.text(at, self.zone)
            raise BadEvidence(
                f"{name}[{index}].{field}", f"no policy version is in force at {when}"
            )
        return found


def before_as_of(evidence: Evidence) -> Seen:
    """The evidence that is seen; `checking.check` has passed on all of it."""
    as_of = evidence.as_of
    known = {(course.id, course.edition): course for course in evidence.courses}
    enrolments = [row for row in once(evidence.enrolments) if row.at < as_of]
    courses = {row.id: known[row.course, row.edition] for row in enrolments}
    refunds: dict[str, int] = {}
    for refund in sorted(evidence.refunds, key=lambda row: row.at):
        if refund.at < as_of:
            refunds.setdefault(refund.enrolment, refund.at)
    policies = list(evidence.policies)
    return Seen(
        evidence=evidence,
        zone=instants.zone(policies[0].timezone if policies else "Asia/Shanghai"),
        pool=Pool([row for row in _once_each(policies) if row.issued_at < as_of]),
        enrolments=enrolments,
        courses=courses,
        ends={row.id: _end(row, courses[row.id], refunds, as_of) for row in enrolments},
        refunds=refunds,
        stretches=[
            row
            for row in once(evidence.stretches)
            if row.wall_from < as_of and row.enrolment in courses
        ],
        presence=_grouped(
            (row for row in dict.fromkeys(evidence.presence) if row.at < as_of),
            lambda row: row.playback,
            lambda row: row.at,
        ),
        beats={
            playback: [row.at for row in rows]
            for playback, rows in _grouped(
                (row for row in dict.fromkeys(evidence.beats_heard) if row.at < as_of),
                lambda row: row.playback,
                lambda row: row.at,
            ).items()
        },
        exams=_grouped(
            (row for row in dict.fromkeys(evidence.exams) if row.at < as_of),
            lambda row: row.enrolment,
            lambda row: row.at,
        ),
        corrections=_grouped(
            (row for row in once(evidence.corrections) if row.at < as_of),
            lambda row: row.subject,
            lambda row: row.at,
        ),
        requirements=once(evidence.requirements),
    )


def once(rows: Sequence[IdRow]) -> list[IdRow]:
    """Each id once, in the order of the file."""
    found: dict[str, IdRow] = {}
    for row in rows:
        found.setdefault(row.id, row)
    return list(found.values())


def withdrawn_at(course: Course, as_of: int) -> int | None:
    """When the course was taken back, where that was before `as_of`."""
    if course.withdrawn is None or course.withdrawn.at >= as_of:
        return None
    return course.withdrawn.at


def _end(enrolment: Enrolment, course: Course, refunds: dict[str, int], as_of: int) -> int | None:
    ends = [enrolment.expires_at, refunds.get(enrolment.id), withdrawn_at(course, as_of)]
    return min((end for end in ends if end is not None and end < as_of), default=None)


def _once_each(policies: Iterable[Policy]) -> list[Policy]:
    found: dict[tuple[str, str], Policy] = {}
    for policy in policies:
        found.setdefault((policy.id, policy.version), policy)
    return list(found.values())


def _grouped(
    rows: Iterable[T], key: Callable[[T], str], at: Callable[[T], int]
) -> dict[str, list[T]]:
    """Rows by key, in time, at one instant in the order of the file."""
    groups: defaultdict[str, list[T]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    for group in groups.values():
        group.sort(key=at)
    return dict(groups)
