"""A rule worked through on invented evidence, by the same engine as everybody's hours."""

from dataclasses import dataclass, replace
from fractions import Fraction

from flask_babel import gettext as _

from courses import policies
from courses.credit import exact, recompute
from courses.credit.evidence import Course, Enrolment, Evidence, Lesson, Stretch
from courses.policies import PolicyVersion
from courses.units import MS_PER_HOUR
from media.base import to_ms

LESSON_MS = 45 * 60_000
LESSONS = 4
EVENING_MS = 19 * MS_PER_HOUR
DAY_MS = 24 * MS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Line:
    """One way to watch the course, and what comes of it."""

    what: str
    effective_ms: int
    raw_hours: Fraction
    hours: Fraction


def work(version: PolicyVersion) -> list[Line]:
    """Four lessons of 45 minutes: watched whole, three and a half, at double speed, and twice."""
    return [
        line(version, _("All four lessons, once"), LESSONS * LESSON_MS),
        line(version, _("Three lessons and half of the fourth"), LESSONS * LESSON_MS - LESSON_MS // 2),
        line(version, _("All four lessons, at double speed"), LESSONS * LESSON_MS, rate=2),
        line(version, _("All four lessons, then all of them again"), LESSONS * LESSON_MS, times=2),
    ]


def line(version: PolicyVersion, what: str, media_ms: int, *, rate: int = 1, times: int = 1) -> Line:
    """What the engine makes of so much of the course, watched in one go from 19:00 on."""
    found = recompute.statement(evidence(version, media_ms, rate=rate, times=times)).enrolments[0]
    return Line(
        what=what,
        effective_ms=exact.floor(found.effective_ms),
        raw_hours=found.raw_hours,
        hours=found.posted_hours,
    )


def evidence(version: PolicyVersion, media_ms: int, *, rate: int, times: int) -> Evidence:
    """An evening of the policy's first days."""
    evening = to_ms(version.effective_from) + EVENING_MS
    rule = replace(policies.typed(version), issued_at=evening - DAY_MS, effective_to=None)
    stretches = []
    at = evening
    for turn in range(times):
        for index in range(LESSONS):
            length = min(LESSON_MS, media_ms - index * LESSON_MS)
            name = f"{turn}-{index}"
            stretches.append(
                Stretch(name, "example", str(index), name, at, at + length // rate, 0, length)
            )
            at += length // rate
    return Evidence(
        learner="example",
        as_of=at + DAY_MS,
        policies=[rule],
        courses=[Course("example", 1, "none", [Lesson(str(i), LESSON_MS) for i in range(LESSONS)])],
        enrolments=[Enrolment("example", "example", 1, evening - MS_PER_HOUR)],
        stretches=stretches,
    )
