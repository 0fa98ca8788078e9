"""C2SP signed notes, checkpoints and cosignatures, as text; the algorithms are a table.

A key is written as others write it: `name+hash+base64` to verify with, `PRIVATE+KEY+...` to sign with.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )
except ModuleNotFoundError:  # the verifier in a training file runs on Python alone, and signs nothing
    from courses.ledger.log.ed25519 import (  # type: ignore[assignment]
        Ed25519PublicKey,
        InvalidSignature,
    )

DASH = "\N{EM DASH} "
ED25519 = 1
COSIGNATURE = 4  # Ed25519 over a header with the time, and over the note
NAME = re.compile(r"[^\s+]{1,200}")


class BadNote(Exception):
    """A note or key is malformed, or a signature does not verify."""


class Ed25519:
    """The one algorithm so far; another needs the same three functions and a line in `ALGORITHMS`."""

    key_bytes = 32

    @staticmethod
    def public(seed: bytes) -> bytes:
        """The key to verify with."""
        return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()

    @staticmethod
    def sign(seed: bytes, message: bytes) -> bytes:
        """A signature; the same for the same message."""
        return Ed25519PrivateKey.from_private_bytes(seed).sign(message)

    @staticmethod
    def verify(public: bytes, signature: bytes, message: bytes) -> None:
        """Refuse with BadNote."""
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except InvalidSignature:
            raise BadNote("a signature does not verify") from None


ALGORITHMS: dict[int, type[Ed25519]] = {ED25519: Ed25519, COSIGNATURE: Ed25519}


@dataclass(frozen=True, slots=True)
class Verifier:
    """A name and a public key."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes by which a signature names its key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class Signer:
    """A name and a private key."""

    name: str
    kind: int
    seed: bytes

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise BadNote("a key's name has neither spaces nor plus signs")

    @property
    def verifier(self) -> Verifier:
        """The half that may be shown."""
        return Verifier(self.name, self.kind, ALGORITHMS[self.kind].public(self.seed))

    def private_text(self) -> str:
        """As a file holds it."""
        return (
            f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+"
            f"{b64encode(bytes([self.kind]) + self.seed).decode()}"
        )


def verifier(text: str) -> Verifier:
    """Read `name+hash+base64`."""
    name, kind, key, key_id = _key(text.strip().split("+", 2))
    found = Verifier(name, kind, key)
    if found.key_id.hex() != key_id:
        raise BadNote("the key's hash does not fit the key")
    return found


def signer(text: str) -> Signer:
    """Read `PRIVATE+KEY+name+hash+base64`."""
    head, word, *rest = text.strip().split("+", 4)
    if (head, word) != ("PRIVATE", "KEY"):
        raise BadNote("not a private key")
    name, kind, key, key_id = _key(rest)
    found = Signer(name, kind, key)
    if found.verifier.key_id.hex() != key_id:
        raise BadNote("the key's hash does not fit the key")
    return found


def _key(parts: list[str]) -> tuple[str, int, bytes, str]:
    if len(parts) != 3 or not NAME.fullmatch(parts[0]):
        raise BadNote("a key is written name+hash+base64")
    raw = _base64(parts[2])
    if not raw or raw[0] not in ALGORITHMS or len(raw) != 1 + ALGORITHMS[raw[0]].key_bytes:
        raise BadNote("a key of an unknown algorithm")
    return parts[0], raw[0], raw[1:], parts[1]


def _base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError):
        raise BadNote("not base64") from None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed: whose log, how many leaves, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> str:
        """C2SP tlog-checkpoint."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def checkpoint(body: str) -> Checkpoint:
    """Read a checkpoint's body; extension lines are refused, as this log has none."""
    lines = body.split("\n")
    if len(lines) != 4 or lines[3] or not re.fullmatch(r"0|[1-9]\d{0,18}", lines[1]):
        raise BadNote("not a checkpoint")
    found = Checkpoint(lines[0], int(lines[1]), _base64(lines[2]))
    if len(found.root) != 32 or found.body != body:
        raise BadNote("not a checkpoint")
    return found


def sign(body: str, by: Signer, *, at: datetime | None = None) -> str:
    """The signature's line; a cosignature takes the instant at which it is made."""
    algorithm = ALGORITHMS[by.kind]
    if by.kind == COSIGNATURE:
        if at is None:
            raise BadNote("a cosignature tells its time")
        seconds = int(at.timestamp())
        made = seconds.to_bytes(8, "big") + algorithm.sign(by.seed, _timed(body, seconds))
    else:
        made = algorithm.sign(by.seed, body.encode())
    return f"{DASH}{by.name} {b64encode(by.verifier.key_id + made).decode()}\n"


def _timed(body: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{body}".encode()


def note(body: str, lines: Iterable[str]) -> str:
    """A body with its signatures."""
    return body + "\n" + "".join(lines)


def parts(text: str) -> tuple[str, list[str]]:
    """The body and the signatures' lines of a note."""
    body, gap, tail = text.rpartition("\n\n")
    if not gap or not tail.endswith("\n") or not body:
        raise BadNote("not a signed note")
    lines = tail.splitlines(keepends=True)
    if len(lines) > 100 or not all(line.startswith(DASH) and line.count(" ") == 2 for line in lines):
        raise BadNote("not a signed note")
    return body + "\n", lines


def verified(text: str, by: Verifier) -> str:
    """The line of a note by which a key signed it; BadNote where there is none or it is wrong."""
    body, lines = parts(text)
    for line in lines:
        name, encoded = line[len(DASH) : -1].split(" ")
        raw = _base64(encoded)
        if name != by.name or raw[:4] != by.key_id:
            continue
        signature, message = raw[4:], body.encode()
        if by.kind == COSIGNATURE:
            message = _timed(body, int.from_bytes(signature[:8], "big"))
            signature = signature[8:]
        ALGORITHMS[by.kind].verify(by.public, signature, message)
        return line
    raise BadNote(f"not signed by {by.name}")


def opened(text: str, by: Verifier) -> Checkpoint:
    """The checkpoint in a note, once its log's signature verifies and names the same log."""
    verified(text, by)
    found = checkpoint(parts(text)[0])
    if found.origin != by.name:
        raise BadNote("a checkpoint of another log")
    return found
