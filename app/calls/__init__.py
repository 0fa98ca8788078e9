"""Calls for courses: the bureau asks, institutions answer, a jury scores, winners are free for the area's workers."""

from flask import Flask

from app.calls import oversight, public


def install(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(public.bp)
    app.register_blueprint(oversight.bp)
