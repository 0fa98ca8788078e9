"""What a learner is told about their hours and what their employer asks: a list of their own, read or not yet.

There is no gateway for mail or messages; a notice is written with the decision that it tells of.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from media.base import Base, new_id


class Kind(StrEnum):
    """What happened."""

    CLASS_ACCEPTED = "class_accepted"
    CLASS_LEFT_OUT = "class_left_out"
    CLAIM_ACCEPTED = "claim_accepted"
    CLAIM_REFUSED = "claim_refused"
    CORRECTED = "corrected"
    VOIDED = "voided"
    APPEAL_ACKNOWLEDGED = "appeal_acknowledged"
    APPEAL_REFUSED = "appeal_refused"
    APPEAL_UPHELD = "appeal_upheld"
    ASSIGNED = "assigned"
    ASSIGNED_SOON = "assigned_soon"
    ASSIGNED_LATE = "assigned_late"
    CERTIFICATE_LESS = "certificate_less"
    REVERSAL_FOUND = "reversal_found"  # to officials


class Notice(Base):
    """One thing told to one learner; `about` is the class run, claim, correction, appeal, assignment or certificate."""

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint("kind IN (" + ",".join(f"'{kind}'" for kind in Kind) + ")", name="kind"),
        Index("ix_notices_subject_at", "subject_key", "at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(20))
    about: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(
        String(500), default=""
    )  # the reason that was given, in words
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]


def tell(
    session: Session, subject_key: str, *, kind: Kind, about: str, text: str = "", now: datetime
) -> Notice:
    """Tell a learner; in the transaction of the decision."""
    made = Notice(subject_key=subject_key, kind=kind, about=about, text=text, at=now)
    session.add(made)
    return made


def of_subject(session: Session, subject_key: str, *, limit: int = 100) -> list[Notice]:
    """What somebody was told, the latest first."""
    return list(
        session.scalars(
            select(Notice)
            .where(Notice.subject_key == subject_key)
            .order_by(Notice.at.desc(), Notice.id)
            .limit(limit)
        )
    )


def unread(session: Session, subject_key: str) -> int:
    """How many of them were not read yet."""
    return (
        session.scalar(
            select(func.count()).where(Notice.subject_key == subject_key, Notice.read_at.is_(None))
        )
        or 0
    )


def read(session: Session, subject_key: str, *, now: datetime) -> None:
    """All of them were read."""
    session.execute(
        update(Notice)
        .where(Notice.subject_key == subject_key, Notice.read_at.is_(None))
        .values(read_at=now)
    )
