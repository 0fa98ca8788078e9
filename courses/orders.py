"""Orders and what the payment provider told of them; money in minor units, one transition table.

Knows nothing of any provider's library: the shell verifies and hands over plain values. An event is
stored once, worked once, and ends with an outcome that an operator can read.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.units import Money
from media.base import Base, new_id

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 10
OPEN_FOR = timedelta(hours=23)  # the provider's checkout pages live 24 h


class OrderState(StrEnum):
    """Where an order stands."""

    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.OPEN: frozenset({OrderState.PAID, OrderState.EXPIRED, OrderState.CANCELLED}),
    # Money that arrives for an expired order still buys the course: the payer did nothing wrong.
    OrderState.EXPIRED: frozenset({OrderState.PAID}),
    OrderState.CANCELLED: frozenset(),
    OrderState.PAID: frozenset(),
}


class Outcome(StrEnum):
    """How the work on an event ended; those in `NEEDS_STAFF` wait for a person."""

    PAID = "paid"
    ALREADY_PAID = "already_paid"
    EXPIRED = "expired"
    IGNORED = "ignored"
    UNKNOWN_ORDER = "unknown_order"
    AMOUNT_DIFFERS = "amount_differs"
    ORDER_CANCELLED = "order_cancelled"
    PAID_TWICE = "paid_twice"


NEEDS_STAFF = frozenset(
    {Outcome.UNKNOWN_ORDER, Outcome.AMOUNT_DIFFERS, Outcome.ORDER_CANCELLED, Outcome.PAID_TWICE}
)


class Order(Base):
    """One subject's purchase of one course, price and edition frozen when it was opened."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("state IN ('open','paid','expired','cancelled')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        Index("ix_orders_subject_course", "subject_key", "course_id"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(ForeignKey("subjects.key"))
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    edition: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12))
    checkout_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    opened_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]

    @property
    def price(self) -> Money:
        """What it costs."""
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


def open_order(
    session: Session, *, subject_key: str, course_id: str, edition: int, title: str, price: Money, now: datetime
) -> Order:
    """The order for this course: a fresh one, or the subject's own that is still open at this price.

    Refused `already_paid` where an order for the same edition was paid.
    """
    mine = session.scalars(
        select(Order)
        .where(Order.subject_key == subject_key, Order.course_id == course_id, Order.edition == edition)
        .order_by(Order.opened_at.desc())
    ).all()
    for order in mine:
        if order.state == OrderState.PAID:
            raise errors.Conflict("already_paid", "You have already paid for this course.")
        is_fresh = order.opened_at > now - OPEN_FOR
        if order.state == OrderState.OPEN and is_fresh and order.price == price:
            return order
    order = Order(
        subject_key=subject_key,
        course_id=course_id,
        edition=edition,
        title=title,
        amount_minor=price.minor,
        currency=price.currency,
        state=OrderState.OPEN,
        opened_at=now,
    )
    session.add(order)
    session.flush()
    return order


def of_subject(session: Session, subject_key: str) -> list[Order]:
    """A subject's orders, newest first."""
    return list(
        session.scalars(
            select(Order).where(Order.subject_key == subject_key).order_by(Order.opened_at.desc())
        )
    )


def get(session: Session, order_id: str, *, subject_key: str) -> Order:
    """One of the subject's own orders, or NotFound."""
    order = session.get(Order, order_id)
    if order is None or order.subject_key != subject_key:
        raise errors.NotFound()
    return order


def move(order: Order, state: OrderState) -> None:
    """One transition of the table, or Conflict `order_state`."""
    if state not in TRANSITIONS[OrderState(order.state)]:
        raise errors.Conflict("order_state", "This order can no longer be changed.")
    order.state = state


def cancel(session: Session, order_id: str, *, subject_key: str) -> Order:
    """The buyer thinks better of an open order."""
    order = get(session, order_id, subject_key=subject_key)
    move(order, OrderState.CANCELLED)
    return order


def store_event(session: Session, *, event_id: str, kind: str, payload: dict[str, Any], now: datetime) -> bool:
    """Keep a verified event; False where it was told before."""
    if session.get(PaymentEvent, event_id) is not None:
        return False
    session.add(PaymentEvent(id=event_id, kind=kind, payload=payload, received_at=now))
    session.flush()
    return True


def claim(session: Session, event_id: str, *, now: datetime) -> bool:
    """Take an unworked event for two minutes, by conditional update; False where another has it."""
    taken = session.execute(
        update(PaymentEvent)
        .where(
            PaymentEvent.id == event_id,
            PaymentEvent.worked_at.is_(None),
            (PaymentEvent.lease_until.is_(None)) | (PaymentEvent.lease_until < now),
        )
        .values(lease_until=now + LEASE, attempts=PaymentEvent.attempts + 1)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def due_events(session: Session, *, now: datetime) -> list[str]:
    """Events nobody worked yet, and nobody holds."""
    return list(
        session.scalars(
            select(PaymentEvent.id).where(
                PaymentEvent.worked_at.is_(None),
                PaymentEvent.attempts < MAX_ATTEMPTS,
                (PaymentEvent.lease_until.is_(None)) | (PaymentEvent.lease_until < now),
            )
        )
    )


def paid(
    session: Session, *, order_id: str | None, checkout_id: str, amount: Money, now: datetime
) -> tuple[Outcome, Order | None]:
    """What a payment means for its order; the order is locked until the transaction ends."""
    order = session.get(Order, order_id, with_for_update=True) if order_id else None
    if order is None:
        return Outcome.UNKNOWN_ORDER, None
    if order.state == OrderState.PAID:
        same = order.checkout_id == checkout_id
        return (Outcome.ALREADY_PAID if same else Outcome.PAID_TWICE), order
    if amount != order.price:
        return Outcome.AMOUNT_DIFFERS, order
    if order.state == OrderState.CANCELLED:
        return Outcome.ORDER_CANCELLED, order
    move(order, OrderState.PAID)
    order.checkout_id = checkout_id
    order.paid_at = now
    return Outcome.PAID, order


def expired(session: Session, *, order_id: str | None, checkout_id: str) -> Outcome:
    """The checkout page ran out unpaid; another page of the same order may still be open."""
    order = session.get(Order, order_id, with_for_update=True) if order_id else None
    if order is None:
        return Outcome.IGNORED
    if order.state != OrderState.OPEN or order.checkout_id != checkout_id:
        return Outcome.IGNORED
    move(order, OrderState.EXPIRED)
    return Outcome.EXPIRED


def finish(session: Session, event_id: str, outcome: Outcome, *, now: datetime) -> None:
    """Note how the work on an event ended."""
    event = session.get_one(PaymentEvent, event_id)
    event.worked_at = now
    event.outcome = outcome
    event.lease_until = None


def needing_staff(session: Session) -> list[PaymentEvent]:
    """Events that a person must look at, oldest first."""
    return list(
        session.scalars(
            select(PaymentEvent)
            .where(
                PaymentEvent.outcome.in_(sorted(NEEDS_STAFF))
                | ((PaymentEvent.attempts >= MAX_ATTEMPTS) & PaymentEvent.worked_at.is_(None))
            )
            .order_by(PaymentEvent.received_at)
        )
    )
