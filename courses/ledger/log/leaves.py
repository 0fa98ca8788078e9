"""What stands in the log of an entry: a commitment that only the holder of its salt can open.

The leaf shows no person, no hours and no date, and cannot be guessed; with salt and content anybody
can compute it again. Once the subject's mapping is destroyed, nothing personal is left anywhere.
Standard library only: it travels with the verifier in training files.
"""

import hmac
import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

SALT_BYTES = 32
HEAD = b"xueshi-entry/v1\n"


def canonical(said: dict[str, Any]) -> bytes:
    """Sorted keys, no spaces, UTF-8."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def data(said: dict[str, Any], *, salt: bytes) -> bytes:
    """The leaf: HMAC-SHA256 of the content, keyed by the salt."""
    return HEAD + b64encode(hmac.digest(salt, canonical(said), sha256)) + b"\n"
