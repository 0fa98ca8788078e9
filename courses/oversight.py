"""What officials looked at and why: every read of somebody's record, kept for good."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, append_only, new_id


@append_only
class RecordAccess(Base):
    """An official read something about a subject, and gave a reason."""

    __tablename__ = "record_accesses"
    __table_args__ = (Index("ix_record_accesses_subject_at", "subject_key", "at"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    official_key: Mapped[str] = mapped_column(String(16), index=True)
    subject_key: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]
