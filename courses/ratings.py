"""Ratings of instructors (teaching quality) and institutions (training quality) by who earned hours."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, new_id


class Rating(Base):
    """One score of one target by one enrolment; raters stay unknown to those rated."""

    __tablename__ = "ratings"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "target_kind", "target_id"),
        CheckConstraint("target_kind IN ('instructor','institution')", name="target_kind"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        Index("ix_ratings_target", "target_kind", "target_id"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    enrolment_id: Mapped[str] = mapped_column(ForeignKey("enrolments.id"))
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    target_kind: Mapped[str] = mapped_column(String(12))
    target_id: Mapped[str] = mapped_column(String(16))  # person or organisation
    score: Mapped[int]
    comment: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    changed_at: Mapped[datetime]
    reply: Mapped[str | None]
    replied_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str | None]
    hidden_by: Mapped[str | None] = mapped_column(String(16))
