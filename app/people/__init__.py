"""People: who asks, signing in and up, the real-name registration, my account, an enterprise's staff."""

from datetime import timedelta

from flask import Flask

from app.people import account, api, described, enterprise, gate, joining, learner, rosters, visitor
from app.people.blueprint import bp
from courses.people.vault import Vault

AUDIENCES = (visitor, learner, account, joining, enterprise, rosters)


def install(app: Flask) -> None:
    """Register the pages and the API, and recognise whoever asks before each request."""
    settings = app.extensions["xueshi_settings"]
    app.extensions["xueshi_vault"] = Vault(settings.vault_key, settings.index_key)
    app.permanent_session_lifetime = timedelta(days=settings.session_days)
    app.config["SESSION_REFRESH_EACH_REQUEST"] = (
        False  # `gate` sends the cookie anew when it is due
    )
    gate.install(app)
    described.install(app)
    rosters.install(app)
    assert all(module.bp is bp for module in AUDIENCES)
    app.register_blueprint(bp)
    app.register_blueprint(api.bp)
