"""Seats and assignments: what an enterprise asks its staff to learn, and how far each is."""

from flask import Flask

from app import jobs
from app.seats import daily, enterprise


def install(app: Flask) -> None:
    """Register the pages, and the jobs that part and remind."""
    app.register_blueprint(enterprise.bp)
    jobs.register(app, "seats", daily.part, daily.left)
    jobs.register(app, "reminders", daily.remind, daily.due)
