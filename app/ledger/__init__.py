"""The learner's hours: the statement that explains them, their evidence, and what officials require."""

from flask import Flask

from app import jobs
from app.ledger import api, learner, oversight, settling


def install(app: Flask) -> None:
    """Register the pages of each audience, the API, and the job that settles accounts."""
    for audience in (learner, oversight):
        app.register_blueprint(audience.bp)
    app.register_blueprint(api.bp)
    jobs.register(app, "ledger", settling.settle, settling.due)
