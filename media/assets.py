"""Assets: files that people sent, what was measured in them, and the renditions made of them.

States and their transitions are one table, `TRANSITIONS`. `owner` is an opaque id of the other
package: the organisation whose staff sent the file. Who may see an asset is said by `owners`, the
ids that the asking person acts for.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    delete,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from media import errors
from media.base import Base, new_id


class AssetKind(StrEnum):
    """What a file is for."""

    VIDEO = "video"
    IMAGE = "image"
    DOCUMENT = "document"  # a PDF beside a lesson


class AssetState(StrEnum):
    """Where an asset stands between the first byte and being playable."""

    UPLOADING = "uploading"
    WAITING = "waiting"  # uploaded whole, a job has yet to take it
    WORKING = "working"  # leased by a worker, or in pieces that are (`pieces`)
    READY = "ready"
    FAILED = "failed"


TRANSITIONS: dict[AssetState, frozenset[AssetState]] = {
    AssetState.UPLOADING: frozenset({AssetState.WAITING, AssetState.FAILED}),
    AssetState.WAITING: frozenset({AssetState.WORKING, AssetState.FAILED}),
    AssetState.WORKING: frozenset({AssetState.READY, AssetState.FAILED, AssetState.WAITING}),
    AssetState.READY: frozenset(),
    AssetState.FAILED: frozenset({AssetState.WAITING}),
}


class Asset(Base):
    """One file with its state, lease and measurements. `progress_permille` is 0..1000."""

    __tablename__ = "assets"
    __table_args__ = (
        CheckConstraint(
            "state IN ('uploading','waiting','working','ready','failed')", name="state"
        ),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(String(16), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(12), index=True)
    file_name: Mapped[str] = mapped_column(String(255))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    part_bytes: Mapped[int] = mapped_column(BigInteger)
    fingerprint: Mapped[str] = mapped_column(String(64), default="", index=True)  # the sender's
    upload_ref: Mapped[str | None] = mapped_column(String(400))  # the store's upload in parts
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))  # SHA-256, once complete
    source_key: Mapped[str | None] = mapped_column(String(200))
    image_prefix: Mapped[str | None] = mapped_column(String(200))  # poster, cover, drawn pages
    hls_prefix: Mapped[str | None] = mapped_column(String(200))
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)  # of what was made, not claimed
    width: Mapped[int | None]
    height: Mapped[int | None]
    probe: Mapped[dict[str, Any] | None]
    progress_permille: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    lease_by: Mapped[str | None] = mapped_column(String(40))
    begun_at: Mapped[datetime | None]  # the attempt that goes on, or the last one
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]  # not tried again before
    last_error: Mapped[str | None] = mapped_column(String(60))  # a stable code, never raw output
    last_log: Mapped[str] = mapped_column(Text, default="")  # the tool's last lines, for operators
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]


class AssetPart(Base):
    """One received part of an upload; parts are numbered from 1."""

    __tablename__ = "asset_parts"

    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    store_ref: Mapped[str] = mapped_column(
        String(200), default=""
    )  # its mark; empty: only promised


class Rendition(Base):
    """One rung of the ladder as HLS, in the folder `name` below the asset's `hls_prefix`."""

    __tablename__ = "renditions"
    __table_args__ = (UniqueConstraint("asset_id", "name"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), index=True)
    name: Mapped[str] = mapped_column(String(20))  # "360p"
    width: Mapped[int]
    height: Mapped[int]
    bandwidth: Mapped[int]  # peak, bit/s, as the master playlist tells it
    average_bandwidth: Mapped[int]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    codecs: Mapped[str] = mapped_column(String(80))


class Caption(Base):
    """A WebVTT text track of an asset in one language (BCP 47)."""

    __tablename__ = "captions"
    __table_args__ = (UniqueConstraint("asset_id", "language"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), index=True)
    language: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))


def move(asset: Asset, state: AssetState) -> None:
    """Take a step that `TRANSITIONS` allows; Conflict otherwise."""
    if state not in TRANSITIONS[AssetState(asset.state)]:
        raise errors.Conflict()
    asset.state = state


def get(session: Session, asset_id: str, *, owners: Collection[str]) -> Asset:
    """The asset for somebody who acts for `owners`; NotFound for everybody else."""
    asset = session.get(Asset, asset_id)
    if asset is None or asset.owner not in owners:
        raise errors.NotFound()
    return asset


def ready(session: Session, asset_id: str) -> Asset:
    """The asset, which is ready to be shown; NotFound before."""
    asset = session.get(Asset, asset_id)
    if asset is None or asset.state != AssetState.READY:
        raise errors.NotFound()
    return asset


def remove(session: Session, asset_id: str, *, owners: Collection[str]) -> list[str]:
    """Forget a file that nothing shows; the keys, and folders (with a slash), that nobody names now.

    Refused: `asset_sending` while it arrives or is worked on, `asset_shown` while other rows point at it.
    """
    asset = get(session, asset_id, owners=owners)
    if asset.state in (AssetState.UPLOADING, AssetState.WAITING, AssetState.WORKING):
        raise errors.Conflict(
            "asset_sending", "This file is still being sent or processed. Wait until that is over."
        )
    folders = [prefix + "/" for prefix in (asset.hls_prefix, asset.image_prefix) if prefix]
    keys = [*filter(None, [asset.source_key]), *folders]
    keys += [caption.key for caption in captions(session, asset_id)]
    for mapper in Base.registry.mappers:  # every table of this package that hangs on an asset
        if mapper.class_.__module__.startswith("media.") and "asset_id" in mapper.columns:
            session.execute(delete(mapper.class_).where(mapper.columns["asset_id"] == asset_id))
    try:
        session.delete(asset)
        session.flush()
    except IntegrityError as error:
        raise errors.Conflict(
            "asset_shown", "A lesson or a course shows this file. Put another one there first."
        ) from error
    return [key for key in keys if not _is_named(session, key.rstrip("/"))]


def _is_named(session: Session, key: str) -> bool:
    """Whether a row still names what an adopted file shares with its twin."""
    names = or_(Asset.source_key == key, Asset.hls_prefix == key, Asset.image_prefix == key)
    return session.scalar(select(Asset.id).where(names).limit(1)) is not None


def was_known(session: Session, asset: Asset) -> bool:
    """Whether the same content had been made ready before, so that it was not encoded again."""
    if asset.ready_at is None or asset.content_hash is None:
        return False
    twin = select(Asset.id).where(
        Asset.content_hash == asset.content_hash,
        Asset.kind == asset.kind,
        Asset.id != asset.id,
        Asset.ready_at < asset.ready_at,
    )
    return session.scalar(twin.limit(1)) is not None


def state_of(session: Session, asset_id: str) -> AssetState:
    """Where the asset stands; NotFound where there is none."""
    asset = session.get(Asset, asset_id)
    if asset is None:
        raise errors.NotFound()
    return AssetState(asset.state)


def renditions(session: Session, asset_id: str) -> list[Rendition]:
    """The rungs of a ready asset, the smallest bandwidth first."""
    found = select(Rendition).where(Rendition.asset_id == asset_id)
    return list(session.scalars(found.order_by(Rendition.bandwidth, Rendition.id)))


def captions(session: Session, asset_id: str) -> list[Caption]:
    """The asset's text tracks in order of their language."""
    found = select(Caption).where(Caption.asset_id == asset_id)
    return list(session.scalars(found.order_by(Caption.language)))
