"""The playback's token: by its signature alone a beat is known to be of a playback. Pure.

`xp1.<payload>.<mac>`, both base64url; the payload is JSON. It allows beats, prompts and closing of one
playback, nothing else, until it expires.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

import msgspec

PREFIX = "xp1."
PURPOSE = b"xueshi playback token 1\0"
LASTS_MS = 24 * 3_600_000  # longer than any sitting; a player that outlasts it opens a new playback


class Pass(msgspec.Struct, frozen=True):
    """What a token vouches for."""

    playback_id: str
    subject_key: str
    duration_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs and checks with the installation's secret key, bound to this purpose."""

    key: bytes

    def sign(self, vouched: Pass) -> str:
        """The token of a playback."""
        payload = _text(msgspec.json.encode(vouched))
        return f"{PREFIX}{payload}.{_text(self._mac(payload))}"

    def check(self, token: str, *, now_ms: int) -> Pass | None:
        """What a token vouches for; None where it is forged, altered, malformed or expired."""
        if not is_ours(token):
            return None
        payload, _, mac = token.removeprefix(PREFIX).partition(".")
        try:
            given = _bytes(mac)
        except ValueError:
            return None
        if _text(given) != mac or not hmac.compare_digest(self._mac(payload), given):
            return None
        vouched = msgspec.json.decode(_bytes(payload), type=Pass)
        return vouched if now_ms < vouched.expires_ms else None

    def _mac(self, payload: str) -> bytes:
        return hmac.digest(self.key, PURPOSE + payload.encode("utf-8"), hashlib.sha256)


def is_ours(token: str) -> bool:
    """Whether this is meant to be a playback's token at all."""
    return token.startswith(PREFIX)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
