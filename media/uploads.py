"""Resumable uploads: numbered parts with checksums, their state in rows, the bytes in the store.

Nothing here talks to a store: the shell writes a part between `expect` and `received`, or promises it to
the sender, who sends it past the site; outside of any transaction. A part sent twice counts once; an
upload is found again by its owner and fingerprint.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from media import assets, errors, heads, quotas
from media.assets import Asset, AssetKind, AssetPart, AssetState
from media.base import new_id

MIB = 1024 * 1024
PART_BYTES = 8 * MIB
MOST_PARTS = 10_000  # S3's limit
MOST_BYTES = {AssetKind.IMAGE: 20 * MIB, AssetKind.DOCUMENT: 50 * MIB}  # of videos the settings say
KEPT = timedelta(days=7)  # how long an unfinished upload can be resumed
FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Expected:
    """What one part must be, and where it goes."""

    number: int
    offset: int
    size_bytes: int
    key: str
    ref: str
    is_here: bool  # received before, with the same content
    is_promised: bool  # addressed to the sender before, with the same content


@dataclass(frozen=True, slots=True)
class Progress:
    """What the store has of an upload."""

    asset_id: str
    state: AssetState
    size_bytes: int
    part_bytes: int
    received: list[int]
    missing: list[int]


def part_count(asset: Asset) -> int:
    """How many parts the whole file has."""
    return -(-asset.size_bytes // asset.part_bytes)


def part_size(asset: Asset, number: int) -> int:
    """The exact length of one part: all are equal but the last."""
    return min(asset.part_bytes, asset.size_bytes - (number - 1) * asset.part_bytes)


def source_key(asset_id: str) -> str:
    """Where an upload's bytes lie."""
    return f"sources/{asset_id}/original"


def begin(
    session: Session,
    *,
    owner: str,
    kind: AssetKind,
    file_name: str,
    size_bytes: int,
    now: datetime,
    fingerprint: str = "",
    head: bytes = b"",
    limit_bytes: int = 8 * 1024 * MIB,
    quota_bytes: int = 0,
    room_bytes: int | None = None,
    part_bytes: int = PART_BYTES,
) -> Asset:
    """Open an upload, or go on with the owner's unfinished one of the same file.

    `fingerprint` is 64 hexadecimal digits that the sender computes from the file, or empty (then
    nothing is resumed). `head`: the file's first bytes. `quota_bytes` 0: no end. Refused: `empty_file`,
    `too_large`, `fingerprint_malformed`, `wrong_type`, `quota_spent`, `store_full`.
    """
    quotas.check_size(size_bytes, limit_bytes=MOST_BYTES.get(kind, limit_bytes))
    if fingerprint and not FINGERPRINT.fullmatch(fingerprint):
        raise errors.Invalid("fingerprint_malformed", "The file's fingerprint is malformed.")
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1].strip()[:255] or "file"
    found = _unfinished(
        session,
        owner=owner,
        kind=kind,
        file_name=name,
        size_bytes=size_bytes,
        fingerprint=fingerprint,
        now=now,
    )
    if found is not None:
        return found
    heads.check(kind, head, file_name=name)
    quotas.check(session, owner, size_bytes=size_bytes, quota_bytes=quota_bytes)
    quotas.check_room(size_bytes, room_bytes=room_bytes)
    while size_bytes > part_bytes * MOST_PARTS:
        part_bytes *= 2
    asset = Asset(
        id=new_id(),
        owner=owner,
        kind=kind,
        state=AssetState.UPLOADING,
        file_name=name,
        size_bytes=size_bytes,
        part_bytes=part_bytes,
        fingerprint=fingerprint,
        created_at=now,
    )
    asset.source_key = source_key(asset.id)
    session.add(asset)
    session.flush()
    return asset


def sent_before(
    session: Session, *, owner: str, kind: AssetKind, size_bytes: int, fingerprint: str
) -> Asset | None:
    """The owner's file that looks the same and arrived whole; `content_of` says whether it is."""
    if not fingerprint:
        return None
    return session.scalar(
        select(Asset)
        .where(
            Asset.owner == owner,
            Asset.kind == kind,
            Asset.size_bytes == size_bytes,
            Asset.fingerprint == fingerprint,
            Asset.state.in_((AssetState.WAITING, AssetState.WORKING, AssetState.READY)),
        )
        .order_by(Asset.created_at, Asset.id)
        .limit(1)
    )


def content_of(session: Session, asset_id: str) -> str:
    """What stands for a whole file without reading it: the SHA-256 of its parts' SHA-256, in hex."""
    return sha256(b"".join(part.content_hash for part in parts(session, asset_id))).hexdigest()


def _unfinished(
    session: Session,
    *,
    owner: str,
    kind: AssetKind,
    file_name: str,
    size_bytes: int,
    fingerprint: str,
    now: datetime,
) -> Asset | None:
    if not fingerprint:
        return None
    return session.scalar(
        select(Asset)
        .where(
            Asset.owner == owner,
            Asset.kind == kind,
            Asset.state == AssetState.UPLOADING,
            Asset.file_name == file_name,
            Asset.size_bytes == size_bytes,
            Asset.fingerprint == fingerprint,
            Asset.created_at > now - KEPT,
        )
        .order_by(Asset.created_at.desc(), Asset.id)
        .limit(1)
    )


def attach(session: Session, asset_id: str, *, ref: str) -> str:
    """Name the store's upload in parts, once: the first one stays, and is answered."""
    asset = session.get(Asset, asset_id, with_for_update=True, populate_existing=True)
    if asset is None:
        raise errors.NotFound()
    if asset.upload_ref is None:
        asset.upload_ref = ref
        session.flush()
    return asset.upload_ref


def expect(
    session: Session, asset_id: str, *, owners: Collection[str], number: int, content_hash: bytes
) -> Expected:
    """What part `number` must be. Refused: `part_unknown`, `part_differs`, `upload_over`."""
    asset = assets.get(session, asset_id, owners=owners)
    if asset.state != AssetState.UPLOADING:
        raise errors.Conflict("upload_over", "This upload has ended; nothing more is needed.")
    if not 1 <= number <= part_count(asset):
        raise errors.Invalid(
            "part_unknown",
            "This file has parts 1 to %(count)d; there is no part %(number)d.",
            count=part_count(asset),
            number=number,
        )
    assert asset.source_key is not None
    known = session.get(AssetPart, (asset_id, number))
    is_here = known is not None and known.store_ref != ""
    is_same = known is not None and known.content_hash == content_hash
    if is_here and not is_same:
        raise errors.Conflict(
            "part_differs",
            "Part %(number)d was sent before with other content: the file has changed. "
            "Cancel this upload and begin anew.",
            number=number,
        )
    return Expected(
        number=number,
        offset=(number - 1) * asset.part_bytes,
        size_bytes=part_size(asset, number),
        key=asset.source_key,
        ref=asset.upload_ref or "",
        is_here=is_here,
        is_promised=is_same and not is_here,
    )


def check_part(expected: Expected, data: bytes, *, content_hash: bytes) -> None:
    """Refuse bytes that are not the part: `part_size_wrong`, `part_damaged`."""
    if len(data) != expected.size_bytes:
        raise errors.Invalid(
            "part_size_wrong",
            "Part %(number)d must have %(expected)d bytes; %(size)d arrived.",
            number=expected.number,
            expected=expected.size_bytes,
            size=len(data),
        )
    if sha256(data).digest() != content_hash:
        raise errors.Invalid(
            "part_damaged",
            "Part %(number)d was damaged on the way. It is sent again.",
            number=expected.number,
        )


def promise(
    session: Session, asset_id: str, *, number: int, size_bytes: int, content_hash: bytes
) -> None:
    """The sender gets an address for this part: what is found there later must be exactly it."""
    part = session.get(AssetPart, (asset_id, number), with_for_update=True, populate_existing=True)
    if part is None:
        part = AssetPart(asset_id=asset_id, number=number, size_bytes=size_bytes, store_ref="")
        session.add(part)
    elif part.store_ref:
        return
    part.content_hash = content_hash
    session.flush()


def received(
    session: Session,
    asset_id: str,
    *,
    number: int,
    size_bytes: int,
    content_hash: bytes,
    mark: str,
) -> None:
    """The store has the part. Told twice, counted once."""
    asset = session.get(Asset, asset_id, with_for_update=True, populate_existing=True)
    if asset is None or asset.state != AssetState.UPLOADING:
        raise errors.Conflict("upload_over", "This upload has ended; nothing more is needed.")
    known = session.get(AssetPart, (asset_id, number))
    if known is not None:
        known.store_ref = mark  # the store keeps the later copy under the same number
        known.content_hash = content_hash
    else:
        session.add(
            AssetPart(
                asset_id=asset_id,
                number=number,
                size_bytes=size_bytes,
                content_hash=content_hash,
                store_ref=mark,
            )
        )
    session.flush()


def parts(session: Session, asset_id: str) -> list[AssetPart]:
    """What arrived, in order of the numbers; not what was only promised."""
    found = (
        select(AssetPart)
        .where(AssetPart.asset_id == asset_id, AssetPart.store_ref != "")
        .order_by(AssetPart.number)
    )
    return list(session.scalars(found))


def progress(session: Session, asset_id: str, *, owners: Collection[str]) -> Progress:
    """What has arrived and what is missing, by number."""
    asset = assets.get(session, asset_id, owners=owners)
    here = {part.number for part in parts(session, asset_id)}
    everything = range(1, part_count(asset) + 1)
    return Progress(
        asset_id=asset.id,
        state=AssetState(asset.state),
        size_bytes=asset.size_bytes,
        part_bytes=asset.part_bytes,
        received=sorted(here),
        missing=[number for number in everything if number not in here],
    )


def whole(session: Session, asset_id: str, *, owners: Collection[str]) -> list[tuple[int, str]]:
    """Numbers and store marks of a complete upload; empty when it was completed before.

    Refused: `parts_missing`, naming up to 20 of the numbers.
    """
    asset = assets.get(session, asset_id, owners=owners)
    if asset.state == AssetState.FAILED:
        raise errors.Conflict("upload_over", "This upload has ended; nothing more is needed.")
    if asset.state != AssetState.UPLOADING:
        return []
    missing = progress(session, asset_id, owners=owners).missing
    if missing:
        raise errors.Conflict(
            "parts_missing",
            "These parts have not arrived yet: %(parts)s.",
            parts=", ".join(map(str, missing[:20])) + (" …" if len(missing) > 20 else ""),
            missing=missing[:20],
        )
    return [(part.number, part.store_ref) for part in parts(session, asset_id)]


def complete(session: Session, asset_id: str, *, owners: Collection[str]) -> Asset:
    """The store has joined the parts: the file waits for a worker. Told twice, done once.

    The worker reads the whole file, holds every part against its checksum again and writes
    `content_hash`, so that what is published is what was sent.
    """
    asset = assets.get(session, asset_id, owners=owners)
    if asset.state == AssetState.UPLOADING:
        assets.move(asset, AssetState.WAITING)
        session.flush()
    return asset


def cancel(session: Session, asset_id: str, *, owners: Collection[str]) -> Asset:
    """End an unfinished upload; the shell then drops the store's parts."""
    asset = assets.get(session, asset_id, owners=owners)
    if asset.state != AssetState.UPLOADING:
        raise errors.Conflict("upload_over", "This upload has ended; nothing more is needed.")
    assets.move(asset, AssetState.FAILED)
    asset.last_error = "cancelled"
    session.flush()
    return asset


def start_over(session: Session, asset_id: str) -> None:
    """The store has lost what was sent (a bucket's rule, a restored disk): nothing has arrived."""
    asset = session.get(Asset, asset_id, with_for_update=True, populate_existing=True)
    if asset is None or asset.state != AssetState.UPLOADING:
        return
    asset.upload_ref = None
    session.execute(delete(AssetPart).where(AssetPart.asset_id == asset_id))


def abandoned(session: Session, *, now: datetime) -> list[str]:
    """Ids of uploads that nobody finished within `KEPT`."""
    found = select(Asset.id).where(
        Asset.state == AssetState.UPLOADING, Asset.created_at <= now - KEPT
    )
    return list(session.scalars(found))


def abandon(session: Session, asset_id: str, *, now: datetime) -> Asset | None:
    """End an upload that nobody finished in time; None when it is not one."""
    asset = session.get(Asset, asset_id, with_for_update=True, populate_existing=True)
    if asset is None or asset.state != AssetState.UPLOADING or asset.created_at > now - KEPT:
        return None
    assets.move(asset, AssetState.FAILED)
    asset.last_error = "abandoned"
    session.flush()
    return asset
