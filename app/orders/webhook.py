"""What the provider tells: verified by its signature, stored, answered; worked later by the job."""

from typing import Any

import stripe
import structlog
from flask import Blueprint, Flask, Response, current_app, request
from sqlalchemy.orm import Session

from app import access, clock, db, jobs
from app.access import Permission
from app.errors import problem
from app.orders import provider, seating
from courses.orders import events, paying
from courses.orders.models import PaymentEvent
from courses.orders.states import Outcome
from courses.units import Money

log = structlog.get_logger()
bp = Blueprint("orders_webhook", __name__, url_prefix="/orders")
MAX_BYTES = 256 * 1024
PAID_KINDS = frozenset({"checkout.session.completed", "checkout.session.async_payment_succeeded"})
EXPIRED_KIND = "checkout.session.expired"


@bp.post("/webhook")
@access.needs(Permission.ORDERS_NOTIFY)
def receive() -> Response:
    """200 once the event is durable; 400 `bad_signature` for whatever Stripe did not sign."""
    body = request.get_data(cache=False)
    if len(body) > MAX_BYTES:
        return problem(413, "too_large", "An event is at most 256 KiB.")
    settings = current_app.extensions["xueshi_settings"]
    try:
        event = stripe.Webhook.construct_event(
            body, request.headers.get("Stripe-Signature"), provider.webhook_secret(settings)
        )
    except (stripe.SignatureVerificationError, ValueError):
        return problem(400, "bad_signature", "This event is not signed by the payment provider.")
    told = event.to_dict()
    with db.writing() as session:
        is_new = events.store(
            session, event_id=told["id"], kind=told["type"], payload=told, now=clock.now()
        )
        if is_new:
            jobs.dispatch(session, "orders", told["id"])
    return Response(status=200)


def work(app: Flask, event_id: str) -> None:
    """The job: claim the event, then apply it and note the outcome in one transaction."""
    database: db.Database = app.extensions["xueshi_db"]
    with database.writing() as session:
        if not events.claim(session, event_id, now=clock.now()):
            return
    with database.writing() as session:
        event = session.get_one(PaymentEvent, event_id)
        if event.worked_at is not None:
            return
        outcome = apply(session, event)
        events.finish(session, event_id, outcome, now=clock.now())
    log.info("orders.event_worked", event_id=event_id, outcome=outcome)


def apply(session: Session, event: PaymentEvent) -> Outcome:
    """What one event changes; anything unexpected is an outcome, not an exception."""
    told: dict[str, Any] = event.payload["data"]["object"]
    order_id = told.get("client_reference_id") or (told.get("metadata") or {}).get("order")
    if event.kind == EXPIRED_KIND:
        return paying.expired(session, order_id=order_id, checkout_id=told["id"])
    if event.kind not in PAID_KINDS or told.get("payment_status") != "paid":
        return Outcome.IGNORED
    amount = Money(int(told["amount_total"]), str(told["currency"]).upper())
    outcome, order = paying.paid(
        session,
        order_id=order_id,
        payment_id=told["id"],
        intent_id=told.get("payment_intent"),
        amount=amount,
        now=clock.now(),
    )
    if outcome is Outcome.PAID and order is not None and not seating.give(session, order, now=clock.now()):
        return Outcome.NOT_ENROLLED
    return outcome
