"""Where a learner stands in an enrolment, as the credit engine says it: what a beat's answer tells.

The evidence given to the engine is this enrolment's own, and where a policy caps the day all of the
learner's. Playbacks of one learner never overlap (`playbacks.open`), so nothing else can matter to
coverage, effective time and what is provisional; the ledger's statement of everything agrees.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import enrolment as enrolments
from courses import policies
from courses.credit import evidence as credit
from courses.credit import exact, recompute
from courses.credit.exact import Exact
from courses.credit.policy import Policy, Pool
from courses.credit.statement import EnrolmentResult
from courses.enrolment import Taking
from courses.watch import beats, evidence, playbacks, spans
from courses.watch.beats import Heard
from courses.watch.live import NONE_LEFT, Live
from courses.watch.models import Playback
from courses.watch.playbacks import Answered, Hearing
from media.base import to_ms

# Where no rule is in force, coverage is still kept and shown, and nothing is promised.
NO_RULE = Policy(id="none", version="0", issued_at=0, effective_from=0, ratio=Fraction(0))
Exams = Mapping[str, Sequence[tuple[datetime, str]]]


@dataclass(frozen=True, slots=True)
class Rules:
    """The versions that bind an enrolment's jurisdiction, and the one in force now."""

    versions: tuple[Policy, ...]
    now: Policy

    @property
    def has_any(self) -> bool:
        """Whether a rule is in force now."""
        return self.now is not NO_RULE

    @property
    def max_rate(self) -> int:
        """How fast a player may go."""
        return 1 if self.now.speed == "reject" else beats.FASTEST

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

    lessons: tuple[LessonStanding, ...]
    effective_ms: Exact
    provisional_hours: Fraction
    posted_hours: Fraction
    is_covered: bool
    is_posted: bool

    def lesson(self, lesson_id: str) -> LessonStanding:
        """One lesson, which the edition has."""
        return next(one for one in self.lessons if one.lesson_id == lesson_id)

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
    return Rules(versions or (NO_RULE,), found or NO_RULE)


def judged_with(session: Session, taking: Taking, by: Rules) -> list[Taking]:
    """The takings that must be looked at together with this one; itself alone without a daily cap."""
    if all(version.daily_cap_ms is None for version in by.versions):
        return [taking]
    mine = enrolments.mine(session, taking.enrolment.subject_key)
    return enrolments.takings(session, sorted(mine, key=lambda one: (one.at, one.id)))


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
        statement = recompute.statement(known)
    except credit.BadEvidence:  # no version is in force at some instant of it
        statement = recompute.statement(replace(known, policies=(NO_RULE,)))
    return {
        found.id: _standing(found, taking)
        for found, taking in zip(statement.enrolments, takings, strict=True)
    }


def _evidence(
    session: Session,
    takings: Sequence[Taking],
    by: Rules,
    *,
    exams: Exams,
    now: datetime,
    hearing: Hearing | None,
) -> credit.Evidence:
    return credit.Evidence(
        learner=takings[0].enrolment.subject_key,
        # What was let in up to the slack has happened, as far as anybody can tell the learner.
        as_of=to_ms(now) + beats.SLACK_MS + 1,
        policies=by.versions,
        courses=_courses(takings),
        enrolments=[_enrolment(taking) for taking in takings],
        stretches=_stretches(session, takings, hearing),
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


def _stretches(
    session: Session, takings: Sequence[Taking], hearing: Hearing | None
) -> list[credit.Stretch]:
    opened = session.scalars(
        select(Playback)
        .where(Playback.enrolment_id.in_([taking.enrolment.id for taking in takings]))
        .order_by(Playback.opened_at, Playback.id)
    ).all()
    live = hearing.playback.id if hearing else None
    heard = evidence.of_beats(session, [one for one in opened if one.id != live])
    if hearing is not None:
        heard[hearing.playback.id] = list(hearing.told)
    return [
        stretch
        for playback in opened
        for stretch in evidence.of_playback(playback, heard[playback.id])
    ]


def _standing(found: EnrolmentResult, taking: Taking) -> Standing:
    return Standing(
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
    )


@dataclass(frozen=True, slots=True)
class Worth:
    """What a beat changed in its playback: wall time gained, and told but held by nobody's time."""

    counted_ms: int
    cut_ms: int


def worth(hearing: Hearing) -> Worth:
    """Wall time that a beat adds to its playback, and what of it the door or other beats took."""
    before = _wall_ms(hearing.playback, hearing.told_before)
    after = _wall_ms(hearing.playback, hearing.told)
    told_ms = spans.total_ms(hearing.kept) + hearing.cut_ms
    gained = after - before
    return Worth(max(0, gained), told_ms - gained)


def not_counted(hearing: Hearing, lesson: LessonStanding, of: Worth) -> list[dict[str, Any]]:
    """What of this beat did not count: the door's cuts as `bad_stretch`, then the engine's reasons."""
    reasons: dict[str, Exact] = {beats.BAD_STRETCH: of.cut_ms}
    before = {reason: Fraction(ms) for reason, ms in hearing.playback.not_counted.items()}
    if hearing.playback.live:
        told = msgspec.json.decode(hearing.playback.live, type=Live).seen_before
        before["seen_before"] = before.get("seen_before", Fraction(0)) + Fraction(told)
    for reason, ms in lesson.not_counted.items():
        more = ms - before.get(reason, Fraction(0))
        reasons[reason] = reasons.get(reason, 0) + max(Fraction(0), more)
    return [
        {"reason": reason, "wall_ms": exact.plain(ms)} for reason, ms in reasons.items() if ms > 0
    ]


def answer(
    session: Session, hearing: Hearing, standing: Standing, *, by: Rules, taking: Taking
) -> Answered:
    """Make the answer to a new beat, and store the beat with it."""
    playback = hearing.playback
    lesson = standing.lesson(playback.lesson_id)
    of = worth(hearing)
    told = {
        "seq": hearing.report.seq,
        **standing.told(playback.lesson_id),
        "not_counted": not_counted(hearing, lesson, of),
        "prompt": None,
        "beat_every_ms": playback.beat_every_ms,
    }
    if hearing.is_taken_over:
        told["counted_ms"] = of.counted_ms
    made = Answered(409 if hearing.is_taken_over else 200, told)
    playback.not_counted = tally(lesson)
    if not hearing.is_taken_over:
        playback.live = live(
            by, taking, standing, playback=playback, told=hearing.told, now=hearing.now
        )
    playbacks.keep(session, hearing, made)
    return made


def live(
    by: Rules,
    taking: Taking,
    standing: Standing,
    *,
    playback: Playback,
    told: Sequence[Heard],
    now: datetime,
) -> bytes | None:
    """What lets the next beats of a playback take the short way; None where only the engine can tell."""
    if taking.enrolment.expires_at is not None or taking.course.withdrawn_at is not None:
        return None
    if any(version.daily_cap_ms or version.heartbeat_gap_ms for version in by.versions):
        return None
    left_ms = _left_ms(by, taking, standing, playback.lesson_id)
    lesson = standing.lesson(playback.lesson_id)
    whole = all(isinstance(edge, int) for pair in lesson.covered_ms for edge in pair)
    if left_ms is None or not whole:
        return None
    opened_ms, now_ms = to_ms(playback.opened_at), to_ms(now)
    edges = Pool(by.versions).boundaries
    until = min((edge for edge in edges if edge > now_ms), default=None)
    in_order = sorted(told, key=lambda beat: beat.seq)
    return msgspec.json.encode(
        Live(
            covered=[(low, high) for low, high in lesson.covered_ms],
            effective=exact.text(lesson.effective_ms),
            provisional=exact.text(standing.provisional_hours),
            left_ms=left_ms,
            last_seq=in_order[-1].seq if in_order else -1,
            reached_ms=max((spans.last_end_ms(beat.spans) for beat in in_order), default=0),
            away_ms=beats.away_since(in_order),
            vague_ms=max((beat.received_ms for beat in in_order if not beat.spans), default=0),
            seen_before="0",
            full_ms=now_ms - opened_ms,
            speed=by.now.speed,
            fastest=str(1 + by.now.rate_tolerance),
            is_blocked=by.now.seek_forward == "blocked",
            from_ms=max((edge for edge in edges if edge <= now_ms), default=0) - opened_ms,
            until_ms=None if until is None else until - opened_ms,
        )
    )


def _left_ms(by: Rules, taking: Taking, standing: Standing, lesson_id: str) -> int | None:
    """How much may still be covered before hours change; NONE_LEFT: never; None: with every beat."""
    if standing.is_posted and by.now is not NO_RULE:
        return NONE_LEFT if standing.provisional_hours == 0 and _gate(by, taking) == "none" else None
    rule = Pool(by.versions).in_force(to_ms(taking.enrolment.at), to_ms(taking.enrolment.at))
    if rule is None or standing.provisional_hours != 0 or rule.partial_credit == "pro_rata":
        return None
    lesson = standing.lesson(lesson_id)
    judged = [lesson] if rule.partial_credit == "per_lesson" else list(standing.lessons)
    total_ms = sum(one.duration_ms for one in judged)
    covered_ms = sum(one.coverage * one.duration_ms for one in judged)
    left_ms = math.ceil(rule.completion_threshold * total_ms - covered_ms)
    return left_ms if left_ms > 0 else None


def _gate(by: Rules, taking: Taking) -> str:
    at = to_ms(taking.enrolment.at)
    rule = Pool(by.versions).in_force(at, at)
    return rule.partial_credit if rule else ""


def tally(lesson: LessonStanding) -> dict[str, str]:
    """What did not count in a lesson so far, as a playback remembers it."""
    return {reason: exact.text(ms) for reason, ms in lesson.not_counted.items()}


def _wall_ms(playback: Playback, heard: Sequence[beats.Heard]) -> int:
    return sum(
        stretch.wall_to - stretch.wall_from for stretch in evidence.of_playback(playback, heard)
    )
