"""Tables of watching: playbacks, their beats, prompts, and photos of faces.

Beats are append-only and name only a playback. Of a photo just the score is kept for good.
"""

from datetime import datetime
from functools import partial
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

from media.base import Base, append_only, new_id

OPEN = text("closed_at IS NULL")
UNSETTLED = text("settled_at IS NULL")
UNARCHIVED = text("archived_at IS NULL")
UNEXAMINED = text("examined_at IS NULL AND archived_at IS NOT NULL")
# A beat may go where its playback is archived, and a recorded removal reaches so far.
REMOVED = (
    "EXISTS (SELECT 1 FROM archives JOIN beat_removals ON archives.closed_at < beat_removals.before_at "
    "WHERE archives.playback_id = OLD.playback_id)"
)


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
        # The same for those that the ledger, and the archive, have not taken in yet.
        Index("ix_playbacks_unsettled", "closed_at", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
        Index("ix_playbacks_unarchived", "closed_at", sqlite_where=UNARCHIVED, postgresql_where=UNARCHIVED),
        Index("ix_playbacks_unexamined", "archived_at", sqlite_where=UNEXAMINED, postgresql_where=UNEXAMINED),
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
    cuts: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))  # shown only, see `cuts`
    live: Mapped[bytes | None]  # how the lesson stands (`live.Live`); null: take the long way
    version: Mapped[int] = mapped_column(default=0)  # goes up with every change of `live`
    closed_at: Mapped[datetime | None]  # nothing played after this counts
    close_reason: Mapped[str | None] = mapped_column(String(12))
    settled_at: Mapped[datetime | None]  # when the ledger took its last account of it
    prompt_due_ms: Mapped[int | None]  # player time from which presence is asked; null: never
    archived_at: Mapped[datetime | None]  # since when its `Archive` says what its beats said
    removed_at: Mapped[datetime | None]  # when its beats, past their time, were deleted
    examined_at: Mapped[datetime | None]  # when signals were looked for in it


@partial(append_only, unless=REMOVED)
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


@append_only
class Archive(Base):
    """What the beats of a closed playback said, for the years that hours must be provable.

    `content` is MessagePack (`archive.Content`): the spans of its stretches, and its signs of life.
    """

    __tablename__ = "archives"

    playback_id: Mapped[str] = mapped_column(ForeignKey("playbacks.id"), primary_key=True)
    closed_at: Mapped[datetime]
    archived_at: Mapped[datetime]
    beats: Mapped[int]  # how many there were
    content: Mapped[bytes]
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


@append_only
class BeatRemoval(Base):
    """That beats of archived playbacks closed before an instant were deleted; without it none can be."""

    __tablename__ = "beat_removals"
    __table_args__ = (CheckConstraint("before_at < at", name="past"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    at: Mapped[datetime]
    before_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))
    beats: Mapped[int] = mapped_column(default=0)  # how many


@append_only
class Prompt(Base):
    """A presence prompt as it was shown. `question`: text, choices in their order, and which is right."""

    __tablename__ = "prompts"
    __table_args__ = (CheckConstraint("way IN ('tap','question','carried')", name="way"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    playback_id: Mapped[str] = mapped_column(ForeignKey("playbacks.id"), index=True)
    way: Mapped[str] = mapped_column(String(8))
    shown_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    question: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    is_face: Mapped[bool] = mapped_column(default=False)  # a photo may answer it too


@append_only
class PromptAnswer(Base):
    """What the learner answered to a prompt was worth; without one it was missed."""

    __tablename__ = "prompt_answers"
    __table_args__ = (CheckConstraint("result IN ('pass','fail','missed')", name="result"),)

    prompt_id: Mapped[str] = mapped_column(ForeignKey("prompts.id"), primary_key=True)
    result: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime]


@append_only
class FaceCheck(Base):
    """A photo that answered a prompt, as a number. `distance` and `limit` in millionths.

    `fingerprint` is keyed, and tells only that the very same file was sent twice.
    """

    __tablename__ = "face_checks"
    __table_args__ = (CheckConstraint("distance >= 0 AND \"limit\" >= 0", name="score"),)

    prompt_id: Mapped[str] = mapped_column(ForeignKey("prompts.id"), primary_key=True)
    distance: Mapped[int]
    limit: Mapped[int]  # as far as a pass went then
    engine: Mapped[str] = mapped_column(String(80))  # name and version
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    at: Mapped[datetime]


class FacePicture(Base):
    """A sealed photo in the store: the one a learner gave to compare with, or one that did not match.

    The first has neither `prompt_id` nor `delete_at`. From `delete_at` on nobody sees it, and it goes.
    """

    __tablename__ = "face_pictures"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject_key: Mapped[str] = mapped_column(ForeignKey("subjects.key"), index=True)
    prompt_id: Mapped[str | None] = mapped_column(ForeignKey("prompts.id"), index=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    taken_at: Mapped[datetime]
    delete_at: Mapped[datetime | None] = mapped_column(index=True)
