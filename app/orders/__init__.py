"""Buying a course through Stripe Checkout, or through its local twin where no key is set."""

from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from app import jobs
from app.orders import enterprise, learner, provider, twin, webhook
from courses.orders import events


def install(app: Flask) -> None:
    """Register pages, webhook and the job that works events."""
    app.register_blueprint(learner.bp)
    app.register_blueprint(enterprise.bp)
    app.extensions["xueshi_csrf"].exempt(webhook.bp)
    app.register_blueprint(webhook.bp)
    if provider.is_twin(app.extensions["xueshi_settings"]):
        app.extensions["xueshi_csrf"].exempt(twin.api)
        app.register_blueprint(twin.api)
        app.register_blueprint(twin.bp)
    jobs.register(app, "orders", webhook.work, due)


def due(session: Session, now: datetime) -> list[str]:
    """Events that nobody worked yet."""
    return events.due(session, now=now)
