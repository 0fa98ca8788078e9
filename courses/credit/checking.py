"""What must hold between the rows: references known, one id with one content, one zone.

Works on typed evidence, so that evidence from a database is held to the same as a file.
Source: `credit-rules.md` 3, 5.8 and 5.12.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from courses.credit.evidence import BadEvidence, Course, Evidence

T = TypeVar("T")


def check(evidence: Evidence) -> None:
    """Raise `BadEvidence` at the first row that contradicts another or refers to nothing."""
    _ids_are_unique(evidence)
    for index, policy in enumerate(evidence.policies):
        if policy.timezone != evidence.policies[0].timezone:
            raise BadEvidence(f"policies[{index}].timezone", "is not the zone of this file")
    courses = {(course.id, course.edition): course for course in evidence.courses}
    course_ids = {course.id for course in evidence.courses}
    for index, enrolment in enumerate(evidence.enrolments):
        if enrolment.course not in course_ids:
            raise BadEvidence(f"enrolments[{index}].course", "is unknown")
        if (enrolment.course, enrolment.edition) not in courses:
            raise BadEvidence(f"enrolments[{index}].edition", "is unknown for this course")
    _stretches_refer(evidence, courses)
    known = {enrolment.id for enrolment in evidence.enrolments}
    for name, subjects in (
        ("exams[{}].enrolment", [row.enrolment for row in evidence.exams]),
        ("refunds[{}].enrolment", [row.enrolment for row in evidence.refunds]),
        ("corrections[{}].subject", [row.subject for row in evidence.corrections]),
    ):
        for index, subject in enumerate(subjects):
            if subject not in known:
                raise BadEvidence(name.format(index), "is an unknown enrolment")
    versions = {policy.name for policy in evidence.policies}
    for index, requirement in enumerate(evidence.requirements):
        if requirement.policy not in versions:
            raise BadEvidence(f"requirements[{index}].policy", "is an unknown policy version")


def _ids_are_unique(evidence: Evidence) -> None:
    _unique("policies[{}].version", evidence.policies, lambda row: (row.id, row.version))
    _unique("courses[{}].edition", evidence.courses, lambda row: (row.id, row.edition))
    _unique("enrolments[{}].id", evidence.enrolments, lambda row: row.id)
    _unique("stretches[{}].id", evidence.stretches, lambda row: row.id)
    _unique("refunds[{}].id", evidence.refunds, lambda row: row.id)
    _unique("corrections[{}].id", evidence.corrections, lambda row: row.id)
    _unique("transfers[{}].id", evidence.transfers, lambda row: row.id)
    _unique("offline[{}].id", evidence.offline, lambda row: row.id)
    _unique("requirements[{}].id", evidence.requirements, lambda row: row.id)


def _unique(path: str, rows: Sequence[T], key: Callable[[T], Hashable]) -> None:
    found: dict[Hashable, T] = {}
    for index, row in enumerate(rows):
        if found.setdefault(key(row), row) != row:
            raise BadEvidence(path.format(index), "stands for two different contents")


def _stretches_refer(evidence: Evidence, courses: dict[tuple[str, int], Course]) -> None:
    lessons = {
        enrolment.id: {lesson.id for lesson in courses[enrolment.course, enrolment.edition].lessons}
        for enrolment in evidence.enrolments
    }
    playbacks: dict[str, tuple[str, str]] = {}
    for index, stretch in enumerate(evidence.stretches):
        if stretch.enrolment not in lessons:
            raise BadEvidence(f"stretches[{index}].enrolment", "is an unknown enrolment")
        if stretch.lesson not in lessons[stretch.enrolment]:
            raise BadEvidence(f"stretches[{index}].lesson", "is not a lesson of this enrolment")
        place = (stretch.enrolment, stretch.lesson)
        if playbacks.setdefault(stretch.playback, place) != place:
            raise BadEvidence(
                f"stretches[{index}].playback", "belongs to another lesson or enrolment"
            )
