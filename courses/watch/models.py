"""Tables of watching: playbacks and their beats. Beats are append-only and name only a playback."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, append_only

OPEN = text("closed_at IS NULL")


class Playback(Base):
    """One opening of one lesson on one device. Open while `closed_at` is null."""

    __tablename__ = "playbacks"
    __table_args__ = (
        CheckConstraint(
            "close_reason IN ('finished','taken_over','silent') OR close_reason IS NULL",
            name="close_reason",
        ),
        Index("ix_playbacks_subject_opened", "subject_key", "opened_at"),
        # The sweep looks for silent ones every minute, among the open ones alone. No index holds what a
        # beat changes, and pages have room: PostgreSQL then updates a row in its place.
        Index("ix_playbacks_open", "opened_at", sqlite_where=OPEN, postgresql_where=OPEN),
        {"postgresql_with": {"fillfactor": 70}},
    )

    # Sorts by `opened_at`: the beats of those open now lie side by side.
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject_key: Mapped[str] = mapped_column(ForeignKey("subjects.key"))
    enrolment_id: Mapped[str] = mapped_column(ForeignKey("enrolments.id"), index=True)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id"))
    device: Mapped[str] = mapped_column(String(80))
    duration_ms: Mapped[int]
    opened_at: Mapped[datetime]
    heard_at: Mapped[datetime]  # receipt of the newest beat, or `opened_at`
    reached_ms: Mapped[int] = mapped_column(BigInteger, default=0)  # latest player time told
    position_ms: Mapped[int | None]  # where in the lesson the latest span ended
    beat_every_ms: Mapped[int] = mapped_column(default=15_000)  # by the policy when it was opened
    not_counted: Mapped[dict[str, Any]] = mapped_column(default=dict)  # of the lesson, when last told
    live: Mapped[bytes | None]  # how the lesson stands (`live.Live`); null: take the long way
    version: Mapped[int] = mapped_column(default=0)  # goes up with every change of `live`
    closed_at: Mapped[datetime | None]  # nothing played after this counts
    close_reason: Mapped[str | None] = mapped_column(String(12))
    settled_at: Mapped[datetime | None]  # when the ledger took its last account of it


@append_only
class Beat(Base):
    """What the player reported, as the door let it in, and what it was answered.

    `spans` are rows `[from_ms, to_ms, began_ms, ended_ms]`; overlaps between beats are still in them.
    """

    __tablename__ = "beats"
    __table_args__ = ({"sqlite_with_rowid": False},)

    # No foreign key: a beat is written in one statement with its playback's step, or behind its lock,
    # and checking costs as much as writing.
    playback_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    spans: Mapped[list[Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(8))
    received_at: Mapped[datetime]
    status: Mapped[int]  # of the answer: 200, or 409 for what a taken-over playback still told
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
