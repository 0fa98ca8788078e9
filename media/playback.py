"""Signed links to what is played: short-lived, for one asset, one holder and one playback.

The token stands in the path, so the relative names inside playlists keep it. Nothing is looked up to
check one. `holder` is whatever the shell binds a link to; an empty one is a link for everybody.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from media import errors
from media.base import from_ms, to_ms

PURPOSE = b"xueshi media playback 1"
SIGNATURE_BYTES = 24
WORD = re.compile(r"[a-z0-9]*")
NAME = re.compile(
    r"master\.m3u8|(\d{2,4}p(-lean)?|sound|source)/(index\.m3u8|init\.mp4|seg_\d{5}\.m4s)"
    r"|storyboard/(index\.json|sheet_\d{3}\.jpg)"
)
HANDOUT = re.compile(r"handout/(page_\d{4}\.webp|original\.pdf)")
CAPTION = re.compile(r"captions/([A-Za-z0-9-]{2,20})\.vtt")
TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "m4s": "video/iso.segment",
    "mp4": "video/mp4",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "pdf": "application/pdf",
}


@dataclass(frozen=True, slots=True)
class Link:
    """What a token says."""

    asset_id: str
    holder: str
    playback_id: str
    expires_at: datetime


def sign(
    key: bytes, *, asset_id: str, holder: str, playback_id: str | None, expires_at: datetime
) -> str:
    """The token of a link that ends at `expires_at` (whole seconds, rounded down)."""
    words = (asset_id, holder, playback_id or "")
    if not all(WORD.fullmatch(word) for word in words):
        raise ValueError("a link's words are lower-case letters and digits")
    text = ".".join((*words, str(to_ms(expires_at) // 1000)))
    return f"{text}.{_signature(key, text)}"


def read(key: bytes, token: str, *, asset_id: str, now: datetime) -> Link:
    """What an honest token says; errors.Forbidden for a forged, foreign or expired one."""
    text, _dot, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(key, text).encode()):
        raise errors.Forbidden()
    asset, holder, playback_id, expires = text.split(".")
    link = Link(asset, holder, playback_id, from_ms(int(expires) * 1000))
    if link.asset_id != asset_id or now >= link.expires_at:
        raise errors.Forbidden()
    return link


def check_holder(link: Link, holders: list[str]) -> None:
    """Refuse a link that was made for somebody else than who asks."""
    if link.holder and not any(hmac.compare_digest(link.holder, holder) for holder in holders):
        raise errors.Forbidden()


def holder_of(key: bytes, secret: str) -> str:
    """A word that stands for a secret of the browser or client, and does not give it away."""
    return hmac.new(key, PURPOSE + b" holder " + secret.encode(), sha256).hexdigest()[:24]


def is_segment(name: str) -> bool:
    """Whether a file is large and immutable: segments and pictures, not playlists and tables."""
    return not name.endswith((".m3u8", ".json"))


def type_of(name: str) -> str:
    """The media type of a file of a playback."""
    return TYPES[name.rpartition(".")[2]]


def _signature(key: bytes, text: str) -> str:
    digest = hmac.new(key, PURPOSE + b"\n" + text.encode(), sha256).digest()[:SIGNATURE_BYTES]
    return urlsafe_b64encode(digest).decode("ascii")
