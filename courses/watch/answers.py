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
from courses.credit.policy import Policy, Pool
from courses.enrolment import Taking
from courses.watch import beats, evidence, playbacks, spans
from courses.watch.beats import Heard
from courses.watch.live import NONE_LEFT, Live
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
    if hearing.playback.live:
        told = msgspec.json.decode(hearing.playback.live, type=Live).seen_before
        before["seen_before"] = before.get("seen_before", Fraction(0)) + Fraction(told)
    for reason, ms in lesson.not_counted.items():
        more = ms - before.get(reason, Fraction(0))
        reasons[reason] = reasons.get(reason, 0) + max(Fraction(0), more)
    return [
        {"reason": reason, "wall_ms": exact.plain(ms)} for reason, ms in reasons.items() if ms > 0
    ]


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
    rule = _gate(by, taking)
    if rule is None or standing.provisional_hours != 0 or rule.partial_credit == "pro_rata":
        return None
    if standing.is_posted:
        return NONE_LEFT if rule.partial_credit == "none" else None
    lesson = standing.lesson(lesson_id)
    judged = [lesson] if rule.partial_credit == "per_lesson" else list(standing.lessons)
    total_ms = sum(one.duration_ms for one in judged)
    covered_ms = sum(one.coverage * one.duration_ms for one in judged)
    left_ms = math.ceil(rule.completion_threshold * total_ms - covered_ms)
    return left_ms if left_ms > 0 else None


def _gate(by: Rules, taking: Taking) -> Policy | None:
    """The version that sets the coverage gate: in force at enrolment, as known then (5.4)."""
    at = to_ms(taking.enrolment.at)
    return Pool(by.versions).in_force(at, at)
