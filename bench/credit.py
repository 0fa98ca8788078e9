"""`make bench-credit`: what sealing costs beside plain hashlib on the same leaves, and what a proof costs.

SQLite in a directory of its own, synchronous FULL, through the sealer as it runs. `tree_ratio` compares
the tree's code alone with hashlib; `sealed_ratio` the whole way, entries read and rows written. Proofs are
asked of a million leaves, each by a fresh reader of the stored tiles. One JSON line.
"""

import json
import os
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from sqlalchemy import insert

import app.tables
from app.db import Database
from courses.ledger.log import sealing, stored, tree
from courses.ledger.log.models import Leaf
from media.base import Base
from tests import sealed

assert app.tables
ENTRIES = int(os.environ.get("BENCH_ENTRIES", "40000"))
LEAVES = int(os.environ.get("BENCH_LEAVES", "1000000"))
CHUNK, PROOFS = 50_000, 400


def database(folder: Path, name: str) -> Database:
    """A fresh one with every table."""
    made = Database(f"sqlite:///{folder / name}")
    Base.metadata.create_all(made.engine)
    return made


def plain(leaves: list[bytes]) -> bytes:
    """The root by hashlib alone, for any size."""
    row = [sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(row) > 1:
        above = [sha256(b"\1" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)]
        row = above + row[len(above) * 2 :]
    return row[0]


def sealing_figures(folder: Path) -> dict[str, float]:
    """The sealer on entries as they are written, and hashlib on the leaves that it made."""
    kept = database(folder, "sealing.sqlite")
    with kept.writing() as session:
        sealed.write(session, ENTRIES)
    began = time.perf_counter()
    sealed.seal(kept, sealed.sealer(folder))
    whole_s = time.perf_counter() - began
    with kept.reading() as session:
        leaves = stored.data(session, 0, ENTRIES)
        newest = stored.newest(session)
    began = time.perf_counter()
    root = plain(leaves)
    plain_s = time.perf_counter() - began
    assert newest is not None
    assert newest.root == root
    began = time.perf_counter()
    growing = tree.Growing()
    for leaf in leaves:
        growing.add(tree.leaf_hash(leaf))
    tree_s = time.perf_counter() - began
    assert growing.root() == root
    return {
        "sealed_per_s": round(ENTRIES / whole_s),
        "tree_per_s": round(ENTRIES / tree_s),
        "hashlib_per_s": round(ENTRIES / plain_s),
        "sealed_ratio": round(plain_s / whole_s, 3),
        "tree_ratio": round(plain_s / tree_s, 3),
    }


def proof_figures(folder: Path) -> dict[str, float]:
    """Inclusion proofs, verified, from a large tree's stored tiles."""
    kept = database(folder, "proofs.sqlite")
    for first in range(0, LEAVES, CHUNK):
        rows = [{"other_id": str(n), "data": b"%d" % n} for n in range(first, min(first + CHUNK, LEAVES))]
        with kept.writing() as session:
            places = session.scalars(insert(Leaf).returning(Leaf.place), rows).all()
            sealing.append(session, sealing.runs(sorted(places)))
    took = []
    with kept.reading() as session:
        root = tree.root(LEAVES, stored.reader(session, LEAVES))
        for index in range(0, LEAVES, max(1, LEAVES // PROOFS)):
            began = time.perf_counter()
            path = tree.inclusion(index, LEAVES, stored.reader(session, LEAVES))
            took.append((time.perf_counter() - began) * 1000)
            tree.check_inclusion(index, LEAVES, tree.leaf_hash(b"%d" % index), path, root)
    took.sort()
    return {"proof_p50_ms": round(took[len(took) // 2], 2), "proof_p99_ms": round(took[len(took) * 99 // 100], 2)}


def main() -> None:
    """Both, one line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = {**sealing_figures(folder), **proof_figures(folder)}
    print(json.dumps({"bench": "credit", "entries": ENTRIES, "leaves": LEAVES, **found}))


if __name__ == "__main__":
    main()
