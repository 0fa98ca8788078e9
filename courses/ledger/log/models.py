"""Tables of the log. A leaf is an entry's; full tiles are kept as they are served."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, append_only, new_id


class Waiting(Base):
    """An entry that is no leaf yet; written with the entry, gone with the sealing."""

    __tablename__ = "log_waiting"

    entry_id: Mapped[str] = mapped_column(ForeignKey("entries.id"), primary_key=True)


@append_only
class Leaf(Base):
    """An entry's place in the log, and the salt that opens its commitment."""

    __tablename__ = "log_leaves"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[str] = mapped_column(ForeignKey("entries.id"), unique=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    data: Mapped[bytes]
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


@append_only
class Tile(Base):
    """A full tile, and the hash over it, which is one hash of the tile above."""

    __tablename__ = "log_tiles"

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
