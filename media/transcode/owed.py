"""Rungs that a watchable lesson is still owed: one row while there are any, with its lease and log.

A table of its own, because the asset is `ready` and must stay so whatever becomes of these.
"""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, Text, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, Session, mapped_column

from media import leases
from media.base import Base

MACHINE_WAITS = ("store_unavailable", "store_full", "disk_full", "disk_fault")


class RungsOwed(Base):
    """The further rungs of one asset. Gone when all are made; left with its error when given up."""

    __tablename__ = "rungs_owed"

    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    progress_permille: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    lease_by: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(60))
    last_log: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]


def owe(session: Session, asset_id: str, *, now: datetime) -> None:
    """Promise the further rungs of an asset that is being shown."""
    session.add(RungsOwed(asset_id=asset_id, created_at=now))


def _open(now: datetime):  # type: ignore[no-untyped-def]
    return (
        (RungsOwed.attempts < leases.MOST_ATTEMPTS)
        & or_(RungsOwed.due_at.is_(None), RungsOwed.due_at <= now)
        & or_(RungsOwed.lease_until.is_(None), RungsOwed.lease_until <= now)
    )


def due(session: Session, *, now: datetime) -> list[str]:
    """Ids of the assets whose rungs may be made, the oldest first; none while a first rung waits."""
    if leases.due(session, now=now):
        return []
    found = select(RungsOwed.asset_id).where(_open(now))
    return list(session.scalars(found.order_by(RungsOwed.created_at, RungsOwed.asset_id)))


def claim(session: Session, asset_id: str, *, by: str, now: datetime) -> bool:
    """Take the row for one lease; False when it is not to be taken."""
    taken = session.execute(
        update(RungsOwed)
        .where(RungsOwed.asset_id == asset_id, _open(now))
        .values(
            lease_by=by,
            lease_until=now + leases.LEASE,
            attempts=RungsOwed.attempts + 1,
            progress_permille=0,
        )
        .execution_options(synchronize_session=False)
    )
    assert isinstance(taken, CursorResult)
    session.expire_all()
    return taken.rowcount == 1


def renew(session: Session, asset_id: str, *, by: str, now: datetime, permille: int) -> None:
    """Hold the row for another lease; leases.Lost when another worker has it."""
    row = held(session, asset_id, by=by)
    row.lease_until = now + leases.LEASE
    row.progress_permille = min(max(permille, 0), 999)


def held(session: Session, asset_id: str, *, by: str) -> RungsOwed:
    """The row, locked, for the worker that still holds it; leases.Lost otherwise."""
    row = session.get(RungsOwed, asset_id, with_for_update=True, populate_existing=True)
    if row is None or row.lease_by != by:
        raise leases.Lost()
    return row


def give_back(row: RungsOwed, *, code: str, log: str, now: datetime, is_final: bool = False) -> None:
    """The attempt failed: say why, and wait longer each time; the last one only says why."""
    row.last_error, row.last_log = code, log
    row.lease_by = row.lease_until = None
    if code in MACHINE_WAITS:  # no fault of this lesson: it waits however long that lasts
        row.attempts = min(row.attempts, leases.MOST_ATTEMPTS - 1)
    if is_final:
        row.attempts = leases.MOST_ATTEMPTS
    pause = leases.BACKOFF[min(row.attempts, len(leases.BACKOFF)) - 1]
    row.due_at = now + timedelta(seconds=pause)
