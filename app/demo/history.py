"""What happened in the demonstration city before you came: people watched, hours were posted, ratings given.

Nothing is written behind the rules' back: each beat goes through the same door as a phone's, only with
the clock of the day on which it is said to have happened.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from sqlalchemy.orm import Session

from app.ratings import targets as rated
from app.watch import api as watching
from courses import enrolment, ratings
from courses.catalogue import editions, summaries
from courses.catalogue.models import Course
from courses.enrolment import Taking
from courses.ledger import requirements, settlement
from courses.people.persons import jurisdiction_of, person_of
from courses.watch import playbacks, reports
from courses.watch.models import Playback

BEAT_MS = 15_000
PHONE, COMPUTER = "Android", "Windows"


@dataclass(frozen=True, slots=True)
class Viewing:
    """Media played in one go: from, to, and how fast."""

    lesson: int  # place in the course, from 0
    from_share: Fraction
    to_share: Fraction
    rate: Fraction = Fraction(1)


WHOLE = (Fraction(0), Fraction(1))


def take(session: Session, subject_key: str, course: Course, *, at: datetime) -> Taking:
    """Enrol somebody in a course's current edition on a past day."""
    edition = editions.current(session, course.id)
    assert edition is not None
    person = person_of(session, subject_key)
    made = enrolment.enrol(
        session,
        subject_key=subject_key,
        course_id=course.id,
        edition=edition,
        jurisdiction_id=jurisdiction_of(session, person.id, on=at.date()),
        now=at,
    )
    return enrolment.taking(session, made)


def taken(session: Session, subject_key: str, course: Course) -> Taking:
    """Somebody's enrolment in a course."""
    mine = next(one for one in enrolment.mine(session, subject_key) if one.course_id == course.id)
    return enrolment.taking(session, mine)


def watch(session: Session, taking: Taking, viewings: list[Viewing], *, at: datetime) -> datetime:
    """Play each viewing after the other, a few seconds apart; returns when the last one ended."""
    for viewing in viewings:
        at = play(session, taking, viewing, at=at) + timedelta(seconds=7)
    return at


def take_turns(session: Session, taking: Taking, *, turns: int, at: datetime) -> None:
    """A phone and a computer take the first lesson from each other, both playing on: it asks a question."""
    for turn in range(turns):
        playback = begin(session, taking, 0, device=(PHONE, COMPUTER)[turn % 2], at=at)
        tell(session, playback, 1, (0, BEAT_MS, 0, BEAT_MS), is_last=False)
        at += timedelta(milliseconds=2 * BEAT_MS)
    playbacks.close(session, playback.id, subject_key=taking.enrolment.subject_key, now=at)


def begin(session: Session, taking: Taking, lesson: int, *, device: str, at: datetime) -> Playback:
    """Open a lesson as a player does."""
    playback = playbacks.open(
        session, taking.enrolment, lesson=taking.lessons[lesson], device=device, now=at
    )
    watching.opened(session, playback, taking)
    return playback


def play(session: Session, taking: Taking, viewing: Viewing, *, at: datetime) -> datetime:
    """One playback with a beat every fifteen seconds, closed at its end."""
    lesson = taking.lessons[viewing.lesson]
    playback = begin(session, taking, viewing.lesson, device=PHONE, at=at)
    from_ms = int(lesson.duration_ms * viewing.from_share)
    end_ms = int(lesson.duration_ms * viewing.to_share)
    began_ms, seq = 0, 0
    while from_ms < end_ms:
        seq += 1
        to_ms = min(end_ms, from_ms + int(BEAT_MS * viewing.rate))
        ended_ms = began_ms + int((to_ms - from_ms) / viewing.rate)
        span = (from_ms, to_ms, began_ms, ended_ms)
        tell(session, playback, seq, span, is_last=to_ms == end_ms)
        from_ms, began_ms = to_ms, ended_ms
    ended_at = at + timedelta(milliseconds=began_ms + 500)
    playbacks.close(session, playback.id, subject_key=taking.enrolment.subject_key, now=ended_at)
    return ended_at


def tell(
    session: Session,
    playback: Playback,
    seq: int,
    span: tuple[int, int, int, int],
    *,
    is_last: bool,
) -> None:
    """One beat, as the phone would have told it just after its last span ended."""
    names = ("from_ms", "to_ms", "began_ms", "ended_ms")
    body = {
        "seq": seq,
        "spans": [dict(zip(names, span, strict=True))],
        "state": "ended" if is_last else "playing",
    }
    now = playback.opened_at + timedelta(milliseconds=span[3] + 120)
    report = reports.decode(json.dumps(body).encode())
    watching.heard_whole(session, playback.id, report, playback.subject_key, now)


def finish(session: Session, course_id: str, *, count: int) -> None:
    """How many have had hours of a course posted."""
    summaries.write_finished(session, course_id, count=count)


def settle(session: Session, subject_key: str, *, now: datetime) -> None:
    """Write what the evidence has made final into the ledger."""
    settlement.settle(session, subject_key, now=now)


def rate(session: Session, taking: Taking, *, score: int, comment: str, at: datetime) -> None:
    """Rate the instructors and the institution of a course alike."""
    named = rated.of_edition(session, taking.edition)
    for each in named:
        ratings.rate(
            session,
            enrolment_id=taking.enrolment.id,
            course_id=taking.course.id,
            target=each.target,
            targets=[one.target for one in named],
            score=score,
            comment=comment,
            change_days=14,
            now=at,
        )


def require(
    session: Session, subject_key: str, *, officer: str, policy: str, year: int, hours: int, now: datetime
) -> None:
    """Put somebody under a yearly requirement, judged by one version of the rules."""
    requirements.enter(
        session,
        subject_key=subject_key,
        title=f"{year}年度再培训（示例）",
        hours=Fraction(hours),
        kind="any",
        first_on=date(year, 1, 1),
        last_on=date(year, 12, 31),
        policy=policy,
        entered_by=officer,
        now=now,
    )
