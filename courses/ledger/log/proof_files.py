"""An entry's proof as one file that is checked without this site: C2SP `.tlog-proof`. Pure, no tables.

Its `extra` line carries what opens the leaf's commitment: the salt and the entry's content.
"""

import json
from base64 import b64decode, b64encode
from typing import Any

from courses.ledger.log import leaves, notes, tree

HEAD = "c2sp.org/tlog-proof@v1"


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
