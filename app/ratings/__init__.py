"""Ratings by those who earned hours: giving them, answering them, hiding a comment."""

from flask import Flask

from app.ratings import learner, oversight, studio


def install(app: Flask) -> None:
    """Register the pages of the three audiences on the one blueprint."""
    for audience in (learner, studio, oversight):
        app.register_blueprint(audience.bp)
