"""Signals: patterns of watching that ask a question, for regulators and for institutions."""

from flask import Flask

from app import jobs
from app.signals import oversight, seeking, studio


def install(app: Flask) -> None:
    """Register the pages of both audiences, and the job that looks for signals."""
    app.register_blueprint(oversight.bp)
    app.register_blueprint(studio.bp)
    jobs.register(app, "signals", seeking.examine, seeking.due)
