"""A training file as a ZIP archive: written as a stream, each member hashed as it passes, the list signed.

Standard library and a signer; knows no database. `zipfile` writes to what cannot seek, so that nothing but
one chunk is ever held. The same members give the same bytes: fixed order, fixed dates, no extra fields.
"""

import json
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from courses.ledger.log import notes

FORMAT = "xueshi-file/1"
MANIFEST, NOTE = "manifest.json", "manifest.note"
BATCH_BYTES = 64 * 1024
DATED = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say: the manifest tells the true time
PACKED_ALREADY = (".pdf", ".jpg", ".png")
READABLE = 0o644 << 16

Chunks = Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive; its content is asked for when its turn has come, and once."""

    name: str
    chunks: Callable[[], Chunks]


@dataclass(frozen=True, slots=True)
class Head:
    """What an archive is of. `kind`: `personal` or `class`; `about`: subject key or class run."""

    kind: str
    about: str
    as_of: datetime

    def body(self, manifest_hash: bytes) -> str:
        """The lines that are signed."""
        return "\n".join(
            [FORMAT, self.kind, self.about, self.as_of.isoformat(), b64encode(manifest_hash).decode(), ""]
        )


class Pipe:
    """What `zipfile` writes into: it can neither seek nor tell, and is emptied after each step."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep bytes until they are taken."""
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        """What was written since."""
        found = b"".join(self._waiting)
        self._waiting.clear()
        return found


def document(name: str, said: Any) -> Member:
    """A member of JSON."""
    return Member(name, lambda: json_chunks(said))


def text(name: str, said: str) -> Member:
    """A member of text in UTF-8."""
    return Member(name, lambda: [said.encode()])


def json_chunks(said: Any) -> Iterator[bytes]:
    """JSON in UTF-8, some kilobytes at a time."""
    waiting: list[str] = []
    length = 0
    for part in json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(said):
        waiting.append(part)
        length += len(part)
        if length >= BATCH_BYTES:
            yield "".join(waiting).encode()
            waiting.clear()
            length = 0
    yield ("".join(waiting) + "\n").encode()


def stream(members: Iterable[Member], head: Head, *, signer: notes.Signer) -> Iterator[bytes]:
    """The archive's bytes, in the members' order; last the list of hashes and its signature."""
    pipe = Pipe()
    listed: list[dict[str, Any]] = []
    with zipfile.ZipFile(pipe, "w") as packed:  # type: ignore[call-overload]  # anything that takes bytes
        for member in members:
            hashed, size = sha256(), 0
            with packed.open(entry(member.name), "w") as file:
                for chunk in member.chunks():
                    hashed.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
                    if out := pipe.taken():
                        yield out
            listed.append({"name": member.name, "bytes": size, "sha256": hashed.hexdigest()})
        content = canonical({"format": FORMAT, "kind": head.kind, "about": head.about, "files": listed})
        body = head.body(sha256(content).digest())
        packed.writestr(entry(MANIFEST), content)
        packed.writestr(entry(NOTE), notes.note(body, [notes.sign(body, signer)]))
    yield pipe.taken()


def entry(name: str) -> zipfile.ZipInfo:
    """A member's head: the same for the same name."""
    made = zipfile.ZipInfo(name, DATED)
    made.compress_type = zipfile.ZIP_STORED if name.endswith(PACKED_ALREADY) else zipfile.ZIP_DEFLATED
    made.create_system = 3
    made.external_attr = READABLE
    return made


def canonical(said: dict[str, Any]) -> bytes:
    """Sorted keys, UTF-8, one line."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
