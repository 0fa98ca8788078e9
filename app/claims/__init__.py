"""Hours from other platforms: claimed by learners with evidence, decided by officers."""

from flask import Flask

from app.claims import learner, oversight


def install(app: Flask) -> None:
    """Register the pages of each audience."""
    for audience in (learner, oversight):
        app.register_blueprint(audience.bp)
