"""An entry's proof as one file that is checked without this site: C2SP `.tlog-proof`.

Its `extra` line carries what opens the leaf's commitment: the salt and the entry's content.
"""

import json
from base64 import b64decode, b64encode
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.errors import NotFound
from courses.ledger.log import leaves, notes, stored, tree
from courses.ledger.log.models import Leaf
from courses.ledger.models import Entry

HEAD = "c2sp.org/tlog-proof@v1"


def of_entry(session: Session, entry_id: str, *, subject_key: str) -> str:
    """The proof of one of a subject's entries; NotFound while it is not sealed, or somebody else's."""
    found = session.execute(
        select(Leaf, Entry)
        .join(Entry, Entry.id == Leaf.entry_id)
        .where(Entry.id == entry_id, Entry.subject_key == subject_key)
    ).first()
    newest = stored.newest(session)
    number = stored.number(session, found[0].place) if found else None
    if found is None or number is None or newest is None or number >= newest.size:
        raise NotFound()
    leaf, entry = found
    assert leaf.salt is not None, "an entry's leaf has one"
    opening = leaves.canonical({"entry": leaves.content(entry), "salt": leaf.salt.hex()})
    path = tree.inclusion(number, newest.size, stored.reader(session, newest.size))
    return text(number, path, stored.served(session, newest), extra=opening)


def text(number: int, path: list[bytes], checkpoint: str, *, extra: bytes) -> str:
    """The file."""
    lines = [HEAD, f"extra {_line(extra)}", f"index {number}", *map(_line, path), "", checkpoint]
    return "\n".join(lines)


def check(proof: str, by: notes.Verifier) -> dict[str, Any]:
    """The entry that a proof shows to stand in the log; BadNote or BadProof where it does not."""
    head, gap, checkpoint = proof.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != HEAD or len(lines) < 3 or not lines[1].startswith("extra "):
        raise notes.BadNote("not a proof with an opening")
    signed = notes.opened(checkpoint, by)
    opening = json.loads(b64decode(lines[1].removeprefix("extra "), validate=True))
    said: dict[str, Any] = opening["entry"]
    leaf = tree.leaf_hash(leaves.data(said, salt=bytes.fromhex(opening["salt"])))
    path = [b64decode(line, validate=True) for line in lines[3:]]
    tree.check_inclusion(int(lines[2].removeprefix("index ")), signed.size, leaf, path, signed.root)
    return said


def _line(raw: bytes) -> str:
    return b64encode(raw).decode()
