"""Settling: what can no longer change is written (`credit-rules.md` 5.35). Idempotent; under a lock.

Evidence can grow while a playback is open, and then by no more than the last 15 minutes. Whatever
grew or was voided after all is met by cancelling rows: the rows always sum to what recompute says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from courses import enrolment as enrolments
from courses import seats
from courses.catalogue.models import Course
from courses.credit.evidence import BadEvidence
from courses.credit.recompute import Trace
from courses.credit.statement import Statement
from courses.enrolment import Enrolment, Taking
from courses.ledger import accounts, accrual, entries, evidence, progress, reconcile
from courses.ledger.evidence import Frame
from courses.ledger.models import Account, Entry
from courses.policies import PolicyVersion
from courses.quizzes import Attempt
from courses.watch import presence
from courses.watch.models import Beat, Playback
from media.base import to_ms

LATE = timedelta(minutes=15)  # how late a beat may arrive (watch.md 5)
# Rows of other rooms carry the instant at which their request began, not the one of their commit.
COMMIT_MARGIN = timedelta(minutes=10)
TICK = timedelta(milliseconds=1)
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Settled:
    """What one look wrote, and up to where the evidence was final (exclusive)."""

    written: list[Entry]
    settled_to: datetime

    @property
    def enrolment_ids(self) -> set[str]:
        """What the rows written are about."""
        return {row.about for row in self.written}


def settle(session: Session, subject_key: str, *, now: datetime) -> Settled:
    """Write what the ledger lacks of a subject, up to where its evidence is final.

    Evidence that the engine refuses (no rule in force then) writes nothing and leaves its fault in the
    account; a new policy version makes the account due again.
    """
    account = accounts.lock(session, subject_key)
    settled_to = final_to(session, subject_key, now=now)
    seen = count_policies(session)
    written: list[Entry] = []
    account.fault = None
    # Before anything is read: what is told from here on takes the mark away again, and nothing that was
    # computed earlier can be kept under it.
    account_for_playbacks(session, subject_key, now=now)
    try:
        frame = evidence.frame(session, subject_key, as_of=settled_to, known_at=now + TICK)
        studies = accrual.studies(session, frame)
        written = reconcile_with_engine(session, frame, accrual.joined(frame, studies), now=now)
        accrual.keep(session, frame, studies, now=now)
    except BadEvidence as bad:
        account.fault = str(bad)[:300]
    account.settled_at = now
    account.settled_to = settled_to
    account.policies_seen = seen
    account.is_due = False
    note_done(session, subject_key, {row.about for row in written}, now=now)
    session.flush()
    return Settled(written, settled_to)


def note_done(session: Session, subject_key: str, about: set[str], *, now: datetime) -> None:
    """Whoever assigned a course sees at once whether hours of it stand, after rows about it were written."""
    touched = select(Enrolment.course_id).where(Enrolment.id.in_(about)).distinct().order_by(Enrolment.course_id)
    for course_id in session.scalars(touched).all():
        is_done = progress.is_earned(session, subject_key, course_id)
        seats.note_done(session, subject_key, course_id, is_done=is_done, now=now)


def account_for_playbacks(session: Session, subject_key: str, *, now: datetime) -> None:
    """Write into the closed playbacks that the ledger took account of all they told so far.

    Not where a prompt may still lapse: that voids time without anything being told.
    """
    recent = and_(Playback.closed_at > now - 2 * LATE, Playback.closed_at <= now)
    session.execute(
        update(Playback)
        .where(
            Playback.subject_key == subject_key,
            or_(recent, and_(Playback.closed_at <= now, unsettled())),
            ~presence.may_lapse(now),
        )
        .values(settled_at=now)
        .execution_options(synchronize_session=False)
    )


def reconcile_with_engine(session: Session, frame: Frame, trace: Trace, *, now: datetime) -> list[Entry]:
    """Cancel what no longer holds and append what is missing, of entries dated before the frame's `as_of`."""
    subject_key, statement = frame.evidence.learner, trace.statement
    enrolments.note_covered(session, covered(statement, frame.takings))
    computed = entries.computed(statement)
    rows = reconcile.standing(entries.of_subject(session, subject_key))
    found = reconcile.reconciled(computed, [row for row in rows if to_ms(row.line.at) < frame.evidence.as_of])
    lines = [(reconcile.against(row, at=now), row) for row in found.stale]
    return entries.write(
        session,
        subject_key,
        [*lines, *((line, None) for line, row in found.lines if row is None)],
        now=now,
    )


def covered(statement: Statement, takings: Sequence[Taking]) -> dict[str, int]:
    """Whole thousandths of each enrolment's media that are covered."""
    durations = {one.enrolment.id: {row.lesson_id: row.duration_ms for row in one.lessons} for one in takings}
    found = {}
    for one in statement.enrolments:
        lessons = durations[one.id]
        seen = sum((row.coverage * lessons[row.id] for row in one.lessons), start=Fraction(0))
        found[one.id] = int(1000 * seen / sum(lessons.values()))
    return found


def final_to(session: Session, subject_key: str, *, now: datetime) -> datetime:
    """The instant before which a subject's evidence can no longer grow."""
    opened = session.scalars(
        select(Playback.opened_at).where(
            Playback.subject_key == subject_key, Playback.closed_at.is_(None)
        )
    )
    return min((max(at, now - LATE) for at in opened), default=now + TICK)


def count_policies(session: Session) -> int:
    """How many versions there are. They are never deleted, so a larger count means a new one."""
    return session.scalar(select(func.count()).select_from(PolicyVersion)) or 0


def unsettled() -> ColumnElement[bool]:
    """A playback that the ledger took no account of since it was last heard of."""
    return Playback.settled_at.is_(None)


def due(session: Session, now: datetime) -> list[str]:
    """Subjects for whom something happened since their last settling; for the sweep."""
    found: dict[str, None] = {}
    for asked in (*due_by_watching(now), *due_by_entering(session, now)):
        found |= dict.fromkeys(session.scalars(asked.distinct().limit(MOST_AT_ONCE)))
    return list(found)[:MOST_AT_ONCE]


def due_by_watching(now: datetime) -> list[Select[str]]:
    """Closed playbacks not accounted for, and open ones whose beginning is final by now."""
    closed = select(Playback.subject_key).where(Playback.closed_at <= now, unsettled())
    long_open = (
        select(Playback.subject_key)
        .outerjoin(Account, Account.subject_key == Playback.subject_key)
        .where(
            Playback.closed_at.is_(None),
            Playback.opened_at < now - LATE,
            or_(Account.settled_at.is_(None), Account.settled_at < now - LATE),
        )
    )
    # A taken-over playback still takes what was played before; its message may have been lost.
    late = (
        select(Playback.subject_key)
        .join(Beat, Beat.playback_id == Playback.id)
        .where(Playback.closed_at > now - 2 * LATE, Beat.received_at > Playback.settled_at)
    )
    return [closed, long_open, late]


def due_by_entering(session: Session, now: datetime) -> list[Select[str]]:
    """What was entered: offline hours, requirements, policy versions, attempts, courses taken back."""
    marked = select(Account.subject_key).where(
        or_(Account.is_due, Account.policies_seen < count_policies(session))
    )
    mine = (
        select(Enrolment.subject_key)
        .select_from(Enrolment)
        .outerjoin(Account, Account.subject_key == Enrolment.subject_key)
    )
    examined = mine.join(Attempt, Attempt.enrolment_id == Enrolment.id).where(
        later_than_settled(Attempt.recorded_at, now)
    )
    taken_back = mine.join(Course, Course.id == Enrolment.course_id).where(
        Course.withdrawn_at.is_not(None), later_than_settled(Course.withdrawn_at, now)
    )
    return [marked, examined, taken_back]


def later_than_settled(at: InstrumentedAttribute[Any], now: datetime) -> ColumnElement[bool]:
    """Whether a row came, or may have been committed, after the account was last settled."""
    may_be_late = and_(at > now - COMMIT_MARGIN, Account.settled_at < now - COMMIT_MARGIN / 2)
    return or_(Account.settled_at.is_(None), at > Account.settled_at, may_be_late)
