"""Enrolments: a subject takes one edition of a course, under the jurisdiction fixed at that moment."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, new_id


class Enrolment(Base):
    """One taking of a course. `jurisdiction_id` is fixed when made (credit-rules 5.36)."""

    __tablename__ = "enrolments"
    __table_args__ = (Index("ix_enrolments_subject_course", "subject_key", "course_id"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(ForeignKey("subjects.key"))
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    edition_id: Mapped[str] = mapped_column(ForeignKey("editions.id"))
    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdictions.id"))
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"), unique=True)
    at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
