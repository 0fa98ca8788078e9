"""Class runs in person: the institution's class file, and its review by an officer of the area."""

from flask import Flask

from app.classes import oversight, studio


def install(app: Flask) -> None:
    """Register the pages of each audience."""
    for audience in (studio, oversight):
        app.register_blueprint(audience.bp)
