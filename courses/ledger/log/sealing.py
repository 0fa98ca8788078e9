"""Sealing: entries that were committed become leaves, and the tree's root is signed.

Two transactions, each under one lock. `grow` numbers entries and makes them durable; `sign` compares
with the last checkpoint and with the file outside the database, and only then signs. Killed between
any two steps, the next run finds leaves that are durable and signs the same root of the same size.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Select, Table, bindparam, delete, insert, select, text
from sqlalchemy.orm import Session

from courses.ledger.log import kept, leaves, stored, tiles, tree
from courses.ledger.log.models import Leaf, SignedCheckpoint, Tile, Waiting, WaitingLeaf
from courses.ledger.log.notes import BadNote, Checkpoint, Signer, note, sign
from courses.ledger.models import Entry

AT_ONCE = 20_000
LOCK = 0x7865_7368_6C6F_67  # PostgreSQL's advisory lock of the sealer: "xueshlog"


class Refused(Exception):
    """Nothing is signed, for a reason that the operator must read."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Who signs, and where the highest checkpoint is kept outside the database."""

    signer: Signer
    path: Path


def lock(session: Session) -> None:
    """One sealer at a time. On SQLite whoever writes is alone already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def waiting() -> Select[Entry]:
    """Entries that are no leaves yet, in the order in which they would be numbered."""
    asked = select(Entry).join(Waiting, Waiting.entry_id == Entry.id)
    return asked.order_by(Entry.written_at, Entry.at, Entry.id)


def is_due(session: Session) -> bool:
    """Whether there is anything to number or to sign."""
    newest = stored.newest(session)
    if stored.count(session) > (newest.size if newest else 0):
        return True
    return any(session.scalar(select(key).limit(1)) is not None for key in (Waiting.entry_id, WaitingLeaf.other_id))


def grow(session: Session, sealer: Sealer) -> int:
    """Number up to `AT_ONCE` leaves of each kind; returns how many. Refused where the tree is not the signed one."""
    lock(session)
    compare(session, sealer)
    rows = session.scalars(waiting().limit(AT_ONCE)).all()
    others = session.scalars(select(WaitingLeaf).order_by(WaitingLeaf.other_id).limit(AT_ONCE)).all()
    if rows or others:
        append(session, rows, others)
    return len(rows) + len(others)


def append(session: Session, rows: Sequence[Entry], others: Sequence[WaitingLeaf] = ()) -> None:
    """Leaves for entries and for what other rooms made, and the tiles that they fill."""
    size = stored.count(session)
    made: list[dict[str, object]] = []
    for entry in rows:
        salt = secrets.token_bytes(leaves.SALT_BYTES)
        data = leaves.data(entry.content, salt=salt)
        made.append({"entry_id": entry.id, "other_id": None, "salt": salt, "data": data})
    made += [{"entry_id": None, "other_id": row.other_id, "salt": None, "data": row.data} for row in others]
    fresh = []
    for number, leaf in enumerate(made, size):
        fresh.append(tree.leaf_hash(bytes(leaf["data"])))  # type: ignore[call-overload]
        leaf |= {"number": number, "hash": fresh[-1]}
    session.execute(insert(Leaf), made)
    forget(session, Waiting, [row.id for row in rows])
    forget(session, WaitingLeaf, [row.other_id for row in others])
    level = 0
    while fresh:
        fresh = fill(session, level, size >> (tiles.HEIGHT * level), fresh)
        level += 1


def forget(session: Session, model: type[Waiting | WaitingLeaf], sealed: list[str]) -> None:
    """What was sealed waits no longer."""
    rows = model.__table__
    assert isinstance(rows, Table)
    if sealed:
        gone = delete(rows).where(next(iter(rows.primary_key)) == bindparam("sealed"))
        session.execute(gone, [{"sealed": one} for one in sealed])


def fill(session: Session, level: int, first: int, fresh: list[bytes]) -> list[bytes]:
    """Keep the tiles of a level that `fresh`, beginning at `first`, fill; returns the hashes over them."""
    tile, width = divmod(first, tiles.WIDTH)
    # What the level held before: its own hashes are there already, those in `fresh` are not needed twice.
    row = tiles.cut(stored.hashes(session, level, tile, width)) + fresh if width else fresh
    full: list[dict[str, object]] = []
    over: list[bytes] = []
    for begin in range(0, len(row) - tiles.WIDTH + 1, tiles.WIDTH):
        part = row[begin : begin + tiles.WIDTH]
        over.append(tree.perfect(part))
        full.append({"level": level, "number": tile, "content": b"".join(part), "root": over[-1]})
        tile += 1
    if full:
        session.execute(insert(Tile), full)
    return over


def compare(session: Session, sealer: Sealer) -> Checkpoint | None:
    """The highest checkpoint ever signed. Refused where this database's tree does not extend it."""
    try:
        highest = kept.read(sealer.path, sealer.signer.verifier)
    except BadNote as bad:
        raise Refused(f"{bad}. Put back the highest checkpoint that was published.") from bad
    newest = stored.newest(session)
    if newest is not None and (highest is None or highest.size < newest.size):
        raise Refused(
            f"{sealer.path} {'is missing' if highest is None else 'is older than the database'}. "
            "Put back the highest checkpoint that was published, as witnesses and readers keep it."
        )
    if highest is None:
        return None
    size = stored.count(session)
    if size < highest.size:
        raise Refused(
            f"The database has {size} leaves, but a checkpoint of {highest.size} was signed: it is older than "
            "what was published. Restore a newer copy; nothing is signed until then."
        )
    for known, root, where in ((highest.size, highest.root, sealer.path), *_newest(newest)):
        try:
            is_same = tree.root(known, stored.reader(session, known)) == root
        except tree.BadProof as bad:
            raise Refused(f"The tree cannot be read: {bad}; run `python -m app audit`.") from bad
        if not is_same:
            raise Refused(
                f"The tree's first {known} leaves have another root than the checkpoint in {where}. "
                "Signing would fork the log; run `python -m app audit`."
            )
    return highest


def _newest(newest: SignedCheckpoint | None) -> list[tuple[int, bytes, str]]:
    return [] if newest is None else [(newest.size, newest.root, "the database")]


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
