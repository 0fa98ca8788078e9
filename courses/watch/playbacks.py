"""Playbacks: opened, heard, closed. What a beat is worth is not decided here (see `progress`).

One person has one open playback: opening takes the learner's row and closes the others at that
instant, in the same transaction. A beat takes only its playback's row. Locks: subject, then playbacks
in order of their ids, then nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from courses import enrolment as enrolments
from courses import errors
from courses.catalogue.models import EditionLesson
from courses.credit.beats import Span
from courses.enrolment import Enrolment
from courses.watch import beats, spans
from courses.watch.beats import Heard, State
from courses.watch.models import Beat, Playback
from courses.watch.reports import Report
from media.base import new_id_at, to_ms

SILENCE = timedelta(milliseconds=beats.LATE_MS)
SLACK = timedelta(milliseconds=beats.SLACK_MS)
DEVICE_LENGTH = 80


class Reason(StrEnum):
    """Why a playback is closed."""

    FINISHED = "finished"  # its player said so
    TAKEN_OVER = "taken_over"  # the learner opened another one
    SILENT = "silent"  # nothing was heard for 15 minutes


@dataclass(frozen=True, slots=True)
class Hearing:
    """A new beat at the door: what passed, beside all that this playback told before."""

    playback: Playback
    report: Report
    kept: tuple[Span, ...]
    cut_ms: int
    told_before: tuple[Heard, ...]
    now: datetime

    @property
    def told(self) -> tuple[Heard, ...]:
        """Every beat of the playback, this one too."""
        return (*self.told_before, self.heard)

    @property
    def heard(self) -> Heard:
        """This beat, as it will be stored."""
        since_ms = to_ms(self.now) - to_ms(self.playback.opened_at)
        return Heard(self.report.seq, self.kept, self.report.state, since_ms)

    @property
    def is_taken_over(self) -> bool:
        """Whether it comes from a playback that another one has closed."""
        return self.playback.close_reason == Reason.TAKEN_OVER


@dataclass(frozen=True, slots=True)
class Answered:
    """What a beat was answered when it was first told."""

    status: int
    answer: dict[str, Any]


def open(
    session: Session, enrolment: Enrolment, *, lesson: EditionLesson, device: str, now: datetime
) -> Playback:
    """Open a lesson of an enrolment; every other open playback of the learner ends at that instant.

    Refused: Gone `enrolment_ended`; NotFound where the lesson is of another edition.
    """
    if lesson.edition_id != enrolment.edition_id:
        raise errors.NotFound()
    if not enrolment.is_open(now):
        raise errors.Gone("enrolment_ended", "This enrolment has ended.")
    enrolments.lock_subject(session, enrolment.subject_key)
    at = _not_before_the_last(session, enrolment.subject_key, now)
    for other in still_open(session, enrolment.subject_key):
        shut(session, other, Reason.SILENT if is_silent(other, at) else Reason.TAKEN_OVER, at)
    made = Playback(
        id=new_id_at(at),
        subject_key=enrolment.subject_key,
        enrolment_id=enrolment.id,
        lesson_id=lesson.lesson_id,
        device=device[:DEVICE_LENGTH],
        duration_ms=lesson.duration_ms,
        opened_at=at,
        heard_at=at,
        reached_ms=0,
        position_ms=None,
        not_counted={},
        cuts=None,
        live=None,
        version=0,
        closed_at=None,
        close_reason=None,
        settled_at=None,
        prompt_due_ms=None,
        archived_at=None,
        removed_at=None,
        examined_at=None,
    )
    session.add(made)
    session.flush()
    return made


def _not_before_the_last(session: Session, subject_key: str, now: datetime) -> datetime:
    # Two web machines' clocks may differ, and a request may have waited for the lock: playbacks of
    # one learner still begin in the order in which they took it.
    latest = session.scalar(
        select(Playback.opened_at)
        .where(Playback.subject_key == subject_key)
        .order_by(Playback.opened_at.desc())
        .limit(1)
    )
    return now if latest is None else max(now, latest)


def still_open(session: Session, subject_key: str) -> Sequence[Playback]:
    """A learner's open playbacks, their rows for the rest of the transaction."""
    return session.scalars(
        select(Playback)
        .where(Playback.subject_key == subject_key, Playback.closed_at.is_(None))
        .order_by(Playback.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def hear(
    session: Session, playback_id: str, *, report: Report, subject_key: str | None, now: datetime
) -> Hearing | Answered:
    """Take a beat in: `Answered` when this seq was told before, otherwise what is to be `kept`.

    `subject_key` is the asking learner's, None where a playback's own token was shown.
    Refused: NotFound; `seq_conflict`; Gone `playback_closed` after its end or 15 minutes of silence.
    """
    playback = locked(session, playback_id, subject_key=subject_key)
    same = session.get(Beat, (playback_id, report.seq))
    if same is not None:
        if same.body_hash != report.digest():
            raise errors.Conflict(
                "seq_conflict", "This number was already told with another content.", seq=report.seq
            )
        return Answered(same.status, same.answer)
    if has_ended(playback, now):
        raise errors.Gone("playback_closed", "This playback has ended. Open a new one to go on.")
    passed = beats.door(report.spans, limits(playback, now))
    return Hearing(
        playback, report, passed.kept, passed.cut_ms, tuple(_told(session, playback)), now
    )


def limits(playback: Playback, now: datetime) -> beats.Limits:
    """What a beat that is received now may tell."""
    elapsed_ms = to_ms(now) - to_ms(playback.opened_at)
    return beats.limits(playback.duration_ms, elapsed_ms, closed_ms=closed_ms(playback))


def keep(session: Session, hearing: Hearing, answered: Answered) -> None:
    """Store a beat with its answer; what a taken-over playback tells in vain is not stored."""
    playback = hearing.playback
    if hearing.is_taken_over and not hearing.kept:
        return
    session.add(
        Beat(
            playback_id=playback.id,
            seq=hearing.report.seq,
            body_hash=hearing.report.digest(),
            spans=[spans.row(span) for span in hearing.kept],
            state=hearing.report.state,
            received_at=hearing.now,
            status=answered.status,
            answer=answered.answer,
        )
    )
    if playback.closed_at is None:
        playback.heard_at = max(playback.heard_at, hearing.now)
    playback.settled_at = None
    reached_ms = spans.last_end_ms(hearing.kept)
    if reached_ms > playback.reached_ms:
        playback.reached_ms = reached_ms
        playback.position_ms = max(hearing.kept, key=lambda span: span.ended_ms).to_ms
    if hearing.is_taken_over:
        # What it adds may be of the very lesson that plays now.
        forget(session, Playback.subject_key == playback.subject_key)
    session.flush()


def leave(playback: Playback, stands: bytes | None) -> None:
    """Leave with a playback how its lesson stands (`live.Live`), or None: the next beat asks the engine."""
    playback.live = stands
    playback.version += 1


def forget(session: Session, *which: ColumnElement[bool]) -> None:
    """Open playbacks of these conditions take the long way once: what they build on has changed."""
    session.execute(
        update(Playback)
        .where(Playback.closed_at.is_(None), *which)
        .values(live=None, version=Playback.version + 1)
        .execution_options(synchronize_session=False)
    )


def close(session: Session, playback_id: str, *, subject_key: str | None, now: datetime) -> Playback:
    """Close a playback at its last beat; closing a closed one changes nothing."""
    playback = locked(session, playback_id, subject_key=subject_key)
    if playback.closed_at is None:
        shut(session, playback, Reason.SILENT if is_silent(playback, now) else Reason.FINISHED, now)
        session.flush()
    return playback


def close_silent(session: Session, playback_id: str, *, now: datetime) -> Playback | None:
    """Close a playback if it has been silent for too long; None where there was nothing to do."""
    playback = session.get(Playback, playback_id, with_for_update=True, populate_existing=True)
    if playback is None or playback.closed_at is not None or not is_silent(playback, now):
        return None
    shut(session, playback, Reason.SILENT, now)
    session.flush()
    return playback


def silent(session: Session, *, now: datetime) -> list[str]:
    """Ids of open playbacks that have been silent for too long."""
    return list(
        session.scalars(
            select(Playback.id)
            .where(Playback.closed_at.is_(None), Playback.heard_at < now - SILENCE)
            .order_by(Playback.id)
        )
    )


def shut(session: Session, playback: Playback, reason: Reason, now: datetime) -> None:
    """Write the end into the row. What a closed playback told beyond its `closed_at` does not count.

    A takeover ends it at that instant. Otherwise it ends at its last beat: when that was received, or
    as far as its spans reach, but never later than now, and beyond the receipts by no more than one
    slack for all playbacks of the learner together (`watch.md` 10).
    """
    if reason is Reason.TAKEN_OVER:
        last = now
    else:
        reached = playback.opened_at + timedelta(milliseconds=playback.reached_ms)
        last = min(now, max(playback.heard_at, reached))
        if last > playback.heard_at:
            left = SLACK - _slack_used(session, playback.subject_key)
            last = playback.heard_at + max(timedelta(0), min(last - playback.heard_at, left))
    playback.closed_at = max(playback.opened_at, last)
    playback.close_reason = reason


def _slack_used(session: Session, subject_key: str) -> timedelta:
    """How far playbacks of a learner were told beyond their receipts. A player in time never does."""
    rows = session.execute(
        select(Playback.closed_at, Playback.heard_at).where(
            Playback.subject_key == subject_key,
            Playback.close_reason.in_((Reason.FINISHED, Reason.SILENT)),
            Playback.closed_at > Playback.heard_at,
        )
    )
    return sum((closed - heard for closed, heard in rows if closed), start=timedelta(0))


def is_silent(playback: Playback, now: datetime) -> bool:
    """Whether nothing was heard of it for more than 15 minutes."""
    return now - playback.heard_at > SILENCE


def has_ended(playback: Playback, now: datetime) -> bool:
    """Whether it takes no further beat; a taken-over one still takes what was played before."""
    if playback.archived_at is not None:
        return True
    if playback.closed_at is None:
        return is_silent(playback, now)
    return playback.close_reason != Reason.TAKEN_OVER


def closed_ms(playback: Playback) -> int | None:
    """Its end in player time, None while it is open."""
    if playback.closed_at is None:
        return None
    return to_ms(playback.closed_at) - to_ms(playback.opened_at)


def locked(session: Session, playback_id: str, *, subject_key: str | None) -> Playback:
    """A playback of the learner, its row taken for the rest of the transaction; or NotFound."""
    found = session.get(Playback, playback_id, with_for_update=True, populate_existing=True)
    if found is None or (subject_key is not None and found.subject_key != subject_key):
        raise errors.NotFound()
    return found


def for_subject(session: Session, playback_id: str, *, subject_key: str | None) -> Playback:
    """A playback of the learner, or NotFound; None as subject where its own token was shown."""
    found = session.get(Playback, playback_id)
    if found is None or (subject_key is not None and found.subject_key != subject_key):
        raise errors.NotFound()
    return found


def resume_ms(
    session: Session, enrolment_id: str, *, lesson_id: str, duration_ms: int, covered: Sequence[Sequence[int]]
) -> int:
    """Where to go on: where the learner last stopped, or at the first gap once the end was reached."""
    last = session.scalar(
        select(Playback.position_ms)
        .where(
            Playback.enrolment_id == enrolment_id,
            Playback.lesson_id == lesson_id,
            Playback.position_ms.is_not(None),
        )
        .order_by(Playback.opened_at.desc())
        .limit(1)
    )
    if last is None:
        return 0
    if last < duration_ms - beats.SLACK_MS:
        return last
    return first_gap_ms(duration_ms, covered)


def first_gap_ms(duration_ms: int, covered: Sequence[Sequence[int]]) -> int:
    """The start of what is not covered yet; 0 where everything is."""
    at = 0
    for low, high in covered:
        if low > at:
            return at
        at = max(at, int(high))
    return at if at < duration_ms else 0


def _told(session: Session, playback: Playback) -> list[Heard]:
    opened_ms = to_ms(playback.opened_at)
    rows = session.execute(
        select(Beat.seq, Beat.spans, Beat.state, Beat.received_at).where(
            Beat.playback_id == playback.id
        )
    )
    return [
        Heard(seq, spans.of_rows(told), State(state), to_ms(received_at) - opened_ms)
        for seq, told, state, received_at in rows
    ]


def settled(session: Session, playback_ids: Sequence[str], *, now: datetime) -> None:
    """The ledger has taken its last account of these playbacks."""
    session.execute(
        update(Playback).where(Playback.id.in_(playback_ids)).values(settled_at=now)
    )
