"""Sending refunds: through the provider or by a bank transfer, each round once, and what came of it."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from courses.orders import books
from courses.orders.books import Cause, Leg
from courses.orders.models import Payment
from courses.orders.returns import Refund, RefundState
from courses.orders.states import Method

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 10


def due(session: Session, *, now: datetime) -> list[str]:
    """Refunds that are owed through the provider, and that nobody sends at this moment."""
    return list(
        session.scalars(
            select(Refund.id)
            .join(Payment, Payment.id == Refund.payment_id)
            .where(
                Refund.state == RefundState.GRANTED,
                Payment.method == Method.PROVIDER,
                Refund.attempts < MAX_ATTEMPTS,
                (Refund.lease_until.is_(None)) | (Refund.lease_until < now),
            )
        )
    )


def claim(session: Session, refund_id: str, *, now: datetime) -> bool:
    """Take a refund for two minutes, by conditional update; False where another has it."""
    taken = session.execute(
        update(Refund)
        .where(
            Refund.id == refund_id,
            Refund.state == RefundState.GRANTED,
            (Refund.lease_until.is_(None)) | (Refund.lease_until < now),
        )
        .values(lease_until=now + LEASE, attempts=Refund.attempts + 1)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def sent(session: Session, refund: Refund, *, provider_id: str | None, now: datetime) -> None:
    """It has left: by the provider under its own number, or by a bank transfer. Told twice, once."""
    if refund.state != RefundState.GRANTED:
        return
    payment = session.get_one(Payment, refund.payment_id)
    refund.move(RefundState.SENT)
    refund.provider_id = provider_id
    held = books.PROVIDER if payment.method == Method.PROVIDER else books.BANK
    legs = [Leg(books.REFUNDS, held, refund.amount)]
    books.post(session, cause=Cause.SENT, about=f"{refund.id}/{refund.round}", legs=legs, now=now)


def done(session: Session, refund: Refund, *, provider_id: str | None, now: datetime) -> None:
    """It has arrived. The provider may tell it before its own answer to our call is written down."""
    sent(session, refund, provider_id=provider_id, now=now)
    if refund.state == RefundState.SENT:
        refund.move(RefundState.DONE)
        refund.done_at = now


def failed(session: Session, refund: Refund, *, provider_id: str | None, now: datetime) -> None:
    """It came back: it is owed still, and a person sends it anew. What the seat was stays as decided."""
    if provider_id is not None and refund.provider_id not in (None, provider_id):
        return  # an earlier round of it
    sent(session, refund, provider_id=provider_id, now=now)
    if refund.state not in (RefundState.SENT, RefundState.DONE):
        return
    refund.move(RefundState.FAILED)
    payment = session.get_one(Payment, refund.payment_id)
    held = books.PROVIDER if payment.method == Method.PROVIDER else books.BANK
    legs = [Leg(held, books.REFUNDS, refund.amount)]
    books.post(session, cause=Cause.SENT_BACK, about=f"{refund.id}/{refund.round}", legs=legs, now=now)


def again(session: Session, refund: Refund) -> None:
    """Send a failed one anew."""
    refund.move(RefundState.GRANTED)
    refund.round += 1
    refund.provider_id, refund.attempts, refund.lease_until = None, 0, None
