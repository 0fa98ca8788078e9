"""The cart: which courses a subject means to buy. It holds no price; an order freezes that."""

from datetime import datetime

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.orders.models import Order
from media.base import Base

MOST = 30


class CartLine(Base):
    """One course in one cart."""

    __tablename__ = "cart_lines"

    subject_key: Mapped[str] = mapped_column(ForeignKey("subjects.key"), primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    added_at: Mapped[datetime]


def of(session: Session, subject_key: str) -> list[str]:
    """The courses in a cart, in the order in which they were put there."""
    return list(
        session.scalars(
            select(CartLine.course_id)
            .where(CartLine.subject_key == subject_key)
            .order_by(CartLine.added_at, CartLine.course_id)
        )
    )


def add(session: Session, subject_key: str, *, course_id: str, now: datetime) -> None:
    """Put a course in; told twice it is there once. Refused: Conflict `cart_full`."""
    there = of(session, subject_key)
    if course_id in there:
        return
    if len(there) >= MOST:
        raise errors.Conflict("cart_full", "A cart holds at most %(most)s courses. Pay for these first.", most=MOST)
    session.merge(CartLine(subject_key=subject_key, course_id=course_id, added_at=now))
    session.flush()


def remove(session: Session, subject_key: str, *, course_id: str) -> None:
    """Take a course out."""
    session.execute(
        delete(CartLine).where(CartLine.subject_key == subject_key, CartLine.course_id == course_id)
    )


def empty_of(session: Session, order: Order) -> None:
    """What was paid for is no longer meant to be bought; an enterprise's order says nothing of its manager's cart."""
    for line in order.lines if order.organisation_id is None else ():
        remove(session, order.subject_key, course_id=line.course_id)
