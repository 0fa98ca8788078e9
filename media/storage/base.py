"""What every store can do, and which keys it takes. No store is written here."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from media import errors

# Lower-case, no segment begins with a dot: a key can name neither a parent nor a hidden file.
KEY = re.compile(r"[a-z0-9_][a-z0-9._-]*(/[a-z0-9_][a-z0-9._-]*)*")
KEY_LENGTH = 200
CHUNK_BYTES = 256 * 1024
TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".vtt": "text/vtt",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
}


class Missing(errors.Fault):
    """The store has no file of this key."""

    def __init__(self, key: str) -> None:
        super().__init__("file_missing", key)


@dataclass(frozen=True, slots=True)
class Found:
    """One listed file."""

    key: str
    size_bytes: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """One upload in parts that was begun and not ended."""

    key: str
    ref: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Address:
    """Where a browser may send one part by itself, and the headers that are signed with it."""

    url: str
    headers: dict[str, str]


def address_of(content_hash: bytes) -> str:
    """The key of a source file that is kept: its content's own SHA-256."""
    return f"sources/{content_hash.hex()}"


def safe(key: str) -> str:
    """The key itself; ValueError for one that could leave the store or confuse it."""
    if len(key) > KEY_LENGTH or not KEY.fullmatch(key):
        raise ValueError(f"not a key: {key[:80]!r}")
    return key


def type_of(key: str) -> str:
    """The media type by the key's suffix, as a web server must send it."""
    return TYPES.get(Path(key).suffix, "application/octet-stream")


class Store(Protocol):
    """The verbs. A key's content appears whole or not at all; writing it again replaces it."""

    def put(self, key: str, data: bytes) -> None:
        """Keep these bytes."""

    def put_file(self, key: str, path: Path) -> None:
        """Keep a local file's content."""

    def read(self, key: str) -> bytes:
        """The whole content, for what is small; Missing when there is none."""

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The content from `start`, at most `length` bytes, in chunks; Missing before the first."""

    def fetch(self, key: str, path: Path) -> None:
        """Write the content to a local file."""

    def local_path(self, key: str) -> Path | None:
        """The file itself where it lies on this machine, else None. It must not be changed."""

    def size(self, key: str) -> int:
        """The content's length in bytes; Missing when there is none."""

    def exists(self, key: str) -> bool:
        """Whether there is such a file."""

    def list(self, prefix: str) -> Iterator[Found]:
        """Every file whose key begins with `prefix`, in order of keys."""

    def move(self, key: str, to: str) -> None:
        """Give a file another key, inside the store; Missing when there is none."""

    def delete(self, key: str) -> None:
        """Forget a file; nothing happens where there is none."""

    def delete_all(self, prefix: str) -> None:
        """Forget every file whose key begins with `prefix`, which must end in a slash."""

    def begin_parts(self, key: str) -> str:
        """Open an upload in parts and name it; nothing is visible under the key yet."""

    def put_part(self, key: str, ref: str, number: int, data: bytes, *, offset: int) -> str:
        """Keep part `number` (from 1), which begins at `offset`; its mark for `join_parts`."""

    def join_parts(self, key: str, ref: str, parts: Iterable[tuple[int, str]]) -> None:
        """Make the parts, in order, the content of the key. Told twice, done once."""

    def drop_parts(self, key: str, ref: str) -> None:
        """Forget an upload in parts; nothing happens where there is none."""

    def part_address(
        self,
        key: str,
        ref: str,
        number: int,
        *,
        size_bytes: int,
        content_hash: bytes,
        expires_s: int,
    ) -> Address | None:
        """Where exactly this part can be sent past the site, or None where there is no such way."""

    def part_mark(
        self, key: str, ref: str, number: int, *, size_bytes: int, content_hash: bytes
    ) -> str | None:
        """The mark of a part that was sent past the site; None while it is not there as promised."""

    def opened(self) -> Iterator[Opened]:
        """Uploads in parts that nobody joined or dropped."""

    def presign(self, key: str, *, expires_s: int) -> str | None:
        """An address that gives the content to whoever has it, or None where there is no such."""

    def allow(self, origin: str) -> None:
        """Let pages of this origin send and fetch by signed addresses."""

    def room_bytes(self) -> int | None:
        """How much more fits in, or None where nobody can say."""

    def check(self) -> None:
        """Return when the store answers, or raise errors.Unavailable."""
