"""Sealing: leaves that were committed get their numbers, and the tree's root is signed.

Two transactions, each under one lock. `grow` numbers leaves and makes that durable; `sign` compares
with the last checkpoint and with the file outside the database, and only then signs. Killed between
any two steps, the next run finds numbers that are durable and signs the same root of the same size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from courses.errors import Refusal
from courses.ledger.log import kept, stored, tiles, tree
from courses.ledger.log.models import Numbering, SignedCheckpoint, Tile, Waiting
from courses.ledger.log.notes import BadNote, Checkpoint, Signer, note, sign

AT_ONCE = 20_000
LOCK = 0x7865_7368_6C6F_67  # PostgreSQL's advisory lock of the sealer: "xueshlog"


class NothingSigned(Refusal):
    """Nothing is signed, for a reason that the operator must read."""

    def __str__(self) -> str:
        return self.sentence % self.detail


@dataclass(frozen=True, slots=True)
class Sealer:
    """Who signs, and where the highest checkpoint is kept outside the database."""

    signer: Signer
    path: Path


def lock(session: Session) -> None:
    """One sealer at a time. On SQLite whoever writes is alone already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def is_due(session: Session) -> bool:
    """Whether there is anything to number or to sign."""
    newest = stored.newest(session)
    if stored.count(session) > (newest.size if newest else 0):
        return True
    return session.scalar(select(Waiting.place).limit(1)) is not None


def grow(session: Session, sealer: Sealer) -> int:
    """Number up to `AT_ONCE` leaves; returns how many. Refused where the tree is not the signed one."""
    lock(session)
    compare(session, sealer)
    asked = select(Waiting.place).order_by(Waiting.place).limit(AT_ONCE)
    some = asked.subquery().c.place
    first, last, count = session.execute(select(func.min(some), func.max(some), func.count())).one()
    if count:
        is_one = last - first + 1 == count
        append(session, [(first, count)] if is_one else runs(stored.plain(session, asked)))
    return int(count)


def append(session: Session, runs_: Sequence[tuple[int, int]]) -> None:
    """Number the leaves of runs of neighbouring places, and keep the tiles that they fill.

    What is committed between two runs meanwhile belongs to neither, and waits on.
    """
    size = stored.count(session)
    fresh: list[bytes] = []
    numbered: list[dict[str, int]] = []
    for place, wide in runs_:
        found = stored.leaves_at(session, place, wide)
        if len(found) != wide:
            raise NothingSigned(
                "log_leaf_gone", "The leaf at place %(place)s is gone; run `python -m app audit`.", place=place
            )
        numbered.append({"number": size + len(fresh), "place": place, "count": wide})
        fresh += [sha256(b"\0" + leaf).digest() for leaf in found]  # `tree.leaf_hash`, without a call for each
        session.execute(
            delete(Waiting)
            .where(Waiting.place.between(place, place + wide - 1))
            .execution_options(synchronize_session=False)
        )
    session.execute(insert(Numbering), numbered)
    level = 0
    while fresh:
        fresh = fill(session, level, size >> (tiles.HEIGHT * level), fresh)
        level += 1


def runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending places as (first, how many) of neighbours."""
    begins = [0, *(at for at in range(1, len(places)) if places[at] != places[at - 1] + 1), len(places)]
    return [(places[begin], end - begin) for begin, end in pairwise(begins)]


def fill(session: Session, level: int, first: int, fresh: list[bytes]) -> list[bytes]:
    """Keep the tiles of a level that `fresh`, beginning at `first`, fill; returns the hashes over them."""
    tile, width = divmod(first, tiles.WIDTH)
    # What the level held before: its own hashes are there already, those in `fresh` are not needed twice.
    row = tiles.cut(stored.hashes(session, level, tile, width)) + fresh if width else fresh
    count = len(row) // tiles.WIDTH
    over: Sequence[bytes] = row[: count * tiles.WIDTH]
    for _ in range(tiles.HEIGHT if count else 0):  # all tiles at once: a full row halves to their roots
        over = tree.pairs(over)
    full = [
        {"level": level, "number": tile + at, "root": root,
         "content": b"".join(row[at * tiles.WIDTH : (at + 1) * tiles.WIDTH])}
        for at, root in enumerate(over)
    ]  # fmt: skip
    if full:
        session.execute(insert(Tile), full)
    return list(over)


def compare(session: Session, sealer: Sealer) -> Checkpoint | None:
    """The highest checkpoint ever signed. Refused where this database's tree does not extend it."""
    try:
        highest = kept.read(sealer.path, sealer.signer.verifier)
    except BadNote as bad:
        raise NothingSigned(
            "log_file_bad", "%(why)s. Put back the highest checkpoint that was published.", why=str(bad)
        ) from bad
    newest = stored.newest(session)
    if highest is None:
        if newest is None:
            return None
        raise NothingSigned(
            "log_file_missing",
            "%(path)s is missing. Put back the highest checkpoint that was published, as witnesses and readers keep it.",
            path=sealer.path,
        )
    if newest is not None and highest.size < newest.size:
        raise NothingSigned(
            "log_file_old",
            "%(path)s is older than the database. Put back the highest checkpoint that was published, "
            "as witnesses and readers keep it.",
            path=sealer.path,
        )
    size = stored.count(session)
    if size < highest.size:
        raise NothingSigned(
            "log_database_old",
            "The database has %(size)s leaves, but a checkpoint of %(signed)s was signed: it is older than "
            "what was published. Restore a newer copy; nothing is signed until then.",
            size=size, signed=highest.size,
        )  # fmt: skip
    signed = {(highest.size, highest.root)} | ({(newest.size, newest.root)} if newest else set())
    for known, root in signed:
        try:
            is_same = tree.root(known, stored.reader(session, known)) == root
        except tree.BadProof as bad:
            raise NothingSigned(
                "log_unreadable", "The tree cannot be read: %(why)s; run `python -m app audit`.", why=str(bad)
            ) from bad
        if not is_same:
            raise NothingSigned(
                "log_fork",
                "The tree's first %(size)s leaves have another root than the checkpoint that was signed. "
                "Signing would fork the log; run `python -m app audit`.",
                size=known,
            )
    return highest


def sign_tree(session: Session, sealer: Sealer, *, now: datetime) -> SignedCheckpoint | None:
    """Sign the tree as it is; None when that was done. Leaves must have been committed before."""
    lock(session)
    highest = compare(session, sealer)
    newest = stored.newest(session)
    size = stored.count(session)
    if size == (newest.size if newest else 0):
        return None
    root = tree.root(size, stored.reader(session, size))
    found = Checkpoint(sealer.signer.name, size, root)
    text_ = note(found.body, [sign(found.body, sealer.signer)])
    if highest is None or highest.size < size:
        # Inside the lock on purpose: no other sealer may come between the file and the row.
        kept.write(sealer.path, text_)
    made = SignedCheckpoint(size=size, root=root, note=text_, signed_at=now)
    session.add(made)
    session.flush()
    return made
