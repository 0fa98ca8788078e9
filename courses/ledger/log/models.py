"""Tables of the log. A leaf stays where it was written; sealing numbers whole runs of them and keeps full tiles."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, append_only, new_id

Place = BigInteger().with_variant(Integer, "sqlite")  # the one type that SQLite counts up by itself


@append_only
class Leaf(Base):
    """A commitment, made in the transaction of what it commits to: an entry, with the salt, or something else.

    Its place is no number of the log yet: places may have gaps, and transactions that were begun earlier
    may fill one later.
    """

    __tablename__ = "log_leaves"
    __table_args__ = (
        CheckConstraint(
            "(entry_id IS NOT NULL AND salt IS NOT NULL AND other_id IS NULL) OR "
            "(entry_id IS NULL AND salt IS NULL AND other_id IS NOT NULL)",
            name="whose",
        ),
    )

    place: Mapped[int] = mapped_column(Place, primary_key=True)
    entry_id: Mapped[str | None] = mapped_column(ForeignKey("entries.id"), unique=True)
    other_id: Mapped[str | None] = mapped_column(String(16), unique=True)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    data: Mapped[bytes]


class Waiting(Base):
    """A leaf without a number; written with the leaf, gone with the sealing."""

    __tablename__ = "log_waiting"

    place: Mapped[int] = mapped_column(Place, ForeignKey("log_leaves.place"), primary_key=True, autoincrement=False)


@append_only
class Numbering(Base):
    """`count` leaves from `place` on are those of the tree from `number` on."""

    __tablename__ = "log_numberings"
    __table_args__ = (CheckConstraint("count > 0", name="count"),)

    number: Mapped[int] = mapped_column(Place, primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(Place, ForeignKey("log_leaves.place"), unique=True)
    count: Mapped[int]


@append_only
class Tile(Base):
    """A full tile, and the hash over it, which is one hash of the tile above."""

    __tablename__ = "log_tiles"
    # A proof reads the roots below a narrower tile: without the index each lies behind eight KB of content.
    __table_args__ = (Index("ix_log_tiles_roots", "level", "number", "root"),)

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes]
    root: Mapped[bytes] = mapped_column(LargeBinary(32))


@append_only
class SignedCheckpoint(Base):
    """A checkpoint as it was signed; one for each size."""

    __tablename__ = "log_checkpoints"
    __table_args__ = (CheckConstraint("size > 0", name="size"),)

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[str]
    signed_at: Mapped[datetime]


@append_only
class Cosignature(Base):
    """A witness's line below a checkpoint."""

    __tablename__ = "log_cosignatures"
    __table_args__ = (UniqueConstraint("size", "witness"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    size: Mapped[int] = mapped_column(ForeignKey("log_checkpoints.size"))
    witness: Mapped[str] = mapped_column(String(300))  # its verifier key
    line: Mapped[str]
    at: Mapped[datetime]
