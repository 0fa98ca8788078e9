"""Addresses of what the media feature serves, for every other feature.

A lesson's link is bound to the sign-in that asked for it: the browser's session, or an API client's
bearer token. Whoever copies it has neither. Previews with their captions, and pictures, are for all.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, request, session, url_for
from sqlalchemy.orm import Session

from app import clock
from app.settings import Settings
from media import assets, playback
from media.assets import Asset, AssetState

# The key in the browser's session under which `people` keeps the secret of the sign-in.
SIGN_IN = "sign_in"
PREVIEW_LASTS = timedelta(days=2)
# A sitting; whoever comes back later opens another playback, and gets another link.
LESSON_LASTS, LESSON_LENGTHS = timedelta(hours=4), 2
CAPTIONS_LAST = timedelta(hours=12)  # captions and handouts are fetched when the page opens


def key() -> bytes:
    """What links are signed with."""
    settings: Settings = current_app.extensions["xueshi_settings"]
    return settings.secret_key


def manifest_url(asset_id: str, *, playback_id: str, expires_at: datetime) -> str:
    """The master playlist of one playback, for whoever is asking right now and nobody else."""
    return _url(
        asset_id,
        "master.m3u8",
        holder=whoever_asks(),
        playback_id=playback_id,
        expires_at=expires_at,
    )


def end_of_lesson(opened_at: datetime, *, duration_ms: int) -> datetime:
    """When the link of a playback ends: after a sitting, and not before twice the lesson's length."""
    return opened_at + max(LESSON_LASTS, LESSON_LENGTHS * timedelta(milliseconds=duration_ms))


def preview_url(asset_id: str) -> str:
    """The master playlist for everybody; the same address all day, so that it can be cached.

    The caller decides that this asset may be seen by all.
    """
    return _url(asset_id, "master.m3u8", expires_at=_end_of_preview())


def image_url(asset_id: str, *, size: str = "small", form: str = "webp") -> str:
    """The poster of a video or the picture itself: `small` (640) or `large` (1280), webp or jpg."""
    return url_for("media.picture", asset_id=asset_id, name=f"{size}.{form}")


def caption_tracks(session: Session, asset_id: str, *, for_all: bool) -> list[dict[str, str]]:
    """`[{"language", "label", "url"}]` of the asset's captions, in order of the language.

    For everybody beside a preview, else for whoever is asking right now and nobody else.
    """
    holder = "" if for_all else whoever_asks()
    ends = _end_of_preview() if for_all else clock.now() + CAPTIONS_LAST
    return [
        {
            "language": found.language,
            "label": found.label,
            "url": _url(
                asset_id,
                f"captions/{found.language}.vtt",
                holder=holder,
                expires_at=ends,
            ),
        }
        for found in assets.captions(session, asset_id)
    ]


def handouts(found: Iterable[Asset]) -> list[dict[str, Any]]:
    """`[{"asset_id", "title", "state", "pages", "size_bytes", "url"}]` of PDFs, for whoever asks right now.

    `url` is empty until the pages are drawn.
    """
    holder, ends = whoever_asks(), clock.now() + CAPTIONS_LAST
    told = []
    for asset in found:
        token = playback.sign(key(), asset_id=asset.id, holder=holder, playback_id="", expires_at=ends)
        is_ready = asset.state == AssetState.READY
        url = url_for("media.handout", token=token, asset_id=asset.id, back=request.path)
        told.append(
            {
                "asset_id": asset.id,
                "title": handout_title(asset),
                "state": asset.state,
                "pages": (asset.probe or {}).get("pages", 0),
                "size_bytes": asset.size_bytes,
                "url": url if is_ready else "",
            }
        )
    return told


def handout_title(asset: Asset) -> str:
    """What a handout is called: its file's name without the ending."""
    return asset.file_name.removesuffix(".pdf").removesuffix(".PDF") or asset.file_name


def whoever_asks() -> str:
    """The holder of a link that is made now; without a sign-in, one that nobody is."""
    asking = holders()
    return asking[0] if asking else "nobody"


def holders() -> list[str]:
    """Words for the secrets that the present request shows: bearer first, then the session's."""
    secrets = []
    given = request.authorization
    if given is not None and given.type == "bearer" and given.token:
        secrets.append(given.token)
    kept = session.get(SIGN_IN)
    if isinstance(kept, str):
        secrets.append(kept)
    return [playback.holder_of(key(), secret) for secret in secrets]


def store_origins(settings: Settings) -> list[str]:
    """Origins outside of the site that segments are sent from: the S3 service, if there is one."""
    if settings.media_store != "s3":
        return []
    endpoint = settings.s3_endpoint or f"https://s3.{settings.s3_region}.amazonaws.com"
    parts = urlsplit(endpoint)
    return [f"{parts.scheme}://{parts.netloc}"]


def _url(
    asset_id: str,
    name: str,
    *,
    holder: str = "",
    playback_id: str = "",
    expires_at: datetime,
) -> str:
    token = playback.sign(
        key(), asset_id=asset_id, holder=holder, playback_id=playback_id, expires_at=expires_at
    )
    return url_for("media.play", token=token, asset_id=asset_id, name=name)


def _end_of_preview() -> datetime:
    day = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return day + PREVIEW_LASTS
