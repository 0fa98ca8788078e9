"""Buying a course through Stripe Checkout, or through its local twin where no key is set."""

from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from app import jobs, kept
from app.orders import (
    cart,
    comparing,
    desk,
    enterprise,
    learner,
    oversight,
    provider,
    receipts,
    refunding,
    sending,
    studio,
    twin,
    webhook,
)
from courses.orders import events, fapiao, repaying


def install(app: Flask) -> None:
    """Register pages, webhook and the job that works events."""
    for audience in (cart, studio, desk, oversight, enterprise, learner, refunding, receipts):
        app.register_blueprint(audience.bp)
    app.extensions["xueshi_csrf"].exempt(webhook.bp)
    app.register_blueprint(webhook.bp)
    if provider.is_twin(app.extensions["xueshi_settings"]):
        app.extensions["xueshi_csrf"].exempt(twin.api)
        app.register_blueprint(twin.api)
        app.register_blueprint(twin.bp)
    jobs.register(app, "orders", webhook.work, due)
    jobs.register(app, "refunds", sending.send, refunds_due)
    jobs.register(app, "comparing", comparing.compare, comparing.due)
    kept.register(app, receipts.PREFIX, fapiao.keys)


def due(session: Session, now: datetime) -> list[str]:
    """Events that nobody worked yet."""
    return events.due(session, now=now)


def refunds_due(session: Session, now: datetime) -> list[str]:
    """Refunds that are owed and not sent."""
    return repaying.due(session, now=now)
