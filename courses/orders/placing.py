"""Placing an order: lines with their prices frozen. Who may take a course is the caller's question."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from courses import errors
from courses.orders.models import Order, OrderLine
from courses.orders.states import Method, OrderState
from courses.units import Money

OPEN_FOR = timedelta(hours=23)  # the provider's checkout pages live 24 h
TRANSFER_FOR = timedelta(days=30)  # a company pays when its own papers are signed


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line that is to be ordered."""

    course_id: str
    edition: int
    institution_id: str
    title: str
    unit: Money
    quantity: int = 1
    discount_minor: int = 0
    coupon_id: str | None = None

    @property
    def price(self) -> Money:
        """What is to be paid for it."""
        return Money(self.unit.minor * self.quantity - self.discount_minor, self.unit.currency)


def place(
    session: Session,
    *,
    subject_key: str,
    wanted: Sequence[Wanted],
    method: Method = Method.PROVIDER,
    organisation_id: str | None = None,
    now: datetime,
) -> Order:
    """An order of these lines: a fresh one, or the buyer's own that is still open and says the same.

    An order of nothing to pay is placed as `free`; the caller accepts it (`paying.free`). Refused:
    Conflict `already_paid` where a subject has paid for one of the editions; Invalid `cart_empty`,
    `currencies`.
    """
    if not wanted:
        raise errors.Invalid("cart_empty", "Choose a course first.")
    currencies = {line.unit.currency for line in wanted}
    if len(currencies) > 1:
        raise errors.Invalid("currencies", "Courses in two currencies are bought one after the other.")
    if organisation_id is None:
        refuse_paid(session, subject_key, wanted)
    amount = sum(line.price.minor for line in wanted)
    kind = method if amount else Method.FREE
    for order in of_buyer(session, subject_key=subject_key, organisation_id=organisation_id):
        if is_fresh(order, now) and order.method == kind and frozen(order) == asked(wanted):
            return order
    order = Order(
        subject_key=subject_key, organisation_id=organisation_id, amount_minor=amount,
        currency=currencies.pop(), state=OrderState.OPEN, method=kind, opened_at=now,
        lines=[
            OrderLine(
                position=position, course_id=line.course_id, edition=line.edition,
                institution_id=line.institution_id, title=line.title, quantity=line.quantity,
                unit_minor=line.unit.minor, discount_minor=line.discount_minor, currency=line.unit.currency,
                coupon_id=line.coupon_id,
            )
            for position, line in enumerate(wanted)
        ],
    )  # fmt: skip
    session.add(order)
    session.flush()
    return order


def refuse_paid(session: Session, subject_key: str, wanted: Iterable[Wanted]) -> None:
    """Nobody pays twice for the same edition."""
    paid = session.execute(
        select(OrderLine.course_id, OrderLine.edition)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            Order.subject_key == subject_key,
            Order.organisation_id.is_(None),
            Order.state == OrderState.PAID,
        )
    )
    held = {(course_id, edition) for course_id, edition in paid}
    if any((line.course_id, line.edition) in held for line in wanted):
        raise errors.Conflict("already_paid", "You have already paid for this course.")


def is_fresh(order: Order, now: datetime) -> bool:
    """Whether it can still be paid as it stands."""
    return order.state == OrderState.OPEN and order.opened_at > now - lasts(order)


def lasts(order: Order) -> timedelta:
    """How long it stays open."""
    return TRANSFER_FOR if order.method == Method.TRANSFER else OPEN_FOR


def frozen(order: Order) -> list[tuple[object, ...]]:
    """What an order's lines say."""
    return [
        (row.course_id, row.edition, row.quantity, row.unit_minor, row.discount_minor, row.coupon_id, row.currency)
        for row in order.lines
    ]


def asked(wanted: Iterable[Wanted]) -> list[tuple[object, ...]]:
    """The same of lines that are to be ordered."""
    return [
        (row.course_id, row.edition, row.quantity, row.unit.minor, row.discount_minor, row.coupon_id, row.unit.currency)
        for row in wanted
    ]


def of_buyer(session: Session, *, subject_key: str, organisation_id: str | None = None) -> list[Order]:
    """Orders of an organisation, or a subject's own, newest first."""
    mine: ColumnElement[bool] = and_(Order.subject_key == subject_key, Order.organisation_id.is_(None))
    if organisation_id is not None:
        mine = Order.organisation_id == organisation_id
    return list(session.scalars(select(Order).where(mine).order_by(Order.opened_at.desc(), Order.id)))


def get(
    session: Session, order_id: str, *, subject_key: str, organisation_ids: Iterable[str] = ()
) -> Order:
    """An order of the subject's own or of one of these organisations, or NotFound."""
    order = session.get(Order, order_id)
    if order is None:
        raise errors.NotFound()
    mine = order.subject_key == subject_key and order.organisation_id is None
    if not mine and order.organisation_id not in set(organisation_ids):
        raise errors.NotFound()
    return order


def locked(session: Session, order_id: str) -> Order | None:
    """An order as it stands now, held until the transaction ends."""
    return session.get(Order, order_id, with_for_update=True, populate_existing=True)


def cancel(session: Session, order: Order) -> None:
    """The buyer thinks better of an open order."""
    held = locked(session, order.id)
    assert held is not None
    held.move(OrderState.CANCELLED)


def run_out(session: Session, now: datetime) -> list[str]:
    """Open orders whose time is over, with a day to spare for a page's own last word."""
    late = or_(
        and_(Order.method == Method.TRANSFER, Order.opened_at < now - TRANSFER_FOR),
        and_(Order.method != Method.TRANSFER, Order.opened_at < now - 2 * OPEN_FOR),
    )
    return list(session.scalars(select(Order.id).where(Order.state == OrderState.OPEN, late)))
