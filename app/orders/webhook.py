"""What the provider tells: verified by its signature, stored, answered; worked later by the job."""

from typing import Any

import stripe
import structlog
from flask import Blueprint, Flask, Response, current_app, request
from sqlalchemy.orm import Session

from app import access, clock, db, jobs
from app.access import Permission
from app.errors import problem
from app.orders import provider
from courses import enrolment, orders
from courses.catalogue import editions
from courses.orders import Outcome, PaymentEvent
from courses.people.persons import jurisdiction_of, person_of
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
        is_new = orders.store_event(
            session, event_id=told["id"], kind=told["type"], payload=told, now=clock.now()
        )
        if is_new:
            jobs.dispatch(session, "orders", told["id"])
    return Response(status=200)


def work(app: Flask, event_id: str) -> None:
    """The job: claim the event, then apply it and note the outcome in one transaction."""
    database: db.Database = app.extensions["xueshi_db"]
    with database.writing() as session:
        if not orders.claim(session, event_id, now=clock.now()):
            return
    with database.writing() as session:
        event = session.get_one(PaymentEvent, event_id)
        if event.worked_at is not None:
            return
        outcome = apply(session, event)
        orders.finish(session, event_id, outcome, now=clock.now())
    log.info("orders.event_worked", event_id=event_id, outcome=outcome)


def apply(session: Session, event: PaymentEvent) -> Outcome:
    """What one event changes; anything unexpected is an outcome, not an exception."""
    told: dict[str, Any] = event.payload["data"]["object"]
    order_id = told.get("client_reference_id") or (told.get("metadata") or {}).get("order")
    if event.kind == EXPIRED_KIND:
        return orders.expired(session, order_id=order_id, checkout_id=told["id"])
    if event.kind not in PAID_KINDS or told.get("payment_status") != "paid":
        return Outcome.IGNORED
    amount = Money(int(told["amount_total"]), str(told["currency"]).upper())
    outcome, order = orders.paid(
        session, order_id=order_id, checkout_id=told["id"], amount=amount, now=clock.now()
    )
    if outcome is Outcome.PAID and order is not None:
        enrol(session, order)
    return outcome


def enrol(session: Session, order: orders.Order) -> None:
    """The seat that was paid for, in the edition that was bought, in the payment's own transaction."""
    person = person_of(session, order.subject_key)
    now = clock.now()
    enrolment.enrol(
        session,
        subject_key=order.subject_key,
        course_id=order.course_id,
        edition=editions.numbered(session, order.course_id, number=order.edition),
        jurisdiction_id=jurisdiction_of(session, person.id, on=now.date()),
        order_id=order.id,
        now=now,
    )
