"""Training files: learners take theirs, institutions a class's, officials either; anybody finds the keys."""

from flask import Flask

from app.files import learner, oversight, public, studio


def install(app: Flask) -> None:
    """Register each audience's pages."""
    for audience in (learner, oversight, public, studio):
        app.register_blueprint(audience.bp)
