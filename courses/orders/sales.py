"""What was sold, by course and by month: paid lines, and what of them was given back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.orders.models import Order, OrderLine
from courses.orders.states import OrderState
from courses.people.jurisdictions import day_of
from courses.units import Money

SOLD = (OrderState.PAID, OrderState.REFUNDED)


@dataclass(frozen=True, slots=True)
class Sold:
    """A course in one currency: how many seats were sold, for how much."""

    course_id: str
    seats: int
    amount: Money


def by_course(session: Session, institution_ids: Sequence[str]) -> list[Sold]:
    """What institutions sold of each course, in each currency."""
    amount = func.sum(OrderLine.unit_minor * OrderLine.quantity - OrderLine.discount_minor)
    rows = session.execute(
        select(OrderLine.course_id, OrderLine.currency, func.sum(OrderLine.quantity), amount)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.institution_id.in_(institution_ids), Order.state.in_(SOLD))
        .group_by(OrderLine.course_id, OrderLine.currency)
    )
    return [Sold(course_id, int(seats), Money(int(total), currency)) for course_id, currency, seats, total in rows]


def by_month(session: Session, institution_ids: Sequence[str], *, since: datetime) -> dict[tuple[date, str], int]:
    """What institutions sold since an instant, in minor units by the month's first day and currency."""
    rows = session.execute(
        select(Order.paid_at, OrderLine.currency, OrderLine.unit_minor * OrderLine.quantity - OrderLine.discount_minor)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.institution_id.in_(institution_ids), Order.state.in_(SOLD), Order.paid_at >= since)
    )
    found: defaultdict[tuple[date, str], int] = defaultdict(int)
    for paid_at, currency, minor in rows:
        if paid_at is not None:
            found[day_of(paid_at).replace(day=1), currency] += minor
    return dict(found)
