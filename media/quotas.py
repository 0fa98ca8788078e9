"""How much may be sent: one file's size, an owner's quota, the room that is left in the store."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from media import errors
from media.assets import Asset, AssetState


def check_size(size_bytes: int, *, limit_bytes: int) -> None:
    """Refuse what is empty or beyond the limit."""
    if size_bytes <= 0:
        raise errors.Invalid("empty_file", "This file is empty.", field="file")
    if size_bytes > limit_bytes:
        raise errors.Invalid(
            "too_large",
            "This file has %(size_mb)d MB; at most %(limit_mb)d MB can be sent.",
            field="file",
            size_mb=-(-size_bytes // 1_000_000),
            limit_mb=limit_bytes // 1_000_000,
        )


def used_bytes(session: Session, owner: str) -> int:
    """What the owner's files take of the quota: all that were begun and did not fail."""
    total = select(func.sum(Asset.size_bytes)).where(
        Asset.owner == owner, Asset.state != AssetState.FAILED
    )
    return int(session.scalar(total) or 0)


def check(session: Session, owner: str, *, size_bytes: int, quota_bytes: int) -> None:
    """Refuse (`quota_spent`) what goes beyond the owner's quota; a quota of 0 has no end."""
    if not quota_bytes:
        return
    used = used_bytes(session, owner)
    if used + size_bytes > quota_bytes:
        raise errors.Invalid(
            "quota_spent",
            "Your institution's files may take %(quota_mb)d MB and take %(used_mb)d MB; this one has "
            "%(size_mb)d MB. Remove files that no lesson shows, or ask the site's operators for more.",
            field="file",
            quota_mb=quota_bytes // 1_000_000,
            used_mb=-(-used // 1_000_000),
            size_mb=-(-size_bytes // 1_000_000),
        )


def check_room(size_bytes: int, *, room_bytes: int | None) -> None:
    """Refuse (`store_full`) what the store has no room for, before anything is sent."""
    if room_bytes is not None and size_bytes > room_bytes:
        raise errors.Full(
            sentence="The site's storage has no room for this file of %(size_mb)d MB. "
            "Nothing was sent; ask the site's operators to make room.",
            size_mb=-(-size_bytes // 1_000_000),
        )
