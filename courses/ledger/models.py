"""Tables of the ledger. Entries are append-only and name a person only by the subject key."""

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, WholeNumber, append_only, new_id, to_ms


@append_only
class Entry(Base):
    """One row of the ledger; a correction is a new row, `cancels_id` points back where one cancels."""

    __tablename__ = "entries"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('posting','adjustment','reversal','transfer','offline')", name="kind"
        ),
        Index("ix_entries_subject_at", "subject_key", "at"),
        Index("ix_entries_about", "about"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(12))
    about: Mapped[str] = mapped_column(String(16))  # the statement's `subject`: enrolment, offline row
    at: Mapped[datetime]
    hours_num: Mapped[int] = mapped_column(WholeNumber)
    hours_den: Mapped[int] = mapped_column(WholeNumber)
    raw_hours_num: Mapped[int | None] = mapped_column(WholeNumber)
    raw_hours_den: Mapped[int | None] = mapped_column(WholeNumber)
    policy: Mapped[str] = mapped_column(String(61))  # "id@version"
    reason: Mapped[str | None] = mapped_column(String(60))
    cancels_id: Mapped[str | None] = mapped_column(ForeignKey("entries.id"), unique=True)
    written_at: Mapped[datetime]

    @property
    def hours(self) -> Fraction:
        """Credited hours, exact."""
        return Fraction(self.hours_num, self.hours_den)

    @property
    def raw_hours(self) -> Fraction | None:
        """Raw hours, exact, where the row has any."""
        if self.raw_hours_num is None or self.raw_hours_den is None:
            return None
        return Fraction(self.raw_hours_num, self.raw_hours_den)

    @property
    def content(self) -> dict[str, Any]:
        """Everything that it says, as the log seals it."""
        raw = self.raw_hours
        return {
            "about": self.about,
            "at": to_ms(self.at),
            "cancels": self.cancels_id,
            "entry": self.id,
            "hours": f"{self.hours.numerator}/{self.hours.denominator}",
            "kind": self.kind,
            "policy": self.policy,
            "raw_hours": None if raw is None else f"{raw.numerator}/{raw.denominator}",
            "reason": self.reason,
            "subject": self.subject_key,
            "written_at": to_ms(self.written_at),
        }


class Account(Base):
    """How far a subject's ledger is: when it was last settled, and what it then took account of."""

    __tablename__ = "ledger_accounts"

    subject_key: Mapped[str] = mapped_column(ForeignKey("subjects.key"), primary_key=True)
    settled_at: Mapped[datetime | None]  # of the last look
    settled_to: Mapped[datetime | None]  # evidence before this was final then
    policies_seen: Mapped[int] = mapped_column(default=0)  # versions there were; they only grow
    checked_at: Mapped[datetime | None]  # against the whole life, last
    is_due: Mapped[bool] = mapped_column(default=False, index=True)  # something was entered since
    fault: Mapped[str | None] = mapped_column(String(300))  # why the last look failed; no personal data


class Requirement(Base):
    """So many hours due of a subject in a period, judged by one policy version."""

    __tablename__ = "requirements"
    __table_args__ = (
        CheckConstraint("kind IN ('any','practical')", name="kind"),
        CheckConstraint("from_at < to_at", name="period"),
        Index("ix_requirements_subject", "subject_key"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(10), default="any")
    hours_num: Mapped[int] = mapped_column(WholeNumber)
    hours_den: Mapped[int] = mapped_column(WholeNumber)
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    policy: Mapped[str] = mapped_column(String(61))
    entered_by: Mapped[str] = mapped_column(String(16))  # subject key of the officer
    entered_at: Mapped[datetime]
    withdrawn_by: Mapped[str | None] = mapped_column(String(16))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str | None] = mapped_column(String(300))
    # Of those that follow from a post: the rule they rest on, and the last day it allows (None: not known).
    appointment_id: Mapped[str | None] = mapped_column(ForeignKey("appointments.id"), index=True)
    rule_id: Mapped[str | None] = mapped_column(ForeignKey("required_hours.id"))
    trainee: Mapped[str | None] = mapped_column(String(30))
    occasion: Mapped[str | None] = mapped_column(String(20))
    due_on: Mapped[date | None]

    @property
    def hours(self) -> Fraction:
        """Credited hours that are due."""
        return Fraction(self.hours_num, self.hours_den)


@append_only
class OfflineHours(Base):
    """Classroom or practical hours that an institution vouches for."""

    __tablename__ = "offline_hours"
    __table_args__ = (CheckConstraint("kind IN ('classroom','practical')", name="kind"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(String(16), index=True)
    on: Mapped[date]
    kind: Mapped[str] = mapped_column(String(10))
    hours_num: Mapped[int] = mapped_column(WholeNumber)
    hours_den: Mapped[int] = mapped_column(WholeNumber)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    note: Mapped[str] = mapped_column(default="")
    class_run_id: Mapped[str | None] = mapped_column(String(16))  # the class file that bears it out
    entered_by: Mapped[str] = mapped_column(String(16))  # subject key of who reviewed it
    entered_at: Mapped[datetime]

    @property
    def hours(self) -> Fraction:
        """Hours of training, exact."""
        return Fraction(self.hours_num, self.hours_den)
