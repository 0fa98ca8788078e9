"""What the payment provider told, event by event: stored once, worked once, ended with an outcome.

Knows nothing of any provider's library: the shell verifies and hands over plain values.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from courses.orders.models import PaymentEvent
from courses.orders.states import NEEDS_STAFF, Outcome

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 10


def store(session: Session, *, event_id: str, kind: str, payload: dict[str, Any], now: datetime) -> bool:
    """Keep a verified event; False where it was told before."""
    if session.get(PaymentEvent, event_id) is not None:
        return False
    try:
        with session.begin_nested():  # the same event may be told to two processes at once
            session.add(PaymentEvent(id=event_id, kind=kind, payload=payload, received_at=now))
    except IntegrityError:
        return False
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


def due(session: Session, *, now: datetime) -> list[str]:
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
