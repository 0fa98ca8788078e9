"""What money that came in means for its order. Every payment is kept and stands in the books."""

from datetime import datetime

from sqlalchemy.orm import Session

from courses.orders import books, placing
from courses.orders.books import Cause, Leg
from courses.orders.models import Order, Payment
from courses.orders.states import STRAY, Method, OrderState, Outcome
from courses.units import Money


def paid(
    session: Session,
    *,
    order_id: str | None,
    payment_id: str,
    amount: Money,
    method: Method = Method.PROVIDER,
    intent_id: str | None = None,
    now: datetime,
) -> tuple[Outcome, Order | None]:
    """Money came in, told for the first time or again; the order is locked until the transaction ends.

    What buys nothing (`states.STRAY`) stands in the books as to be sent back.
    """
    order = placing.locked(session, order_id) if order_id else None
    if session.get(Payment, payment_id) is not None:
        return Outcome.ALREADY_PAID, order
    outcome = meaning(order, amount)
    if outcome is Outcome.PAID and order is not None:
        order.move(OrderState.PAID)
        order.paid_at = now
        order.method = method
        if method is Method.PROVIDER:
            order.checkout_id = payment_id
    session.add(
        Payment(
            id=payment_id, method=method, order_id=order.id if order else None, intent_id=intent_id,
            amount_minor=amount.minor, currency=amount.currency, outcome=outcome, received_at=now,
        )
    )  # fmt: skip
    session.flush()
    held = books.PROVIDER if method is Method.PROVIDER else books.BANK
    legs = [Leg(held, books.UNASSIGNED, amount)] if outcome in STRAY or order is None else earned(order, held)
    books.post(session, cause=Cause.PAYMENT, about=payment_id, legs=legs, now=now)
    return outcome, order


def meaning(order: Order | None, amount: Money) -> Outcome:
    """What a first payment of an amount is for an order as it stands."""
    if order is None:
        return Outcome.UNKNOWN_ORDER
    if order.state in (OrderState.PAID, OrderState.REFUNDED):
        return Outcome.PAID_TWICE
    if amount != order.price:
        return Outcome.AMOUNT_DIFFERS
    return Outcome.ORDER_CANCELLED if order.state == OrderState.CANCELLED else Outcome.PAID


def earned(order: Order, held: str) -> list[Leg]:
    """Each institution is owed what was paid for its lines."""
    return [Leg(held, books.owed(line.institution_id), line.price) for line in order.lines]


def free(session: Session, order: Order, *, now: datetime) -> None:
    """An order of nothing to pay is paid at once, and moves no money."""
    if order.amount_minor or order.method != Method.FREE:
        raise ValueError("this order costs something")
    order.move(OrderState.PAID)
    order.paid_at = now


def expired(session: Session, *, order_id: str | None, checkout_id: str) -> Outcome:
    """The checkout page ran out unpaid; another page of the same order may still be open."""
    order = placing.locked(session, order_id) if order_id else None
    if order is None or order.state != OrderState.OPEN or order.checkout_id != checkout_id:
        return Outcome.IGNORED
    order.move(OrderState.EXPIRED)
    return Outcome.EXPIRED
