"""The answer to a beat: how the lesson stands, and what of this beat did not count and why.

Made once, by the engine on all the evidence, and stored with the beat. It also leaves a fresh `Live`
with the playback, from which the short way answers the beats that merely go on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from courses.credit import exact
from courses.credit.exact import Exact
from courses.credit.policy import Pool
from courses.enrolment import Taking
from courses.watch import beats, cuts, evidence, playbacks, presence, spans
from courses.watch.beats import Heard
from courses.watch.live import Live, number
from courses.watch.models import Playback
from courses.watch.playbacks import Answered, Hearing
from courses.watch.progress import LessonStanding, Rules, Standing
from media.base import to_ms


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
    for reason, ms in _told_shortly(hearing.playback).items():
        before[reason] = before.get(reason, Fraction(0)) + ms
    for reason, ms in lesson.not_counted.items():
        more = ms - before.get(reason, Fraction(0))
        reasons[reason] = reasons.get(reason, 0) + max(Fraction(0), more)
    return [
        {"reason": reason, "wall_ms": exact.plain(ms)} for reason, ms in reasons.items() if ms > 0
    ]


def _told_shortly(playback: Playback) -> dict[str, Exact]:
    """What the short way has told since the long one was taken last."""
    if not playback.live:
        return {}
    try:
        stands = msgspec.json.decode(playback.live, type=Live)
    except msgspec.DecodeError:  # written by an older release
        return {}
    return {"seen_before": number(stands.seen_before), "daily_cap": number(stands.capped)}


def make(
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
        "prompt": _prompt(session, hearing, by, taking),
        "beat_every_ms": playback.beat_every_ms,
    }
    if hearing.is_taken_over:
        told["counted_ms"] = of.counted_ms
    made = Answered(409 if hearing.is_taken_over else 200, told)
    playback.not_counted = tally(lesson)
    cuts.note(playback, cuts.of_hearing(hearing))
    playbacks.keep(session, hearing, made)
    if not hearing.is_taken_over:
        stands = live(by, taking, standing, playback=playback, told=hearing.told, now=hearing.now)
        playbacks.leave(playback, stands)
    return made


def _prompt(
    session: Session, hearing: Hearing, by: Rules, taking: Taking
) -> dict[str, Any] | None:
    """What is asked of somebody who still watches."""
    playback = hearing.playback
    if hearing.is_taken_over:
        return None
    questions = taking.lesson(playback.lesson_id).questions
    return presence.ask(
        session,
        playback,
        plan=by.plan,
        questions=questions,
        is_away=hearing.report.state in beats.AWAY,
        now=hearing.now,
    )


def tally(lesson: LessonStanding) -> dict[str, str]:
    """What did not count in a lesson so far, as a playback remembers it."""
    return {reason: exact.text(ms) for reason, ms in lesson.not_counted.items()}


def _wall_ms(playback: Playback, heard: Sequence[beats.Heard]) -> int:
    return sum(
        stretch.wall_to - stretch.wall_from for stretch in evidence.of_playback(playback, heard)
    )


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
    lesson = standing.lesson(playback.lesson_id)
    gate = _gate(by, taking, standing, lesson)
    whole = all(isinstance(edge, int) for pair in lesson.covered_ms for edge in pair)
    if gate is None or not whole or taking.course.withdrawn_at is not None:
        return None
    opened_ms, now_ms = to_ms(playback.opened_at), to_ms(now)
    edges = _edges(by, taking, now_ms)
    until = min((edge for edge in edges if edge > now_ms), default=None)
    in_order = sorted(told, key=lambda beat: beat.seq)
    heard_ms = max([0, *(beat.received_ms for beat in in_order)])
    day_left = standing.day_left_ms
    return msgspec.json.encode(
        Live(
            opened_ms=opened_ms,
            duration_ms=playback.duration_ms,
            covered=[(low, high) for low, high in lesson.covered_ms],
            effective=exact.plain(lesson.effective_ms),
            provisional=exact.text(standing.provisional_hours),
            hours_per_ms=gate.hours_per_ms,
            left_ms=gate.left_ms,
            day_left=None if day_left is None else exact.plain(day_left),
            last_seq=in_order[-1].seq if in_order else -1,
            reached_ms=max((spans.last_end_ms(beat.spans) for beat in in_order), default=0),
            position_ms=playback.position_ms,
            heard_ms=heard_ms,
            away_ms=beats.away_since(in_order),
            vague_ms=max((beat.received_ms for beat in in_order if not beat.spans), default=0),
            moment_ms=max((evidence.moment(beat) for beat in in_order), default=None),
            gap_ms=by.now.heartbeat_gap_ms,
            seen_before=0,
            capped=0,
            full_ms=now_ms - opened_ms,
            speed=by.now.speed,
            fastest=str(1 + by.now.rate_tolerance),
            is_blocked=by.now.seek_forward == "blocked",
            from_ms=max((edge for edge in edges if edge <= now_ms), default=0) - opened_ms,
            until_ms=None if until is None else until - opened_ms,
            due_ms=playback.prompt_due_ms,
            beat_every_ms=playback.beat_every_ms,
            rarely_ms=by.beat_every_ms(2 * playback.beat_every_ms),
            steady=0,
        )
    )


def _edges(by: Rules, taking: Taking, now_ms: int) -> list[int]:
    """Instants around now at which the sums change: policy boundaries, midnights, the enrolment's end."""
    edges = list(Pool(by.versions).boundaries)
    if any(version.daily_cap_ms is not None for version in by.versions):
        edges += by.day_of(now_ms)
    if taking.enrolment.expires_at is not None:
        edges.append(to_ms(taking.enrolment.expires_at))
    return edges


@dataclass(frozen=True, slots=True)
class Gate:
    """What more coverage does to provisional hours: after `left_ms` a gate may open, or they just grow."""

    left_ms: int | None = None
    hours_per_ms: str | None = None


def _gate(by: Rules, taking: Taking, standing: Standing, lesson: LessonStanding) -> Gate | None:
    """The gate that matters to a lesson; None where the engine must be asked with every beat.

    Hours are provisional only while an exam is outstanding: without one, what a gate lets through is
    posted at once (credit-rules.md 4.8, 5.16, 5.30).
    """
    if standing.is_exam_passed or standing.is_posted:
        return Gate()
    at = to_ms(taking.enrolment.at)
    rule = Pool(by.versions).in_force(at, at)  # the coverage gate's (5.4)
    if rule is None:
        return None
    judged = [lesson] if rule.partial_credit == "per_lesson" else list(standing.lessons)
    total_ms = sum(one.duration_ms for one in judged)
    covered_ms = sum(one.coverage * one.duration_ms for one in judged)
    left_ms = math.ceil(rule.completion_threshold * total_ms - covered_ms)
    if rule.partial_credit != "pro_rata" and left_ms > 0:
        return Gate(left_ms=left_ms)
    rates = {(one.hour_ms, one.ratio) for one in by.versions}
    is_even = all(one.ratio_steps is None and one.rounding.mode == "none" for one in by.versions)
    if len(rates) > 1 or not is_even:
        return None
    hour_ms, ratio = rates.pop()
    return Gate(hours_per_ms=exact.text(ratio / hour_ms))
