"""The rules for online hours: in force for everybody to read, entered by the city's officers."""

from flask import Flask

from app.policies import city, public


def install(app: Flask) -> None:
    """Register the pages of both audiences."""
    app.register_blueprint(public.bp)
    app.register_blueprint(city.bp)
