"""Tables of signals: what was seen, in which playbacks, what officials answered; and marks of devices."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, append_only, new_id


class Signal(Base):
    """Something out of the ordinary in some period; `figures` explain it (`detectors`)."""

    __tablename__ = "signals"
    __table_args__ = (
        UniqueConstraint("kind", "about"),
        CheckConstraint("kind IN ('concurrent','device','regular','night','answers')", name="kind"),
        CheckConstraint("status IN ('open','explained','dismissed')", name="status"),
        Index("ix_signals_status_found", "status", "found_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12))
    about: Mapped[str] = mapped_column(String(40))  # the same evidence has the same, and so is one signal
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    figures: Mapped[dict[str, Any]]
    found_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10), default="open")


class SignalPlayback(Base):
    """A playback that a signal rests on, with whose it is and whose course it is of."""

    __tablename__ = "signal_playbacks"
    __table_args__ = ({"sqlite_with_rowid": False},)

    signal_id: Mapped[str] = mapped_column(ForeignKey("signals.id"), primary_key=True)
    playback_id: Mapped[str] = mapped_column(ForeignKey("playbacks.id"), primary_key=True)
    subject_key: Mapped[str] = mapped_column(ForeignKey("subjects.key"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)


@append_only
class SignalNote(Base):
    """An official answered a signal, or took that back, and said why."""

    __tablename__ = "signal_notes"
    __table_args__ = (CheckConstraint("status IN ('open','explained','dismissed')", name="status"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    signal_id: Mapped[str] = mapped_column(ForeignKey("signals.id"), index=True)
    official_key: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(10))  # what it became
    note: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]


class DeviceMark(Base):
    """A keyed hash of the random number that a browser keeps; goes when its playback's beats may go."""

    __tablename__ = "device_marks"
    __table_args__ = (Index("ix_device_marks_mark_at", "mark_hash", "at"),)

    playback_id: Mapped[str] = mapped_column(ForeignKey("playbacks.id"), primary_key=True)
    mark_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(index=True)
