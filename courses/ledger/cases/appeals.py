"""Appeals of spans that did not count: filed with their evidence frozen, answered within their times.

Acknowledged within 2 hours, solved within 3 working days (`domain.md` 1.6). An appeal ends in a
correction that two persons made, or in a refusal with its reason.
"""

import json
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from courses import errors, policies
from courses.credit import instants
from courses.ledger import accounts, evidence, explained, export
from courses.ledger.cases import claims, notices, workdays
from courses.ledger.cases.models import (
    WORDS_LENGTH,
    Appeal,
    AppealEvidence,
    AppealNote,
    AppealState,
    Correction,
)
from courses.ledger.explained import CoursePart, LessonPart, Lost, Record
from courses.people import persons
from courses.people.organisations import Actor
from courses.people.persons import Person, Subject
from courses.watch.models import Beat
from media.base import to_ms

FORMAT = "xueshi-appeal/1"
ACKNOWLEDGED_WITHIN = timedelta(hours=2)
SOLVED_WITHIN_DAYS = 3  # working days
OPEN_STATES = (AppealState.OPEN, AppealState.ACKNOWLEDGED)
SOLVED = (AppealState.UPHELD, AppealState.REFUSED)
TICK = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """When an appeal must be answered, and whether it was or still can be."""

    acknowledge_by: datetime
    solve_by: datetime
    is_acknowledged_late: bool
    is_solved_late: bool

    @property
    def is_late(self) -> bool:
        """Either of the two."""
        return self.is_acknowledged_late or self.is_solved_late


@dataclass(frozen=True, slots=True)
class Span:
    """What an appeal is about, as the statement shows it."""

    course: CoursePart
    lesson: LessonPart
    lost: Lost


def clock(
    appeal: Appeal, entered: Mapping[date, bool], *, zone: instants.Zone, now: datetime
) -> Clock:
    """The times of an appeal; a working day ends with its last instant in `zone`."""
    acknowledge_by = appeal.filed_at + ACKNOWLEDGED_WITHIN
    last_on = workdays.after(policies.day_of(appeal.filed_at, zone), SOLVED_WITHIN_DAYS, entered)
    solve_by = policies.start_of_day(last_on + workdays.DAY, zone)
    return Clock(
        acknowledge_by=acknowledge_by,
        solve_by=solve_by,
        is_acknowledged_late=(appeal.acknowledged_at or now) > acknowledge_by,
        is_solved_late=(appeal.solved_at or now) >= solve_by,
    )


def span(record: Record, *, playback_id: str, wall_from: datetime, reason: str) -> Span:
    """A span of a statement that did not count, or NotFound."""
    for course in record.courses:
        for lesson in course.lessons:
            for lost in lesson.lost:
                if (lost.playback, lost.wall_from, lost.reason) == (playback_id, wall_from, reason):
                    return Span(course, lesson, lost)
    raise errors.NotFound()


def file(
    session: Session,
    subject_key: str,
    *,
    playback_id: str,
    wall_from: datetime,
    reason: str,
    words: str,
    now: datetime,
) -> Appeal:
    """Appeal a span of one's own statement; what is known now is frozen with it.

    Refused: NotFound for a span that is not there; Conflict `appeal_twice`; Invalid `appeal_words`.
    """
    text = " ".join(words.split())
    if not claims.SHORTEST_NOTE <= len(text) <= WORDS_LENGTH:
        raise errors.Invalid(
            "appeal_words",
            "Say in %(shortest)s to %(longest)s characters why it should count.",
            field="words",
            shortest=claims.SHORTEST_NOTE,
            longest=WORDS_LENGTH,
        )
    accounts.lock(session, subject_key)
    record = explained.of(session, subject_key, as_of=now + TICK)
    found = span(record, playback_id=playback_id, wall_from=wall_from, reason=reason)
    if of_span(session, playback_id=playback_id, wall_from=wall_from, reason=reason) is not None:
        raise errors.Conflict("appeal_twice", "You appealed this already.")
    made = Appeal(
        subject_key=subject_key,
        enrolment_id=found.course.result.id,
        lesson_id=found.lesson.id,
        playback_id=playback_id,
        reason=reason,
        wall_from=wall_from,
        wall_to=found.lost.wall_to,
        media_from_ms=found.lost.media_from_ms,
        media_to_ms=found.lost.media_to_ms,
        words=text,
        filed_at=now,
    )
    session.add(made)
    session.flush()
    content = frozen(session, made, record)
    session.add(
        AppealEvidence(
            appeal_id=made.id,
            content=zlib.compress(content),
            content_hash=sha256(content).digest(),
            policy=found.course.rule.label if found.course.rule else "",
        )
    )
    session.flush()
    return made


def frozen(session: Session, appeal: Appeal, record: Record) -> bytes:
    """The evidence of an appeal as bytes: all that a second look needs, in one order."""
    told = record.told
    whole = evidence.of(session, told.evidence.learner, as_of=record.as_of)
    zone = told.trace.statement.zone
    beats = session.scalars(
        select(Beat).where(Beat.playback_id == appeal.playback_id).order_by(Beat.seq)
    )
    found: dict[str, Any] = {
        "format": FORMAT,
        "appeal": appeal.id,
        "filed_at": policies.instant_text(appeal.filed_at, zone),
        "span": {
            "enrolment": appeal.enrolment_id,
            "lesson": appeal.lesson_id,
            "playback": appeal.playback_id,
            "reason": appeal.reason,
            "wall_from": policies.instant_text(appeal.wall_from, zone),
            "wall_to": policies.instant_text(appeal.wall_to, zone),
            "media_from_ms": appeal.media_from_ms,
            "media_to_ms": appeal.media_to_ms,
        },
        "findings": [
            {
                "stretch": row.id,
                "verdict": part.verdict,
                "wall_from": str(part.wall_from),
                "wall_to": str(part.wall_to),
                "media_from_ms": str(part.media_from_ms),
                "media_to_ms": str(part.media_to_ms),
            }
            for row in whole.stretches
            if row.playback == appeal.playback_id
            for part in told.trace.parts.get(row.id, [])
        ],
        "beats": [
            {
                "seq": row.seq,
                "spans": row.spans,
                "state": row.state,
                "received_at_ms": to_ms(row.received_at),
            }
            for row in beats
        ],
        "evidence": export.document(whole),
    }
    return json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def thawed(session: Session, appeal: Appeal) -> tuple[bytes, AppealEvidence]:
    """The frozen evidence; ValueError where it is not what was frozen."""
    row = session.get_one(AppealEvidence, appeal.id)
    content = zlib.decompress(row.content)
    if sha256(content).digest() != row.content_hash:
        raise ValueError("the evidence of an appeal was changed")
    return content, row


def of_span(
    session: Session, *, playback_id: str, wall_from: datetime, reason: str
) -> Appeal | None:
    """The appeal of a span, if there is one."""
    return session.scalar(
        select(Appeal).where(
            Appeal.playback_id == playback_id,
            Appeal.wall_from == wall_from,
            Appeal.reason == reason,
        )
    )


def of_subject(session: Session, subject_key: str) -> list[Appeal]:
    """A learner's appeals, the latest first."""
    return list(
        session.scalars(
            select(Appeal)
            .where(Appeal.subject_key == subject_key)
            .order_by(Appeal.filed_at.desc(), Appeal.id)
        )
    )


def own(session: Session, appeal_id: str, *, subject_key: str) -> Appeal:
    """One of the learner's own, or NotFound."""
    found = get(session, appeal_id)
    if found.subject_key != subject_key:
        raise errors.NotFound()
    return found


def get(session: Session, appeal_id: str) -> Appeal:
    """One appeal; who may see it is the caller's question."""
    found = session.get(Appeal, appeal_id)
    if found is None:
        raise errors.NotFound()
    return found


def listed(
    session: Session,
    *,
    areas: Collection[str] | None,
    on: date,
    states: Collection[AppealState],
    limit: int = 200,
) -> list[tuple[Appeal, str]]:
    """Appeals within areas (None: everywhere) with masked names, the oldest first."""
    asked = (
        select(Appeal, Person.display_name)
        .join(Subject, Subject.key == Appeal.subject_key)
        .join(Person, Person.id == Subject.person_id)
        .where(Appeal.state.in_(list(states)), or_(persons.is_found(), Appeal.solved_at.is_(None)))
        .order_by(Appeal.filed_at, Appeal.id)
        .limit(limit)
    )
    if areas is not None:
        asked = asked.where(persons.belongs_to(areas, on=on))
    return [(row, name) for row, name in session.execute(asked)]


def notes(session: Session, appeal: Appeal) -> list[AppealNote]:
    """What was answered, in time."""
    return list(
        session.scalars(
            select(AppealNote)
            .where(AppealNote.appeal_id == appeal.id)
            .order_by(AppealNote.at, AppealNote.id)
        )
    )


def acknowledge(session: Session, actor: Actor, *, appeal: Appeal, now: datetime) -> AppealNote:
    """Tell the learner that the appeal is looked at; Conflict `appeal_solved` where it was already."""
    locked = movable(session, actor, appeal, states=(AppealState.OPEN,))
    return moved(session, actor, locked, to=AppealState.ACKNOWLEDGED, text="", now=now)


def refuse(
    session: Session, actor: Actor, *, appeal: Appeal, text: str, now: datetime
) -> AppealNote:
    """Refuse it with a reason that the learner reads; Invalid `note_required`, Conflict `appeal_solved`."""
    locked = movable(session, actor, appeal, states=OPEN_STATES)
    return moved(session, actor, locked, to=AppealState.REFUSED, text=claims.words(text), now=now)


def uphold(
    session: Session, actor: Actor, *, correction: Correction, text: str, now: datetime
) -> AppealNote:
    """The appeal of a correction that was approved is solved by it."""
    locked = movable(session, actor, get(session, correction.appeal_id or ""), states=OPEN_STATES)
    return moved(
        session,
        actor,
        locked,
        to=AppealState.UPHELD,
        text=text,
        correction_id=correction.id,
        now=now,
    )


def movable(
    session: Session, actor: Actor, appeal: Appeal, *, states: Collection[AppealState]
) -> Appeal:
    """The appeal, locked, in one of these states; nobody answers an appeal of their own."""
    if persons.person_of(session, appeal.subject_key).id == actor.person_id:
        raise errors.Conflict("own_hours", "Nobody answers an appeal of their own.")
    locked = session.get_one(Appeal, appeal.id, with_for_update=True, populate_existing=True)
    if locked.state not in states:
        raise errors.Conflict("appeal_solved", "This appeal was answered meanwhile.")
    return locked


def moved(
    session: Session,
    actor: Actor,
    appeal: Appeal,
    *,
    to: AppealState,
    text: str,
    correction_id: str | None = None,
    now: datetime,
) -> AppealNote:
    """Write the step, and tell the learner."""
    appeal.state = to
    appeal.acknowledged_at = appeal.acknowledged_at or now
    if to in SOLVED:
        appeal.solved_at = now
    made = AppealNote(
        appeal_id=appeal.id,
        state=to,
        text=text,
        correction_id=correction_id,
        by=actor.subject_key,
        at=now,
    )
    session.add(made)
    kind = notices.Kind(f"appeal_{to}")
    notices.tell(session, appeal.subject_key, kind=kind, about=appeal.id, text=text, now=now)
    session.flush()
    return made
