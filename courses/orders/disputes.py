"""Disputes: a payer's bank takes money back, and somebody decides whether it stays taken.

Told in any order and any number of times, the books end the same. A seat never ends by a dispute
alone: a lost one asks for it (`refunds.ask_dispute`).
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses.orders import books, coupons
from courses.orders.books import Cause, Leg
from courses.orders.models import Order, Payment
from courses.orders.states import Outcome
from courses.units import Money
from media.base import Base


class DisputeState(StrEnum):
    """How a dispute stands."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Dispute(Base):
    """One dispute, by the provider's own number."""

    __tablename__ = "disputes"
    __table_args__ = (
        CheckConstraint("state IN ('open','won','lost')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
    )

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    payment_id: Mapped[str | None] = mapped_column(ForeignKey("payments.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        """What is withheld."""
        return Money(self.amount_minor, self.currency)


def told(
    session: Session, *, dispute_id: str, intent_id: str | None, amount: Money, reason: str, state: DisputeState,
    now: datetime,
) -> tuple[Outcome, Dispute]:
    """What the provider says of a dispute; whatever was decided once is not opened again."""
    payment = None
    if intent_id:
        payment = session.scalar(select(Payment).where(Payment.intent_id == intent_id).with_for_update())
    row = session.get(Dispute, dispute_id, with_for_update=True)
    if row is None:
        row = Dispute(
            id=dispute_id, payment_id=payment.id if payment else None, amount_minor=amount.minor,
            currency=amount.currency, reason=reason[:80], state=DisputeState.OPEN, opened_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        legs = [Leg(books.DISPUTED, books.PROVIDER, amount)]
        books.post(session, cause=Cause.DISPUTE, about=dispute_id, legs=legs, now=now)
    if row.payment_id is None and payment is not None:
        row.payment_id = payment.id  # the dispute was told before its payment
    if state is DisputeState.OPEN:
        return Outcome.DISPUTED, row
    if row.state != DisputeState.OPEN:
        return Outcome.IGNORED, row
    row.state = state
    row.closed_at = now
    if state is DisputeState.WON:
        legs = [Leg(books.PROVIDER, books.DISPUTED, row.amount)]
        books.post(session, cause=Cause.DISPUTE_WON, about=dispute_id, legs=legs, now=now)
        return Outcome.DISPUTE_WON, row
    legs = lost(session, row, payment)
    books.post(session, cause=Cause.DISPUTE_LOST, about=dispute_id, legs=legs, now=now)
    return Outcome.DISPUTE_LOST, row


def lost(session: Session, row: Dispute, payment: Payment | None) -> list[Leg]:
    """Each institution bears what was taken back of its lines; what belongs to no order the platform."""
    order = session.get(Order, payment.order_id) if payment and payment.order_id else None
    if order is None or payment is None or payment.outcome != Outcome.PAID:
        return [Leg(books.COSTS, books.DISPUTED, row.amount)]
    shares = {n: line.price.minor for n, line in enumerate(order.lines)}
    parts = coupons.spread(min(row.amount_minor, order.amount_minor), shares)
    legs = [
        Leg(books.owed(order.lines[n].institution_id), books.DISPUTED, Money(part, row.currency))
        for n, part in parts.items()
    ]
    above = row.amount_minor - sum(parts.values())
    return [*legs, Leg(books.COSTS, books.DISPUTED, Money(above, row.currency))]


def against(session: Session, order_id: str) -> list[Dispute]:
    """Disputes about an order's payments that we did not win: its money is not there to give back."""
    return list(
        session.scalars(
            select(Dispute)
            .join(Payment, Payment.id == Dispute.payment_id)
            .where(Payment.order_id == order_id, Dispute.state != DisputeState.WON)
        )
    )
