"""Appeals of time that did not count: filed by learners, answered by officers within their times."""

from flask import Flask

from app.appeals import calendar, learner, oversight


def install(app: Flask) -> None:
    """Register the pages of each audience."""
    for audience in (learner, oversight, calendar):
        app.register_blueprint(audience.bp)
