"""Hours from other platforms: claimed by learners with evidence, decided by officers."""

from flask import Flask

from app import kept
from app.claims import learner, oversight
from courses.ledger.cases import files


def install(app: Flask) -> None:
    """Register the pages of each audience, and whose the evidence files are."""
    for audience in (learner, oversight):
        app.register_blueprint(audience.bp)
    kept.register(app, "evidence/", files.keys)  # those of class runs too
