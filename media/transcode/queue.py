"""An operator's hands on the queue: trying again what was given up, stopping what goes on."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from media import errors, leases, pieces
from media.assets import Asset, AssetState
from media.pieces import Piece, PieceState, Step

STOPPED = "cancelled_by_operator"
SHOWN = 50


def unfinished(session: Session) -> Sequence[Asset]:
    """Files that wait, are worked on or failed, and lessons that still lack rungs; the newest first."""
    owed = select(Piece.asset_id).where(Piece.step != Step.AFTER)
    states = (AssetState.WAITING, AssetState.WORKING, AssetState.FAILED)
    found = select(Asset).where(or_(Asset.state.in_(states), Asset.id.in_(owed)))
    return session.scalars(found.order_by(Asset.created_at.desc(), Asset.id).limit(SHOWN)).all()


def again(session: Session, asset_id: str) -> None:
    """Try again what was given up; Conflict `nothing_failed` where nothing was. The source must still be there."""
    asset = _locked(session, asset_id)
    if asset.state == AssetState.FAILED:
        leases.again(asset)
    elif not pieces.again(session, asset_id):
        raise errors.Conflict("nothing_failed", "Nothing of this file was given up.")


def stop(session: Session, asset_id: str) -> list[str]:
    """Stop what goes on; the folders that nothing names now. A lesson that plays goes on with what it has.

    Its worker learns it from the lease, seconds later. Conflict `nothing_to_stop` where nothing goes on.
    """
    asset = _locked(session, asset_id)
    if asset.state in (AssetState.WAITING, AssetState.WORKING):
        folders = [f"{prefix}/" for prefix in (asset.hls_prefix, asset.image_prefix) if prefix]
        leases.end(asset, code=STOPPED, log=asset.last_log)
        asset.hls_prefix = asset.image_prefix = None
        pieces.forget(session, asset_id, Step.FIRST)
        return folders
    goes_on = [p for p in pieces.of(session, asset_id, Step.FURTHER) if p.state != PieceState.FAILED]
    if not goes_on:
        raise errors.Conflict("nothing_to_stop", "Nothing of this file is being made.")
    pieces.end(session, asset_id, Step.FURTHER, code=STOPPED)
    return []


def _locked(session: Session, asset_id: str) -> Asset:
    asset = session.get(Asset, asset_id, with_for_update=True, populate_existing=True)
    if asset is None:
        raise errors.NotFound()
    return asset
