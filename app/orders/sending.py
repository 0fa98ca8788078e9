"""The job `refunds`: send what is owed through the provider, outside any transaction, each round once."""

import stripe
import structlog
from flask import Flask

from app import clock, db
from app.orders import provider
from courses.orders import repaying, returns
from courses.orders.models import Payment

log = structlog.get_logger()


def send(app: Flask, refund_id: str) -> None:
    """Claim a refund, ask the provider under the refund's own key, and write down what it answered.

    Killed anywhere between, the next run asks under the same key, and the provider answers with the
    same refund.
    """
    database: db.Database = app.extensions["xueshi_db"]
    with database.writing() as session:
        if refund_id not in repaying.due(session, now=clock.now()) or not repaying.claim(session, refund_id, now=clock.now()):
            return
        refund = session.get_one(returns.Refund, refund_id)
        payment = session.get_one(Payment, refund.payment_id)
        turn, amount, intent_id = refund.round, refund.amount, payment.intent_id
    if intent_id is None:
        log.error("orders.refund_without_intent", refund=refund_id)
        return
    try:
        told = provider.send_refund(
            provider.settings(), refund_id=refund_id, turn=turn, intent_id=intent_id, amount=amount
        )
    except stripe.StripeError as error:
        log.warning("orders.refund_not_sent", refund=refund_id, error=type(error).__name__)
        return
    with database.writing() as session:
        refund = returns.locked(session, refund_id)
        if told.status in ("failed", "canceled"):
            repaying.failed(session, refund, provider_id=told.id, now=clock.now())
        elif told.status == "succeeded":
            repaying.done(session, refund, provider_id=told.id, now=clock.now())
        else:
            repaying.sent(session, refund, provider_id=told.id, now=clock.now())
