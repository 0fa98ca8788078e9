"""Enrolling in a course and one's own courses, as pages and as API."""

from flask import Flask

from app.enrolment import api, learner


def install(app: Flask) -> None:
    """Register pages and API."""
    app.register_blueprint(learner.bp)
    app.register_blueprint(api.bp)
