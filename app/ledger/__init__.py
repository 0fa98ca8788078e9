"""The learner's hours: the statement that explains them, their evidence, and what officials require."""

from flask import Flask

from app import jobs
from app.ledger import agreeing, api, learner, oversight, settling


def install(app: Flask) -> None:
    """Register the pages of each audience, the API, and the jobs that settle accounts and check them."""
    for audience in (learner, oversight):
        app.register_blueprint(audience.bp)
    app.register_blueprint(api.bp)
    jobs.register(app, "ledger", settling.settle, settling.due)
    jobs.register(app, "agreement", agreeing.check, agreeing.due)
