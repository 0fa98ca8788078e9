"""The job `comparing`: each night our payments and refunds against the provider's own list.

Whatever was paid there and is not known here is also worked as if it had been told: a lost message
costs nobody a course. Open orders whose time is over expire here.
"""

from datetime import datetime, timedelta

import stripe
import structlog
from flask import Flask
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app import clock, db, jobs
from app.orders import provider
from courses.orders import events, placing, reconciling
from courses.orders.models import Order, Payment

log = structlog.get_logger()
EVERY = timedelta(hours=20)
BACK = timedelta(days=4)  # messages are told again for three days
MARGIN = timedelta(hours=1)
NAME = "provider"


def due(session: Session, now: datetime) -> list[str]:
    """The one comparison, where the last was long ago and anybody ever went to the provider."""
    last = reconciling.last(session)
    if last is not None and last.at >= now - EVERY:
        return []
    return [NAME] if session.scalar(select(exists().where(Order.checkout_id.is_not(None)))) else []


def compare(app: Flask, _name: str) -> None:
    """Compare the last days; a provider that does not answer is asked again by the next sweep."""
    database: db.Database = app.extensions["xueshi_db"]
    now = clock.now()
    with database.writing() as session:
        if not due(session, now):
            return
        placing.run_out(session, now=now)
    from_at, to_at = now - BACK, now - MARGIN
    try:
        items, paid = provider.listed(provider.settings(), from_at=from_at, to_at=to_at)
    except stripe.StripeError as error:
        log.warning("orders.not_compared", error=type(error).__name__)
        return
    with database.writing() as session:
        found = reconciling.report(
            session, items, from_at=from_at, to_at=to_at, margin_from=from_at + MARGIN, margin_to=to_at - MARGIN, now=now
        )
        for row in found:
            log.error("orders.difference", kind=row.kind, about=row.about, ours=row.ours, theirs=row.theirs)
        for name, told in paid.items():
            if session.get(Payment, name) is None:
                heal(session, name, told, now=now)


def heal(session: Session, name: str, told: dict[str, object], *, now: datetime) -> None:
    """Work a payment that nobody told us of."""
    event_id = f"listed/{name}"
    payload = {"id": event_id, "data": {"object": told}}
    if events.store(session, event_id=event_id, kind="checkout.session.completed", payload=payload, now=now):
        jobs.dispatch(session, "orders", event_id)
