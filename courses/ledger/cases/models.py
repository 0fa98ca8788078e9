"""Tables of what people decide: claims, corrections, appeals. Who is meant stands as a subject key.

What was claimed, proposed, frozen or decided is append-only; an appeal alone has a state that moves.
"""

from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, WholeNumber, append_only, new_id

WORDS_LENGTH = 500


class ReasonCode(StrEnum):
    """Why hours are corrected or taken back: the only reasons there are."""

    RECORDING_ERROR = "recording_error"
    DUPLICATE_RECORD = "duplicate_record"
    WRONG_LEARNER = "wrong_learner"
    WATCHED_BY_ANOTHER = "watched_by_another"
    ATTENDANCE_FALSE = "attendance_false"
    EVIDENCE_FALSE = "evidence_false"
    SYSTEM_FAULT = "system_fault"
    APPEAL_UPHELD = "appeal_upheld"


class AppealState(StrEnum):
    """Where an appeal stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    UPHELD = "upheld"
    REFUSED = "refused"


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """A column that holds one of these words."""
    return CheckConstraint(
        f"{column} IN (" + ",".join(f"'{value}'" for value in values) + ")", name=column
    )


@append_only
class Claim(Base):
    """A learner says to have been trained elsewhere."""

    __tablename__ = "claims"
    __table_args__ = (
        CheckConstraint("kind IN ('online','classroom','practical')", name="kind"),
        Index("ix_claims_subject_applied", "subject_key", "applied_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(String(16))
    from_where: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(120))
    taken_on: Mapped[date]
    hours_num: Mapped[int] = mapped_column(WholeNumber)
    hours_den: Mapped[int] = mapped_column(WholeNumber)
    hour_ms: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    applied_at: Mapped[datetime]

    @property
    def hours(self) -> Fraction:
        """Hours as the other platform counts them."""
        return Fraction(self.hours_num, self.hours_den)


@append_only
class ClaimDecision(Base):
    """An officer found the evidence good or not, and set the factor."""

    __tablename__ = "claim_decisions"

    claim_id: Mapped[str] = mapped_column(ForeignKey("claims.id"), primary_key=True)
    is_accepted: Mapped[bool]
    factor_num: Mapped[int] = mapped_column(WholeNumber)
    factor_den: Mapped[int] = mapped_column(WholeNumber)
    note: Mapped[str] = mapped_column(String(WORDS_LENGTH))
    decided_by: Mapped[str] = mapped_column(String(16))
    decided_at: Mapped[datetime] = mapped_column(index=True)

    @property
    def factor(self) -> Fraction:
        """Credited hours for one claimed hour, before the rule's ratio."""
        return Fraction(self.factor_num, self.factor_den)


@append_only
class Correction(Base):
    """One officer proposes to correct an enrolment's hours, or to take a row back whole."""

    __tablename__ = "corrections"
    __table_args__ = (
        CheckConstraint("kind IN ('adjust','void')", name="kind"),
        CheckConstraint("entry_id IS NOT NULL OR appeal_id IS NOT NULL", name="points_back"),
        one_of("reason_code", ReasonCode),
        Index("ix_corrections_subject", "subject_key"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(6))
    about: Mapped[str] = mapped_column(
        String(16)
    )  # enrolment, claim or offline row, as in `entries`
    entry_id: Mapped[str | None] = mapped_column(
        ForeignKey("entries.id")
    )  # the row it points back to
    appeal_id: Mapped[str | None] = mapped_column(ForeignKey("appeals.id"))  # or the appeal
    hours_num: Mapped[int] = mapped_column(WholeNumber)
    hours_den: Mapped[int] = mapped_column(WholeNumber)
    reason_code: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(WORDS_LENGTH))
    proposed_by: Mapped[str] = mapped_column(String(16))
    proposed_at: Mapped[datetime]

    @property
    def hours(self) -> Fraction:
        """What it adds; negative where it takes away."""
        return Fraction(self.hours_num, self.hours_den)


@append_only
class CorrectionDecision(Base):
    """A second officer approves a correction or does not."""

    __tablename__ = "correction_decisions"

    correction_id: Mapped[str] = mapped_column(ForeignKey("corrections.id"), primary_key=True)
    is_approved: Mapped[bool]
    note: Mapped[str] = mapped_column(String(WORDS_LENGTH))
    decided_by: Mapped[str] = mapped_column(String(16))
    decided_at: Mapped[datetime]


class Appeal(Base):
    """A learner holds that a span of time should have counted."""

    __tablename__ = "appeals"
    __table_args__ = (
        UniqueConstraint("playback_id", "wall_from", "reason"),
        one_of("state", AppealState),
        Index("ix_appeals_subject_filed", "subject_key", "filed_at"),
        Index("ix_appeals_state_filed", "state", "filed_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(String(16))
    enrolment_id: Mapped[str] = mapped_column(ForeignKey("enrolments.id"))
    lesson_id: Mapped[str] = mapped_column(String(16))
    playback_id: Mapped[str] = mapped_column(ForeignKey("playbacks.id"))
    reason: Mapped[str] = mapped_column(String(20))  # why it did not count, in the engine's words
    wall_from: Mapped[datetime]
    wall_to: Mapped[datetime]
    media_from_ms: Mapped[int]
    media_to_ms: Mapped[int]
    words: Mapped[str] = mapped_column(String(WORDS_LENGTH))
    filed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default=AppealState.OPEN)
    acknowledged_at: Mapped[datetime | None]
    solved_at: Mapped[datetime | None]


@append_only
class AppealEvidence(Base):
    """What was known when an appeal was filed: the evidence file, the beats, the engine's findings."""

    __tablename__ = "appeal_evidence"

    appeal_id: Mapped[str] = mapped_column(ForeignKey("appeals.id"), primary_key=True)
    content: Mapped[bytes]  # JSON in UTF-8, deflated
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))  # SHA-256 of the JSON
    policy: Mapped[str] = mapped_column(String(61))


@append_only
class AppealNote(Base):
    """An officer moved an appeal on, and what the learner was told."""

    __tablename__ = "appeal_notes"
    __table_args__ = (one_of("state", AppealState),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    appeal_id: Mapped[str] = mapped_column(ForeignKey("appeals.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))  # what it became
    text: Mapped[str] = mapped_column(String(WORDS_LENGTH))
    correction_id: Mapped[str | None] = mapped_column(ForeignKey("corrections.id"))
    by: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]


@append_only
class CalendarDay(Base):
    """A day that is worked though at the weekend, or not worked though it is none; the latest row holds."""

    __tablename__ = "calendar_days"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    on: Mapped[date] = mapped_column(index=True)
    is_working: Mapped[bool]
    name: Mapped[str] = mapped_column(String(60))
    entered_by: Mapped[str] = mapped_column(String(16))
    entered_at: Mapped[datetime]
