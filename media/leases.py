"""Whose turn it is: an asset is worked on by one worker at a time, for as long as its lease runs.

A claim is one conditional update, so that two workers cannot both win. A killed worker's lease runs
out, and the next claim takes the asset over; whatever the old one still does is refused at `held`.
"""

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from media import assets
from media.assets import Asset, AssetState

LEASE = timedelta(seconds=45)  # another worker takes over within a minute
MOST_ATTEMPTS = 6
BACKOFF = (10, 30, 120, 600, 1800)  # seconds after the 1st, 2nd, ... failed attempt
# Trouble that ends by itself or by an operator's hand: it is waited for, however long it lasts.
MACHINE_WAITS = ("store_unavailable", "store_full", "disk_full", "disk_fault", "database_away")


class Lost(Exception):
    """Another worker holds the asset now: stop, and publish nothing."""


def _open(now: datetime):  # type: ignore[no-untyped-def]
    """Assets that anybody may take: due, or left behind by a worker whose lease ran out."""
    return or_(
        and_(
            Asset.state == AssetState.WAITING, or_(Asset.due_at.is_(None), Asset.due_at <= now)
        ),
        and_(Asset.state == AssetState.WORKING, Asset.lease_until <= now),
    )


def due(session: Session, *, now: datetime) -> list[str]:
    """Ids of the assets that wait for a worker, the oldest first."""
    found = select(Asset.id).where(_open(now)).order_by(Asset.created_at, Asset.id)
    return list(session.scalars(found))


def claim(session: Session, asset_id: str, *, by: str, now: datetime) -> bool:
    """Take the asset for one lease; False when it is not to be taken."""
    taken = session.execute(
        update(Asset)
        .where(Asset.id == asset_id, _open(now))
        .values(
            state=AssetState.WORKING,
            lease_by=by,
            lease_until=now + LEASE,
            begun_at=now,
            attempts=Asset.attempts + 1,
            progress_permille=0,
        )
        .execution_options(synchronize_session=False)
    )
    assert isinstance(taken, CursorResult)
    session.expire_all()
    return taken.rowcount == 1


def renew(session: Session, asset_id: str, *, by: str, now: datetime, permille: int) -> None:
    """Hold the asset for another lease and say how far the work is; Lost when it is gone."""
    kept = session.execute(
        update(Asset)
        .where(Asset.id == asset_id, Asset.lease_by == by, Asset.state == AssetState.WORKING)
        .values(lease_until=now + LEASE, progress_permille=min(max(permille, 0), 999))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(kept, CursorResult)
    session.expire_all()
    if kept.rowcount != 1:
        raise Lost()


def held(session: Session, asset_id: str, *, by: str) -> Asset:
    """The asset, locked, for the worker that still holds it; Lost otherwise."""
    asset = session.get(Asset, asset_id, with_for_update=True, populate_existing=True)
    if asset is None or asset.lease_by != by or asset.state != AssetState.WORKING:
        raise Lost()
    return asset


def give_back(asset: Asset, *, code: str, log: str, now: datetime) -> None:
    """The attempt failed through no fault of the file: wait longer each time, in the end give up."""
    asset.last_error = code
    asset.last_log = log
    if code in MACHINE_WAITS:
        asset.attempts = min(asset.attempts, MOST_ATTEMPTS - 1)
    if asset.attempts >= MOST_ATTEMPTS:
        end(asset, code="gave_up", log=log)
        return
    assets.move(asset, AssetState.WAITING)
    asset.due_at = now + timedelta(seconds=pause_s(asset.attempts))
    _free(asset)


def pause_s(attempts: int) -> int:
    """Seconds to wait after so many attempts, at least one."""
    return BACKOFF[max(min(attempts, len(BACKOFF)), 1) - 1]


def share(asset: Asset) -> None:
    """From here on workers hold pieces of the asset, each by a lease of its own; nobody holds it whole."""
    assert asset.state == AssetState.WORKING
    _free(asset)


def end(asset: Asset, *, code: str, log: str = "") -> None:
    """The file cannot be used: say why, for good."""
    assets.move(asset, AssetState.FAILED)
    asset.last_error = code
    asset.last_log = log
    _free(asset)


def finish(asset: Asset, *, now: datetime) -> None:
    """Everything is in the store: show it."""
    assets.move(asset, AssetState.READY)
    asset.ready_at = now
    asset.progress_permille = 1000
    asset.last_error = None
    _free(asset)


def again(asset: Asset) -> None:
    """Put a failed asset, whose source is still in the store, back into the queue."""
    assets.move(asset, AssetState.WAITING)
    asset.attempts = 0
    asset.due_at = None
    asset.progress_permille = 0
    asset.last_error = None
    asset.last_log = ""


def _free(asset: Asset) -> None:
    asset.lease_by = None
    asset.lease_until = None
