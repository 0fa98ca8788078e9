"""The course market's pages and API: finding and reading courses, the studio, the review."""

from flask import Flask

from app.catalogue import api, choosing, finding, public, review, shown, studio, studio_lessons
from app.catalogue.blueprint import bp

MODULES = (public, choosing, studio, studio_lessons, review)  # each adds its audience's routes to `bp`
assert MODULES


def install(app: Flask) -> None:
    """Register pages, API, search, its job, and what templates may use."""
    shown.install(app)
    finding.install(app)
    app.register_blueprint(bp)
    app.register_blueprint(api.bp)
