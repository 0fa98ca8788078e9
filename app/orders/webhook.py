"""What the provider tells: verified by its signature, stored, answered; worked later by the job."""

from typing import Any

import stripe
import structlog
from flask import Blueprint, Flask, Response, current_app, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import access, clock, db, jobs
from app.access import Permission
from app.errors import problem
from app.orders import provider, returning, seating
from courses.orders import books, cart, disputes, events, paying, repaying, returns
from courses.orders.books import Cause, Leg
from courses.orders.disputes import DisputeState
from courses.orders.models import PaymentEvent
from courses.orders.returns import Refund
from courses.orders.states import Outcome

log = structlog.get_logger()
bp = Blueprint("orders_webhook", __name__, url_prefix="/orders")
MAX_BYTES = 256 * 1024
PAID_KINDS = frozenset({"checkout.session.completed", "checkout.session.async_payment_succeeded"})
EXPIRED_KIND = "checkout.session.expired"
REFUND_KINDS = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
DISPUTE_KINDS = "charge.dispute."


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
    if event.kind in REFUND_KINDS:
        return refunded(session, told)
    if event.kind.startswith(DISPUTE_KINDS):
        return disputed(session, told)
    order_id = told.get("client_reference_id") or (told.get("metadata") or {}).get("order")
    if event.kind == EXPIRED_KIND:
        return paying.expired(session, order_id=order_id, checkout_id=told["id"])
    is_paid = event.kind in PAID_KINDS and told.get("payment_status") == "paid" and told["amount_total"]
    return bought(session, told, order_id=order_id) if is_paid else Outcome.IGNORED


def bought(session: Session, told: dict[str, Any], *, order_id: str | None) -> Outcome:
    """A checkout was paid: the order's courses are open from here on."""
    amount = provider.money(told, "amount_total")
    outcome, order = paying.paid(
        session,
        order_id=order_id,
        payment_id=told["id"],
        intent_id=told.get("payment_intent"),
        amount=amount,
        now=clock.now(),
    )
    if outcome is Outcome.PAID and order is not None:
        cart.empty_of(session, order)
        if not seating.give(session, order, now=clock.now()):
            return Outcome.NOT_ENROLLED
    return outcome


def refunded(session: Session, told: dict[str, Any]) -> Outcome:
    """What became of a refund; one that somebody made on the provider's own pages waits for a person."""
    name = (told.get("metadata") or {}).get("refund") or ""
    known = session.get(Refund, name) or session.scalar(select(Refund).where(Refund.provider_id == told["id"]))
    amount = provider.money(told, "amount")
    if known is None or known.amount != amount or known.payment_id is None:
        legs = [Leg(books.UNASSIGNED, books.PROVIDER, amount)]
        if told.get("status") == "succeeded":
            books.post(session, cause=Cause.SENT, about=told["id"], legs=legs, now=clock.now())
        return Outcome.UNKNOWN_REFUND
    refund = returns.locked(session, known.id)
    if told.get("status") in ("failed", "canceled"):
        repaying.failed(session, refund, provider_id=told["id"], now=clock.now())
        return Outcome.REFUND_FAILED
    if told.get("status") == "succeeded":
        repaying.done(session, refund, provider_id=told["id"], now=clock.now())
    else:
        repaying.sent(session, refund, provider_id=told["id"], now=clock.now())
    return Outcome.REFUND_SENT


def disputed(session: Session, told: dict[str, Any]) -> Outcome:
    """What a payer's bank does; a lost dispute asks people whether the seats end."""
    status = str(told.get("status"))
    if status.startswith("warning_"):  # an inquiry: no money is withheld
        return Outcome.DISPUTED if status == "warning_needs_response" else Outcome.IGNORED
    state = {"won": DisputeState.WON, "lost": DisputeState.LOST}.get(status, DisputeState.OPEN)
    outcome, row = disputes.told(
        session,
        dispute_id=told["id"],
        intent_id=told.get("payment_intent"),
        amount=provider.money(told, "amount"),
        reason=str(told.get("reason") or ""),
        state=state,
        now=clock.now(),
    )
    if outcome is Outcome.DISPUTE_LOST and row.payment_id is not None:
        returning.after_dispute(session, row.payment_id, reason=row.reason, now=clock.now())
    return outcome
