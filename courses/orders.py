"""Orders and what the payment provider told of them; money in minor units, one transition table."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, new_id


class OrderState(StrEnum):
    """Where an order stands."""

    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.OPEN: frozenset({OrderState.PAID, OrderState.EXPIRED, OrderState.CANCELLED}),
    OrderState.PAID: frozenset(),
    OrderState.EXPIRED: frozenset(),
    OrderState.CANCELLED: frozenset(),
}


class Order(Base):
    """One person's purchase of one course, price frozen when it was opened."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("state IN ('open','paid','expired','cancelled')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(String(16), index=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    edition: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12))
    checkout_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    opened_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]


class PaymentEvent(Base):
    """A verified webhook: stored and answered at once, worked later, once."""

    __tablename__ = "payment_events"

    id: Mapped[str] = mapped_column(String(120), primary_key=True)  # the provider's event id
    kind: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    worked_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(200))
