"""Where a learner stands in an enrolment, as the credit engine says it: what a beat's answer tells.

The evidence given to the engine is this enrolment's own, and where a policy caps the day that of
those that it may share a full day with. Playbacks of one learner never overlap (`playbacks.open`), so nothing else can matter to
coverage, effective time and what is provisional; the ledger's statement of everything agrees.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import enrolment as enrolments
from courses import policies
from courses.credit import evidence as credit
from courses.credit import exact, instants, recompute
from courses.credit.exact import Exact
from courses.credit.motion import COUNTED
from courses.credit.policy import Policy, Pool
from courses.credit.recompute import Trace
from courses.credit.statement import EnrolmentResult
from courses.enrolment import Taking
from courses.watch import beats, evidence, presence
from courses.watch.evidence import Watched
from courses.watch.models import Playback
from courses.watch.playbacks import Hearing
from courses.watch.presence import Plan
from media.base import to_ms

# Where no rule is in force, coverage is still kept and shown, and nothing is promised.
NO_RULE = Policy(id="none", version="0", issued_at=0, effective_from=0, ratio=Fraction(0))
Lost = tuple[int, int, str]  # media that was played and did not count, with its reason
Exams = Mapping[str, Sequence[tuple[datetime, str]]]


@dataclass(frozen=True, slots=True)
class Rules:
    """The versions that bind an enrolment's jurisdiction, and the one in force now."""

    versions: tuple[Policy, ...]
    now: Policy
    plan: Plan | None = None  # how presence is asked now

    @property
    def has_any(self) -> bool:
        """Whether a rule is in force now."""
        return self.now is not NO_RULE

    def at(self, at: datetime) -> Policy | None:
        """The version in force at an instant, as it was known then; what an enrolment made then keeps."""
        return Pool(self.versions).in_force(to_ms(at), to_ms(at))

    @property
    def max_rate(self) -> int:
        """How fast a player may go."""
        return 1 if self.now.speed == "reject" else beats.FASTEST

    @property
    def zone(self) -> instants.Zone:
        """In which the policies' days begin."""
        return instants.zone(self.versions[0].timezone)

    @property
    def least_cap_ms(self) -> int | None:
        """The lowest of the daily caps, None where no version has one."""
        return min((one.daily_cap_ms for one in self.versions if one.daily_cap_ms is not None), default=None)

    def may_reach_cap(self, wall_ms: int) -> bool:
        """Whether so much open time of a day can have been cut by a cap; where media counts, at the fastest."""
        if self.least_cap_ms is None:
            return False
        if all(one.speed == "wall" for one in self.versions):
            return wall_ms > self.least_cap_ms
        return wall_ms * beats.FASTEST * (100 + beats.RATE_TOLERANCE_PERCENT) > self.least_cap_ms * 100

    def day_of(self, at_ms: int) -> tuple[int, int]:
        """The instants between which the day of `at_ms` lies, in the policies' zone."""
        day = self.zone.day_of(at_ms)
        return self.zone.day_start(day), self.zone.day_start(day + 1)

    def beat_every_ms(self, usual_ms: int) -> int:
        """How often a player reports: always below the gap that would void its time."""
        gap_ms = self.now.heartbeat_gap_ms
        return usual_ms if gap_ms is None else max(1, min(usual_ms, gap_ms // 2))


@dataclass(frozen=True, slots=True)
class LessonStanding:
    """One lesson of an enrolment. `covered_ms` are `[from, to]` pairs in ascending order."""

    lesson_id: str
    duration_ms: int
    covered_ms: list[list[Any]]
    effective_ms: Exact
    coverage: Fraction
    not_counted: Mapping[str, Exact]

    @property
    def is_complete(self) -> bool:
        """Whether nothing of it is missing."""
        return self.coverage >= 1


@dataclass(frozen=True, slots=True)
class Standing:
    """An enrolment: its lessons in order, and hours as exact fractions."""

    enrolment_id: str
    trace: Trace = field(repr=False, compare=False)
    lessons: tuple[LessonStanding, ...]
    effective_ms: Exact
    provisional_hours: Fraction
    posted_hours: Fraction
    is_covered: bool
    is_posted: bool
    is_exam_passed: bool  # or none is required
    day_left_ms: Exact | None  # effective time that today's cap still lets count, None without a cap

    def lesson(self, lesson_id: str) -> LessonStanding:
        """One lesson, which the edition has."""
        return next(one for one in self.lessons if one.lesson_id == lesson_id)

    def lost(self, lesson_id: str) -> list[Lost]:
        """What was played of a lesson in vain; what had been seen before is missing nowhere."""
        return [
            (exact.floor(part.media_from_ms), exact.ceiling(part.media_to_ms), part.verdict)
            for parts in self.trace.parts.values()
            for part in parts
            if (part.stretch.enrolment, part.stretch.lesson) == (self.enrolment_id, lesson_id)
            and part.verdict not in (COUNTED, "seen_before")
        ]

    def told(self, lesson_id: str) -> dict[str, Any]:
        """What every answer about a lesson holds."""
        lesson = self.lesson(lesson_id)
        return {
            "covered_ms": lesson.covered_ms,
            "effective_ms": exact.plain(lesson.effective_ms),
            "provisional_hours": exact.text(self.provisional_hours),
        }


def rules(session: Session, jurisdiction_id: str, *, now: datetime) -> Rules:
    """The rules of a jurisdiction as known now; `NO_RULE` alone where there are none."""
    bound = policies.pool(session, jurisdiction_id, known_at=now)
    versions = tuple(policies.typed(one) for one in bound)
    at = to_ms(now)
    found = Pool(versions).in_force(at, at) if versions else None
    if found is None:
        return Rules(versions or (NO_RULE,), NO_RULE)
    version = bound[versions.index(found)].version
    return Rules(versions, found, Plan.of(version.prompts))


def judged_with(session: Session, taking: Taking, by: Rules, *, now: datetime) -> list[Taking]:
    """The takings that must be looked at together with this one; itself alone without a daily cap.

    With one: those watched today, which say what is left of it, and those that shared a day on which the
    cap may have been reached, with this one or with one of them. Others change nothing and are not read.
    """
    if by.least_cap_ms is None:
        return [taking]
    mine = enrolments.mine(session, taking.enrolment.subject_key)
    days = _days(session, taking.enrolment.subject_key, by, now=now)
    together = {one.id for one in mine if one.course_id == taking.course.id}  # credited once a course
    together |= days.pop(by.zone.day_of(to_ms(now)), {}).keys()
    full = [set(day) for day in days.values() if by.may_reach_cap(sum(day.values()))]
    while joined := [day for day in full if day & together]:
        full = [day for day in full if not day & together]
        together |= set().union(*joined)
    return enrolments.takings(
        session, sorted((one for one in mine if one.id in together), key=lambda one: (one.at, one.id))
    )


def _days(session: Session, subject_key: str, by: Rules, *, now: datetime) -> dict[int, dict[str, int]]:
    """The wall time for which each enrolment's playbacks were open, by day: the most that it can have had."""
    zone, latest_ms = by.zone, to_ms(now) + beats.SLACK_MS
    found: dict[int, dict[str, int]] = {}
    for enrolment_id, opened_at, closed_at in session.execute(
        select(Playback.enrolment_id, Playback.opened_at, Playback.closed_at).where(
            Playback.subject_key == subject_key
        )
    ):
        opened_ms = to_ms(opened_at)
        closed_ms = latest_ms if closed_at is None else to_ms(closed_at)
        for day in range(zone.day_of(opened_ms), zone.day_of(closed_ms) + 1):
            wall_ms = min(closed_ms, zone.day_start(day + 1)) - max(opened_ms, zone.day_start(day))
            open_ms = found.setdefault(day, {})
            open_ms[enrolment_id] = open_ms.get(enrolment_id, 0) + max(0, wall_ms)
    return found


def standings(
    session: Session,
    takings: Sequence[Taking],
    by: Rules,
    *,
    exams: Exams,
    now: datetime,
    hearing: Hearing | None = None,
) -> dict[str, Standing]:
    """How each of these enrolments stands, by its id; a beat that is not stored yet included."""
    known = _evidence(session, takings, by, exams=exams, now=now, hearing=hearing)
    try:
        trace = recompute.trace(known)
    except credit.BadEvidence:  # no version is in force at some instant of it
        trace = recompute.trace(replace(known, policies=(NO_RULE,)))
    left_ms = _day_left_ms(by, trace, now)
    return {
        found.id: _standing(found, taking, trace, left_ms)
        for found, taking in zip(trace.statement.enrolments, takings, strict=True)
    }


def _day_left_ms(by: Rules, trace: Trace, now: datetime) -> Exact | None:
    cap_ms = by.now.daily_cap_ms
    if cap_ms is None:
        return None
    begun, ended = by.day_of(to_ms(now))
    used_ms = sum(
        (
            part.effective_ms
            for parts in trace.parts.values()
            for part in parts
            if begun <= part.wall_from < ended
        ),
        start=0,
    )
    return max(0, cap_ms - used_ms)


def _evidence(
    session: Session,
    takings: Sequence[Taking],
    by: Rules,
    *,
    exams: Exams,
    now: datetime,
    hearing: Hearing | None,
) -> credit.Evidence:
    watched = _watched(session, takings, hearing)
    return credit.Evidence(
        learner=takings[0].enrolment.subject_key,
        # What was let in up to the slack has happened, as far as anybody can tell the learner.
        as_of=to_ms(now) + beats.SLACK_MS + 1,
        policies=by.versions,
        courses=_courses(takings),
        enrolments=[_enrolment(taking) for taking in takings],
        stretches=[stretch for one in watched for stretch in one.stretches],
        presence=presence.checks(session, [one.playback.id for one in watched], known_at=now),
        beats_heard=[sign for one in watched for sign in one.signs],
        exams=[
            credit.ExamAttempt(enrolment_id, to_ms(at), Fraction(mark))
            for enrolment_id, sittings in exams.items()
            for at, mark in sittings
        ],
    )


def _courses(takings: Iterable[Taking]) -> list[credit.Course]:
    found: dict[str, credit.Course] = {}
    for taking in takings:
        course, edition = taking.course, taking.edition
        withdrawn = None
        if course.withdrawn_at is not None:
            withdrawn = credit.Withdrawal(
                to_ms(course.withdrawn_at), course.withdrawal_rule or "keep_posted"
            )
        found[edition.id] = credit.Course(
            id=course.id,
            edition=edition.number,
            exam=edition.facts["exam"],
            lessons=[credit.Lesson(one.lesson_id, one.duration_ms) for one in taking.lessons],
            withdrawn=withdrawn,
        )
    return list(found.values())


def _enrolment(taking: Taking) -> credit.Enrolment:
    row = taking.enrolment
    return credit.Enrolment(
        id=row.id,
        course=row.course_id,
        edition=taking.edition.number,
        at=to_ms(row.at),
        expires_at=None if row.expires_at is None else to_ms(row.expires_at),
    )


def _watched(
    session: Session, takings: Sequence[Taking], hearing: Hearing | None
) -> list[Watched]:
    opened = session.scalars(
        select(Playback)
        .where(Playback.enrolment_id.in_([taking.enrolment.id for taking in takings]))
        .order_by(Playback.opened_at, Playback.id)
    ).all()
    told = {hearing.playback.id: hearing.told} if hearing else None
    return evidence.of_playbacks(session, opened, told=told)


def _standing(
    found: EnrolmentResult, taking: Taking, trace: Trace, day_left_ms: Exact | None
) -> Standing:
    return Standing(
        enrolment_id=found.id,
        trace=trace,
        lessons=tuple(
            LessonStanding(
                lesson_id=lesson.lesson_id,
                duration_ms=lesson.duration_ms,
                covered_ms=[[exact.plain(a), exact.plain(b)] for a, b in said.covered_ms],
                effective_ms=said.effective_ms,
                coverage=said.coverage,
                not_counted=dict(said.not_counted),
            )
            for lesson, said in zip(taking.lessons, found.lessons, strict=True)
        ),
        effective_ms=found.effective_ms,
        provisional_hours=found.provisional_hours,
        posted_hours=found.posted_hours,
        is_covered=found.is_coverage_open,
        is_posted=found.posted_at is not None,
        is_exam_passed=found.is_exam_passed,
        day_left_ms=day_left_ms,
    )
