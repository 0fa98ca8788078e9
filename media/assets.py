"""Assets: files that people sent, what was measured in them, and the renditions made of them.

States and their transitions are one table, `TRANSITIONS`. `owner` is an opaque id of the other package.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, new_id


class AssetKind(StrEnum):
    """What a file is for."""

    VIDEO = "video"
    IMAGE = "image"


class AssetState(StrEnum):
    """Where an asset stands between the first byte and being playable."""

    UPLOADING = "uploading"
    WAITING = "waiting"  # uploaded whole, a job has yet to take it
    WORKING = "working"  # leased by a worker
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
    upload_ref: Mapped[str | None] = mapped_column(String(400))  # the store's multipart upload
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))  # SHA-256, once complete
    source_key: Mapped[str | None] = mapped_column(String(200))
    poster_key: Mapped[str | None] = mapped_column(String(200))
    hls_prefix: Mapped[str | None] = mapped_column(String(200))
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    probe: Mapped[dict[str, Any] | None]
    progress_permille: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    lease_by: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(60))  # a stable code, never raw output
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]


class AssetPart(Base):
    """One received part of an upload; parts are numbered from 1."""

    __tablename__ = "asset_parts"

    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    store_ref: Mapped[str] = mapped_column(String(200), default="")  # the store's ETag


class Rendition(Base):
    """One rung of the ladder as HLS."""

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
