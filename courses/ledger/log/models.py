"""Tables of the log. A leaf is an entry's, or was made by another room; full tiles are kept as they are served."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, append_only, new_id


class Waiting(Base):
    """An entry that is no leaf yet; written with the entry, gone with the sealing."""

    __tablename__ = "log_waiting"

    entry_id: Mapped[str] = mapped_column(ForeignKey("entries.id"), primary_key=True)


class WaitingLeaf(Base):
    """A commitment that another room made, to be sealed as it is; gone with the sealing."""

    __tablename__ = "log_waiting_leaves"

    other_id: Mapped[str] = mapped_column(String(16), primary_key=True)  # what it commits to
    data: Mapped[bytes]


@append_only
class Leaf(Base):
    """A place in the log: an entry's, with the salt that opens its commitment, or something else's."""

    __tablename__ = "log_leaves"
    __table_args__ = (
        CheckConstraint(
            "(entry_id IS NOT NULL AND salt IS NOT NULL AND other_id IS NULL) OR "
            "(entry_id IS NULL AND salt IS NULL AND other_id IS NOT NULL)",
            name="whose",
        ),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[str | None] = mapped_column(ForeignKey("entries.id"), unique=True)
    other_id: Mapped[str | None] = mapped_column(String(16), unique=True)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
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
