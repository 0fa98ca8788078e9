"""Exam attempts as evidence: when, for which enrolment, and the mark as an exact number.

Whether an attempt passes, or is refused, the policy says (`courses.credit`); here it is only kept.
"""

import re
from collections.abc import Collection
from datetime import datetime
from fractions import Fraction

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.enrolment import Enrolment
from courses.units import fraction_text
from media.base import Base, append_only, new_id

MARK = re.compile(r"\d{1,9}(/\d{1,9})?")


@append_only
class Attempt(Base):
    """One sitting; `mark` is an integer or fraction in text (`credit-rules.md` 5.24)."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_recorded_at", "recorded_at"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    enrolment_id: Mapped[str] = mapped_column(ForeignKey("enrolments.id"), index=True)
    at: Mapped[datetime]
    mark: Mapped[str] = mapped_column(String(40))
    recorded_by: Mapped[str] = mapped_column(String(16))  # subject key
    recorded_at: Mapped[datetime]


def record(
    session: Session, *, enrolment_id: str, at: datetime, mark: str | Fraction | int, recorded_by: str, now: datetime
) -> Attempt:
    """Keep one attempt; the same one told again is the one already kept.

    Refused: `mark_malformed` (an integer or a fraction such as 171/2, not negative), `attempt_in_future`.
    """
    if session.get(Enrolment, enrolment_id) is None:
        raise errors.NotFound()
    text = exact_mark(mark)
    if at > now:
        raise errors.Invalid("attempt_in_future", "An exam cannot lie in the future.", field="at")
    same = session.scalar(
        select(Attempt).where(
            Attempt.enrolment_id == enrolment_id, Attempt.at == at, Attempt.mark == text
        )
    )
    if same is not None:
        return same
    made = Attempt(enrolment_id=enrolment_id, at=at, mark=text, recorded_by=recorded_by, recorded_at=now)
    session.add(made)
    session.flush()
    return made


def exact_mark(mark: str | Fraction | int) -> str:
    """A mark in lowest terms, or Invalid `mark_malformed`."""
    try:
        text = fraction_text(Fraction(mark)) if not isinstance(mark, str) else mark.strip()
        if not MARK.fullmatch(text):
            raise ValueError("neither an integer nor a fraction")
        return fraction_text(Fraction(text))
    except (ValueError, ZeroDivisionError) as error:
        raise errors.Invalid(
            "mark_malformed", "A mark is a whole number or a fraction such as 171/2.", field="mark"
        ) from error


def exact(mark: str) -> Fraction:
    """A kept mark as the number it is."""
    return Fraction(mark)


def attempts(
    session: Session,
    enrolment_ids: Collection[str],
    *,
    before: datetime,
    known_at: datetime | None = None,
) -> list[Attempt]:
    """Attempts that lie before an instant and were recorded before it (or before `known_at`), by time."""
    return list(
        session.scalars(
            select(Attempt)
            .where(
                Attempt.enrolment_id.in_(enrolment_ids),
                Attempt.at < before,
                Attempt.recorded_at < (known_at or before),
            )
            .order_by(Attempt.at, Attempt.recorded_at, Attempt.id)
        )
    )
