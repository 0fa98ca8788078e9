"""The log as the database keeps it: full tiles as they are, narrower ones from what they are made of."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.ledger.log import tiles
from courses.ledger.log.models import Cosignature, Leaf, SignedCheckpoint, Tile


def count(session: Session) -> int:
    """How many leaves there are; they are numbered without gaps."""
    last: int | None = session.scalar(select(func.max(Leaf.number)))
    return 0 if last is None else last + 1


def hashes(session: Session, level: int, tile: int, width: int) -> bytes:
    """The first `width` hashes of a tile; fewer where the tree is smaller. `tiles.Fetch`."""
    if width == tiles.WIDTH:
        kept = session.scalar(select(Tile.content).where(Tile.level == level, Tile.number == tile))
        if kept is not None:
            return kept
    first, end = tile * tiles.WIDTH, tile * tiles.WIDTH + width
    if level == 0:
        asked = select(Leaf.hash).where(Leaf.number >= first, Leaf.number < end).order_by(Leaf.number)
    else:
        asked = (
            select(Tile.root)
            .where(Tile.level == level - 1, Tile.number >= first, Tile.number < end)
            .order_by(Tile.number)
        )
    return b"".join(session.scalars(asked))


def reader(session: Session, size: int) -> tiles.Reader:
    """The nodes of the tree at a size."""
    return tiles.Reader(size, lambda level, tile, width: hashes(session, level, tile, width))


def entries(session: Session, tile: int, width: int) -> bytes:
    """An entry bundle."""
    first = tile * tiles.WIDTH
    asked = select(Leaf.data).where(Leaf.number >= first, Leaf.number < first + width)
    return tiles.bundle(session.scalars(asked.order_by(Leaf.number)))


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
