"""The log as the database keeps it: full tiles as they are, narrower ones from what they are made of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from courses.ledger.log import tiles, tree
from courses.ledger.log.models import Cosignature, Leaf, Numbering, SignedCheckpoint, Tile

T = TypeVar("T")


def count(session: Session) -> int:
    """How many leaves are numbered; the numbers have no gaps."""
    last = session.execute(
        select(Numbering.number, Numbering.count).order_by(Numbering.number.desc()).limit(1)
    ).first()
    return last.number + last[1] if last else 0


def number(session: Session, place: int) -> int | None:
    """The number of the leaf at a place; None while it waits for one."""
    last = session.scalar(
        select(Numbering).where(Numbering.place <= place).order_by(Numbering.place.desc()).limit(1)
    )
    return last.number + place - last.place if last and place < last.place + last.count else None


def runs(session: Session, first: int, end: int) -> list[tuple[int, int]]:
    """Where the leaves numbered `first` to `end` (exclusive) lie: places and how many from each on."""
    begin = select(func.max(Numbering.number)).where(Numbering.number <= first).scalar_subquery()
    found: list[tuple[int, int]] = []
    for row in session.scalars(
        select(Numbering).where(Numbering.number >= begin, Numbering.number < end).order_by(Numbering.number)
    ):
        skipped = max(0, first - row.number)
        wide = min(row.count, end - row.number) - skipped
        if wide <= 0:
            continue
        if found and found[-1][0] + found[-1][1] == row.place:
            found[-1] = (found[-1][0], found[-1][1] + wide)
        else:
            found.append((row.place + skipped, wide))
    return found


def data(session: Session, first: int, end: int) -> list[bytes]:
    """The leaves numbered `first` to `end` (exclusive), in order; fewer where the log is shorter."""
    return [leaf for place, wide in runs(session, first, end) for leaf in leaves_at(session, place, wide)]


def leaves_at(session: Session, place: int, wide: int) -> Sequence[bytes]:
    """The leaves at `wide` places from `place` on."""
    as_is = type_coerce(Leaf.data, NullType)  # both drivers give bytes; to convert them costs as much as a hash
    asked: Select[Any] = select(as_is).where(Leaf.place.between(place, place + wide - 1)).order_by(Leaf.place)
    return plain(session, asked)


def plain(session: Session, asked: Select[T]) -> Sequence[T]:
    """One column past the mapper, which would cost each leaf more than its hashes do."""
    return session.connection().scalars(asked).all()


def hashes(session: Session, level: int, tile: int, width: int) -> bytes:
    """The first `width` hashes of a tile; fewer where the tree is smaller. `tiles.Fetch`."""
    if width == tiles.WIDTH:
        kept = plain(session, select(Tile.content).where(Tile.level == level, Tile.number == tile))
        if kept:
            return kept[0]
    first, end = tile * tiles.WIDTH, tile * tiles.WIDTH + width
    if level == 0:
        return b"".join(tree.leaf_hash(leaf) for leaf in data(session, first, end))
    asked = (
        select(Tile.root)
        .where(Tile.level == level - 1, Tile.number >= first, Tile.number < end)
        .order_by(Tile.number)
    )
    return b"".join(plain(session, asked))


def reader(session: Session, size: int) -> tiles.Reader:
    """The nodes of the tree at a size."""
    return tiles.Reader(size, lambda level, tile, width: hashes(session, level, tile, width))


def entries(session: Session, tile: int, width: int) -> bytes:
    """An entry bundle."""
    first = tile * tiles.WIDTH
    return tiles.bundle(data(session, first, first + width))


def newest(session: Session) -> SignedCheckpoint | None:
    """The checkpoint that is served."""
    return session.scalar(select(SignedCheckpoint).order_by(SignedCheckpoint.size.desc()).limit(1))


def served(session: Session, checkpoint: SignedCheckpoint) -> str:
    """A checkpoint with the cosignatures that came in."""
    asked = select(Cosignature.line).where(Cosignature.size == checkpoint.size)
    return checkpoint.note + "".join(session.scalars(asked.order_by(Cosignature.witness)))


def cosigned(session: Session, checkpoint: SignedCheckpoint) -> list[tuple[str, datetime]]:
    """Which witnesses signed a checkpoint, and when that came in."""
    asked = select(Cosignature).where(Cosignature.size == checkpoint.size).order_by(Cosignature.at)
    return [(row.witness.split("+", 1)[0], row.at) for row in session.scalars(asked)]


def growth(session: Session, most: int = 3) -> list[SignedCheckpoint]:
    """The last checkpoints, oldest first."""
    rows = session.scalars(select(SignedCheckpoint).order_by(SignedCheckpoint.size.desc()).limit(most))
    return list(rows)[::-1]
