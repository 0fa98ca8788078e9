"""The audit: everything that must hold, looked at from the rows up; findings are collected, not raised.

Triggers, each account's rows against the engine, each leaf against its entry, each tile, each
checkpoint, cosignatures, and the file outside the database.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Table, func, select, text
from sqlalchemy.orm import Session

from courses.ledger import agreement
from courses.ledger.log import leaves, notes, sealing, tiles, tree
from courses.ledger.log.models import Cosignature, Leaf, Numbering, SignedCheckpoint, Tile, Waiting
from courses.ledger.log.sealing import Sealer
from courses.ledger.models import Account, Entry
from media.base import Base, append_only_ddl

FUNCTION = re.compile(r"FUNCTION (\w+)\(\) RETURNS trigger LANGUAGE plpgsql AS \$\$(.*)\$\$", re.DOTALL)
TRIGGER = re.compile(r"CREATE (?:OR REPLACE )?TRIGGER (?:IF NOT EXISTS )?(\w+) (.*)", re.DOTALL)
TICK = timedelta(milliseconds=1)
AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where."""

    table: str
    row: str
    what: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.what}"


def findings(session: Session, sealer: Sealer) -> list[Finding]:
    """Everything that is wrong."""
    return [
        *triggers(session),
        *postings(session),
        *leaves_and_entries(session),
        *places(session),
        *tree_and_checkpoints(session, sealer.signer.verifier),
        *cosignatures(session),
        *outside(session, sealer),
    ]


def counts(session: Session) -> str:
    """How much was looked at."""
    found = {
        "append-only tables": len(kept_tables()),
        **{
            name: session.scalar(select(func.count()).select_from(model)) or 0
            for name, model in (("accounts", Account), ("entries", Entry), ("leaves", Leaf),
                                ("tiles", Tile), ("checkpoints", SignedCheckpoint))
        },
    }
    return ", ".join(f"{count} {name}" for name, count in found.items())


def kept_tables() -> list[Table]:
    """The tables whose rows may not change."""
    return [table for table in Base.metadata.sorted_tables if table.info.get("append_only")]


def triggers(session: Session) -> Iterator[Finding]:
    """The triggers that refuse change are there, are those we made, and are switched on."""
    dialect = session.get_bind().dialect.name
    present = _sqlite(session) if dialect == "sqlite" else _postgresql(session)
    for table in kept_tables():
        door = table.info["append_only"]
        bodies: dict[str, str] = {}
        for statement in append_only_ddl(table.name, dialect, unless="" if door is True else door):
            if function := FUNCTION.search(statement):
                bodies[function[1]] = " ".join(function[2].split())
                continue
            made = TRIGGER.search(statement)
            assert made is not None, statement
            name, expected = made[1], _ordered(made[2])
            if dialect == "postgresql":
                expected += bodies[made[2].rsplit(" ", 1)[1].removesuffix("()")]
            known = present.get((table.name, name))
            if known is None:
                yield Finding(table.name, name, "the trigger is missing")
            elif known[0] == "off":
                yield Finding(table.name, name, "the trigger is switched off")
            elif known[1] != expected:
                yield Finding(table.name, name, "the trigger is not the one that was made")


def _ordered(text_: str) -> str:
    """A trigger's definition in one way of writing: single spaces, no schema, verbs in order."""
    words = " ".join(text_.replace(" ON public.", " ON ").split())
    head, on, tail = words.partition(" ON ")
    before, verbs = head.split(" ", 1)
    return f"{before} {' OR '.join(sorted(verbs.split(' OR ')))}{on}{tail}"


def _sqlite(session: Session) -> dict[tuple[str, str], tuple[str, str]]:
    rows = session.execute(text("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'"))
    return {(table, name): ("on", _ordered(sql.split(name, 1)[1])) for table, name, sql in rows}


def _postgresql(session: Session) -> dict[tuple[str, str], tuple[str, str]]:
    rows = session.execute(text(
        "SELECT c.relname, t.tgname, t.tgenabled::text, pg_get_triggerdef(t.oid), p.prosrc FROM pg_trigger t "
        "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal"
    ))
    return {
        (table, name): (
            "on" if how in ("O", "A") else "off",
            _ordered(made.split(name, 1)[1]) + " ".join(body.split()),
        )
        for table, name, how, made, body in rows
    }


def postings(session: Session) -> Iterator[Finding]:
    """Each account's rows are what the engine says of the evidence that they were settled on."""
    for account in session.scalars(select(Account).where(Account.settled_to.is_not(None))):
        for found in agreement.differences(session, account):
            yield Finding(found.table, found.row, found.what)


def leaves_and_entries(session: Session) -> Iterator[Finding]:
    """Each leaf commits to its entry as it stands now; each entry has a leaf."""
    for leaf, entry in session.execute(
        select(Leaf, Entry).outerjoin(Entry, Entry.id == Leaf.entry_id).execution_options(yield_per=AT_ONCE)
    ):
        if leaf.entry_id is None or leaf.salt is None:
            pass  # whoever made it looks at it
        elif entry is None:
            yield Finding("entries", leaf.entry_id, f"the row of the leaf at place {leaf.place} is gone")
        elif leaves.data(entry.content, salt=leaf.salt) != leaf.data:
            yield Finding(
                "entries", entry.id,
                f"differs from its leaf at place {leaf.place}; "
                f"it says now {leaves.canonical(entry.content).decode()}",
            )
    for entry_id in session.scalars(
        select(Entry.id).outerjoin(Leaf, Leaf.entry_id == Entry.id).where(Leaf.place.is_(None))
    ):
        yield Finding("entries", entry_id, "has no leaf: it was written behind the site's back")


def places(session: Session) -> Iterator[Finding]:
    """Each leaf is numbered once, or waits to be; none does both."""
    end = 0
    for row in session.scalars(select(Numbering).order_by(Numbering.place)):
        if row.place < end:
            yield Finding("log_numberings", str(row.number), "numbers leaves that were numbered before")
        yield from _unnumbered(session, end, row.place)
        end = max(end, row.place + row.count)
        for place in session.scalars(select(Waiting.place).where(Waiting.place >= row.place, Waiting.place < end)):
            yield Finding("log_waiting", str(place), "was numbered, and waits to be numbered again")
    yield from _unnumbered(session, end, None)


def _unnumbered(session: Session, begin: int, end: int | None) -> Iterator[Finding]:
    if begin == end:
        return
    asked = select(Leaf.place).outerjoin(Waiting, Waiting.place == Leaf.place).where(Waiting.place.is_(None))
    asked = asked.where(Leaf.place >= begin)
    for place in session.scalars(asked if end is None else asked.where(Leaf.place < end)):
        yield Finding("log_leaves", str(place), "is neither numbered nor waiting to be")


def numbered(session: Session) -> Iterator[tuple[int, bytes | None]]:
    """Place and data of the leaves in the order of their numbers; None for one that is missing."""
    for row in session.scalars(select(Numbering).order_by(Numbering.number)):
        for place in range(row.place, row.place + row.count, AT_ONCE):
            end = min(place + AT_ONCE, row.place + row.count)
            rows = select(Leaf.place, Leaf.data).where(Leaf.place >= place, Leaf.place < end)
            found: dict[int, bytes] = {one.place: one.data for one in session.execute(rows)}
            yield from ((at, found.get(at)) for at in range(place, end))


def tree_and_checkpoints(session: Session, by: notes.Verifier) -> Iterator[Finding]:
    """The whole tree from its leaves; each tile and each checkpoint against it."""
    signed = {row.size: row for row in session.scalars(select(SignedCheckpoint))}
    growing = tree.Growing()
    rows: dict[int, list[bytes]] = {}
    expected = 0
    for number, count in session.execute(select(Numbering.number, Numbering.count).order_by(Numbering.number)):
        if number != expected:
            yield Finding("log_numberings", str(number), f"should begin at {expected}")
        expected = number + count
    for place, data in numbered(session):
        if data is None:
            yield Finding("log_leaves", str(place), "is missing")
            break
        hash_ = tree.leaf_hash(data)
        yield from _tiles(session, rows, hash_, growing.size)
        growing.add(hash_)
        if growing.size in signed:
            yield from _checkpoint(signed.pop(growing.size), growing.root(), by)
    for size in signed:
        yield Finding("log_checkpoints", str(size), f"was signed, but there are {growing.size} leaves in a row")
    for tile in session.execute(select(Tile.level, Tile.number)):
        if growing.size >> (tiles.HEIGHT * (tile.level + 1)) <= tile.number:
            yield Finding("log_tiles", f"{tile.level}/{tile.number}", "lies outside the tree")


def _tiles(session: Session, rows: dict[int, list[bytes]], hash_: bytes, number: int) -> Iterator[Finding]:
    """Follow a leaf up; where it fills a tile, look at the one that is kept."""
    level, fresh = 0, hash_
    while True:
        row = rows.setdefault(level, [])
        row.append(fresh)
        if len(row) < tiles.WIDTH:
            return
        tile = number >> (tiles.HEIGHT * (level + 1))
        fresh = tree.perfect(row)
        kept = session.execute(
            select(Tile.content, Tile.root).where(Tile.level == level, Tile.number == tile)
        ).first()
        if kept is None:
            yield Finding("log_tiles", f"{level}/{tile}", "is missing")
        elif kept.content != b"".join(row) or kept.root != fresh:
            yield Finding("log_tiles", f"{level}/{tile}", "differs from the leaves below it")
        row.clear()
        level += 1


def _checkpoint(row: SignedCheckpoint, root: bytes, by: notes.Verifier) -> Iterator[Finding]:
    where = str(row.size)
    if row.root != root:
        yield Finding("log_checkpoints", where, f"the root is {row.root.hex()}, the leaves give {root.hex()}")
    try:
        said = notes.opened(row.note, by)
    except notes.BadNote as bad:
        yield Finding("log_checkpoints", where, str(bad))
        return
    if (said.size, said.root) != (row.size, row.root):
        yield Finding("log_checkpoints", where, f"the note says {said.size} {said.root.hex()}")


def cosignatures(session: Session) -> Iterator[Finding]:
    """Each line verifies below its checkpoint."""
    for row, signed in session.execute(
        select(Cosignature, SignedCheckpoint.note).join(SignedCheckpoint, SignedCheckpoint.size == Cosignature.size)
    ):
        try:
            notes.verified(notes.note(notes.parts(signed)[0], [row.line]), notes.verifier(row.witness))
        except notes.BadNote as bad:
            yield Finding("log_cosignatures", row.id, str(bad))


def outside(session: Session, sealer: Sealer) -> Iterator[Finding]:
    """The file outside the database agrees."""
    try:
        sealing.compare(session, sealer)
    except sealing.NothingSigned as refused:
        yield Finding("log_checkpoints", "-", str(refused))
