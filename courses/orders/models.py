"""Tables of orders: what was ordered at which frozen price, what was paid, what the provider told."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses import errors
from courses.orders.states import TRANSITIONS, OrderState
from courses.units import Money
from media.base import Base, append_only, new_id


class Order(Base):
    """A purchase by a subject, or through a subject by an organisation; editions and prices are frozen."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("state IN ('open','paid','expired','cancelled','refunded')", name="state"),
        CheckConstraint("method IN ('provider','transfer','free')", name="method"),
        CheckConstraint("amount_minor >= 0", name="amount_minor"),
        Index("ix_orders_subject_opened", "subject_key", "opened_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(ForeignKey("subjects.key"))  # who ordered
    organisation_id: Mapped[str | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )  # the buyer, where it is not who ordered
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12))
    method: Mapped[str] = mapped_column(String(12))
    checkout_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    opened_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    lines: Mapped[list["OrderLine"]] = relationship(order_by="OrderLine.position", lazy="selectin")

    @property
    def price(self) -> Money:
        """What it costs, all lines together, discounts taken off."""
        return Money(self.amount_minor, self.currency)

    def move(self, state: OrderState) -> None:
        """One transition of the table, or Conflict `order_state`."""
        if state not in TRANSITIONS[OrderState(self.state)]:
            raise errors.Conflict("order_state", "This order can no longer be changed.")
        self.state = state


class OrderLine(Base):
    """So many seats of one edition at a unit price; `discount_minor` is taken off the whole line."""

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity >= 1", name="quantity"),
        CheckConstraint(
            "unit_minor >= 0 AND discount_minor >= 0 AND discount_minor <= unit_minor * quantity",
            name="amounts",
        ),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    position: Mapped[int]
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    edition: Mapped[int]
    institution_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    quantity: Mapped[int]
    unit_minor: Mapped[int] = mapped_column(BigInteger)
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str] = mapped_column(String(3))
    coupon_id: Mapped[str | None] = mapped_column(String(16), index=True)

    @property
    def price(self) -> Money:
        """What is paid for the line."""
        return Money(self.unit_minor * self.quantity - self.discount_minor, self.currency)

    @property
    def discount(self) -> Money:
        """What a coupon took off."""
        return Money(self.discount_minor, self.currency)


@append_only
class Payment(Base):
    """Money that came in, once for each checkout or bank statement line, whatever it was for.

    Without an order, or with an outcome of `states.STRAY`, it bought nothing and is to be sent back.
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        CheckConstraint("method IN ('provider','transfer')", name="method"),
    )

    id: Mapped[str] = mapped_column(String(120), primary_key=True)  # the checkout's, or `bank/` and a reference
    method: Mapped[str] = mapped_column(String(12))
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"), index=True)
    intent_id: Mapped[str | None] = mapped_column(String(120), index=True)  # what refunds and disputes name
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    outcome: Mapped[str] = mapped_column(String(40))
    received_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        """How much came in."""
        return Money(self.amount_minor, self.currency)


class PaymentEvent(Base):
    """A verified notification: stored and answered at once, worked later, once."""

    __tablename__ = "payment_events"

    id: Mapped[str] = mapped_column(String(120), primary_key=True)  # the provider's event id
    kind: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    worked_at: Mapped[datetime | None] = mapped_column(index=True)
    outcome: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
