"""Sealing of personal data: AES-256-GCM bound to its row, and the keyed blind index.

A sealed value is `key version (1 byte) | nonce (12) | ciphertext and tag`. The row's name is associated
data, so a value copied to another row does not open. Keys live outside the database.
"""

import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32


class SealBroken(Exception):
    """A sealed value does not open here: moved, changed, or sealed with a key we do not hold."""


class Vault:
    """Seals and opens, and computes blind indexes."""

    def __init__(
        self,
        vault_key: bytes,
        index_key: bytes,
        *,
        version: int = 1,
        older: Mapping[int, bytes] | None = None,
    ) -> None:
        """`older` are former keys by their version; they open, and seal nothing any more."""
        keys = {**(older or {}), version: vault_key}
        if any(len(key) != KEY_BYTES for key in (*keys.values(), index_key)):
            raise ValueError("a key of the vault has 32 bytes")
        if not all(0 <= number <= 255 for number in keys):
            raise ValueError("a key's version fits in one byte")
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}
        self._version = version
        self._index_key = index_key

    def seal(self, plain: str, *, row: str) -> bytes:
        """Encrypt a text for one place; `row` names it for good, like `persons.name:<id>`."""
        return self.seal_bytes(plain.encode(), row=row)

    def seal_bytes(self, plain: bytes, *, row: str) -> bytes:
        """`seal` for what is no text."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        head = bytes([self._version])
        return head + nonce + self._ciphers[self._version].encrypt(nonce, plain, head + row.encode())

    def open(self, sealed: bytes, *, row: str) -> str:
        """The text sealed for `row`; SealBroken for anything else."""
        return self.open_bytes(sealed, row=row).decode()

    def open_bytes(self, sealed: bytes, *, row: str) -> bytes:
        """What `seal_bytes` sealed for `row`; SealBroken for anything else."""
        head, nonce, rest = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        cipher = self._ciphers.get(head[0]) if head else None
        if cipher is None or len(nonce) < NONCE_BYTES:
            raise SealBroken(row)
        try:
            return cipher.decrypt(nonce, rest, head + row.encode())
        except InvalidTag:
            raise SealBroken(row) from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether a value is sealed with the present key; others are due for sealing anew."""
        return sealed[:1] == bytes([self._version])

    def index(self, *parts: str) -> bytes:
        """HMAC-SHA-256 of the parts, each with its length, so that no two lists collide."""
        mac = hmac.new(self._index_key, digestmod=sha256)
        for part in parts:
            raw = part.encode()
            mac.update(len(raw).to_bytes(4, "big") + raw)
        return mac.digest()
