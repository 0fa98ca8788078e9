"""Exam attempts as evidence: when, for which enrolment, and the mark as an exact number."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, append_only, new_id


@append_only
class Attempt(Base):
    """One sitting; `mark` is an integer or fraction in text (`credit-rules.md` 5.24)."""

    __tablename__ = "attempts"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    enrolment_id: Mapped[str] = mapped_column(ForeignKey("enrolments.id"), index=True)
    at: Mapped[datetime]
    mark: Mapped[str] = mapped_column(String(40))
    recorded_by: Mapped[str] = mapped_column(String(16))  # subject key
