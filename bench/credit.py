"""`make bench-credit`: sealing beside plain hashlib, proofs, and what a learner's life costs (`lives`).

SQLite, synchronous FULL, through the sealer as it runs. `sealed_ratio`: CPU of hashlib's bare loops over the
same leaves to the same root, divided by the CPU of the whole job, rows read, tiles and numbers written. The
commitments are made when entries are written and stand beside it (`written_us`). Proofs are of a million
leaves, each by a fresh reader of the stored tiles. One JSON line; `BENCH_LEDGER=10000000` is the full size.
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
from bench import lives
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
    began = time.process_time()
    with kept.writing() as session:
        sealed.write(session, ENTRIES)
    written_s = time.process_time() - began
    began, cpu = time.perf_counter(), time.process_time()
    sealed.seal(kept, sealed.sealer(folder))
    whole_s, whole_cpu_s = time.perf_counter() - began, time.process_time() - cpu
    with kept.reading() as session:
        leaves = stored.data(session, 0, ENTRIES)
        newest = stored.newest(session)
    began, cpu = time.perf_counter(), time.process_time()
    root = plain(leaves)
    plain_s, plain_cpu_s = time.perf_counter() - began, time.process_time() - cpu
    assert newest is not None
    assert newest.root == root
    return {
        "written_us": round(written_s / ENTRIES * 1_000_000, 1),
        "sealed_per_s": round(ENTRIES / whole_s),
        "hashlib_per_s": round(ENTRIES / plain_s),
        "sealed_ratio": round(plain_cpu_s / whole_cpu_s, 3),
    }


def proof_figures(folder: Path) -> dict[str, float]:
    """Inclusion proofs, verified, from a large tree's stored tiles."""
    kept = database(folder, "proofs.sqlite")
    for first in range(0, LEAVES, CHUNK):
        rows = [{"other_id": str(n), "data": b"%d" % n} for n in range(first, min(first + CHUNK, LEAVES))]
        with kept.writing() as session:
            places = session.scalars(insert(Leaf).returning(Leaf.place), rows).all()
            sealing.append(session, sealing.runs(sorted(places)))
    took: list[float] = []
    cpu_ms = 0.0
    with kept.reading() as session:
        root = tree.root(LEAVES, stored.reader(session, LEAVES))
        for index in range(0, LEAVES, max(1, LEAVES // PROOFS)):
            began, cpu = time.perf_counter(), time.process_time()
            path = tree.inclusion(index, LEAVES, stored.reader(session, LEAVES))
            took.append((time.perf_counter() - began) * 1000)
            cpu_ms += (time.process_time() - cpu) * 1000
            tree.check_inclusion(index, LEAVES, tree.leaf_hash(b"%d" % index), path, root)
    took.sort()
    return {
        "proof_p50_ms": round(took[len(took) // 2], 2), "proof_p99_ms": round(took[len(took) * 99 // 100], 2),
        "proof_cpu_ms": round(cpu_ms / len(took), 2),
    }  # fmt: skip


def main() -> None:
    """All, one line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = {**sealing_figures(folder), **proof_figures(folder), **lives.figures()}
    print(json.dumps({"bench": "credit", "entries": ENTRIES, "leaves": LEAVES, **found}))


if __name__ == "__main__":
    main()
