"""Simulations of a draft: the row that says what is to be done, whose turn it is, and the sums so far.

How one learner comes out is computed elsewhere (`courses.ledger.simulated`); nothing here touches hours.
The sums and the place reached are written together, so that a killed worker's successor goes on exactly there.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    and_,
    or_,
    select,
    update,
)
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.policies import sums
from courses.policies.drafts import PolicyDraft
from courses.policies.sums import Outcome
from media.base import Base, new_id

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 6  # with nothing done in between
PAUSE = timedelta(seconds=30)
LONGEST_DAYS = 366 * 3


class SimulationState(StrEnum):
    """Where a simulation stands."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


class PolicySimulation(Base):
    """One simulation of one revision of a draft, on the learners of `[from_at, to_at)`."""

    __tablename__ = "policy_simulations"
    __table_args__ = (
        CheckConstraint("state IN ('waiting','working','done','failed')", name="state"),
        CheckConstraint("from_at < to_at", name="period"),
        Index("ix_policy_simulations_draft", "draft_id", "asked_at"),
        Index("ix_policy_simulations_state", "state"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    draft_id: Mapped[str] = mapped_column(ForeignKey("policy_drafts.id"))
    revision: Mapped[int] = mapped_column(Integer)
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    lease_by: Mapped[str | None] = mapped_column(String(16))
    lease_until: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    last_error: Mapped[str | None] = mapped_column(String(300))
    reached: Mapped[str] = mapped_column(String(16), default="")  # the last subject key whose hours are in the sums
    learners: Mapped[int] = mapped_column(Integer)  # when it was asked for
    done: Mapped[int] = mapped_column(Integer, default=0)
    refused: Mapped[int] = mapped_column(Integer, default=0)  # whose evidence no rule can judge
    sums: Mapped[dict[str, Any]]
    asked_by: Mapped[str] = mapped_column(String(16))  # subject key
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


def check_period(first_on: date, last_on: date, *, today: date) -> None:
    """A past period, both days included. Refused: Invalid `simulation_period`."""
    if last_on < first_on:
        raise errors.Invalid("simulation_period", "The last day lies before the first.", field="last_on")
    if last_on >= today:
        raise errors.Invalid("simulation_period", "Choose days that are over: the last is yesterday.", field="last_on")
    if (last_on - first_on).days > LONGEST_DAYS:
        raise errors.Invalid("simulation_period", "Choose at most three years.", field="first_on")


def ask(
    session: Session,
    draft: PolicyDraft,
    *,
    from_at: datetime,
    to_at: datetime,
    learners: int,
    asked_by: str,
    now: datetime,
) -> PolicySimulation:
    """Put one into the queue. Refused: Conflict `draft_state` once the draft is over, `simulation_runs`."""
    session.get(PolicyDraft, draft.id, with_for_update=True, populate_existing=True)
    if draft.is_over:
        raise errors.Conflict("draft_state", "This draft cannot be changed as it stands.")
    newest = latest(session, draft.id)
    if newest is not None and newest.revision == draft.revision and newest.state in ("waiting", "working"):
        raise errors.Conflict("simulation_runs", "This draft is being simulated already.")
    made = PolicySimulation(
        draft_id=draft.id,
        revision=draft.revision,
        from_at=from_at,
        to_at=to_at,
        state=SimulationState.WAITING,
        learners=learners,
        sums={},
        asked_by=asked_by,
        asked_at=now,
    )
    session.add(made)
    session.flush()
    return made


def latest(session: Session, draft_id: str) -> PolicySimulation | None:
    """The newest of a draft, whatever its revision."""
    rows = select(PolicySimulation).where(PolicySimulation.draft_id == draft_id)
    return session.scalars(rows.order_by(PolicySimulation.asked_at.desc(), PolicySimulation.id).limit(1)).first()


def finished(session: Session, draft_id: str, *, revision: int) -> PolicySimulation | None:
    """The newest finished one of a draft as it stands."""
    rows = select(PolicySimulation).where(
        PolicySimulation.draft_id == draft_id,
        PolicySimulation.revision == revision,
        PolicySimulation.state == SimulationState.DONE,
    )
    return session.scalars(rows.order_by(PolicySimulation.asked_at.desc(), PolicySimulation.id).limit(1)).first()


class Lost(Exception):
    """Another worker holds the simulation now: stop, and write nothing."""


def _open(now: datetime):  # type: ignore[no-untyped-def]
    """Simulations that anybody may take: due, or left behind by a worker whose lease ran out."""
    due_now = or_(PolicySimulation.due_at.is_(None), PolicySimulation.due_at <= now)
    return or_(
        and_(PolicySimulation.state == SimulationState.WAITING, due_now),
        and_(PolicySimulation.state == SimulationState.WORKING, PolicySimulation.lease_until <= now),
    )


def due(session: Session, now: datetime) -> list[str]:
    """Ids of those that wait for a worker, the oldest first."""
    return list(
        session.scalars(
            select(PolicySimulation.id).where(_open(now)).order_by(PolicySimulation.asked_at, PolicySimulation.id)
        )
    )


def claim(session: Session, simulation_id: str, *, by: str, now: datetime) -> bool:
    """Take one for a lease, by one conditional update; False when it is not to be taken."""
    taken = session.execute(
        update(PolicySimulation)
        .where(PolicySimulation.id == simulation_id, _open(now))
        .values(
            state=SimulationState.WORKING,
            lease_by=by,
            lease_until=now + LEASE,
            attempts=PolicySimulation.attempts + 1,
        )
        .execution_options(synchronize_session=False)
    )
    assert isinstance(taken, CursorResult)
    session.expire_all()
    return taken.rowcount == 1


def add(
    session: Session, simulation_id: str, outcomes: Iterable[Outcome], *, by: str, reached: str, refused: int, now: datetime
) -> None:
    """Add a batch to the sums, say how far that is, and hold the simulation for another lease; Lost if it is gone."""
    row = _held(session, simulation_id, by=by)
    total: sums.Sums = {axis: {key: dict(cell) for key, cell in cells.items()} for axis, cells in row.sums.items()}
    count = 0
    for one in outcomes:
        sums.add(total, one)
        count += 1
    row.sums = total
    row.reached = reached
    row.done += count + refused
    row.refused += refused
    row.attempts = 1  # what goes on is not given up
    row.lease_until = now + LEASE
    session.flush()


def finish(session: Session, simulation_id: str, *, by: str, now: datetime) -> None:
    """Everybody is in the sums; Lost if it is somebody else's by now."""
    row = _held(session, simulation_id, by=by)
    row.state = SimulationState.DONE
    row.learners = row.done
    row.finished_at = now
    row.last_error = None
    _free(row)


def give_back(session: Session, simulation_id: str, *, by: str, why: str, now: datetime) -> None:
    """An attempt failed: wait, and in the end give up; what was added stays."""
    row = _held(session, simulation_id, by=by)
    row.last_error = why[:300]
    if row.attempts >= MOST_ATTEMPTS:
        row.state = SimulationState.FAILED
        row.finished_at = now
    else:
        row.state = SimulationState.WAITING
        row.due_at = now + row.attempts * PAUSE
    _free(row)


def end(session: Session, simulation_id: str, *, by: str, why: str, now: datetime) -> None:
    """It means nothing any more, such as when its draft was changed."""
    row = _held(session, simulation_id, by=by)
    row.state = SimulationState.FAILED
    row.last_error = why
    row.finished_at = now
    _free(row)


def _held(session: Session, simulation_id: str, *, by: str) -> PolicySimulation:
    row = session.get(PolicySimulation, simulation_id, with_for_update=True, populate_existing=True)
    if row is None or row.lease_by != by or row.state != SimulationState.WORKING:
        raise Lost()
    return row


def _free(row: PolicySimulation) -> None:
    row.lease_by = None
    row.lease_until = None
