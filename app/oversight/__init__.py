"""Officials look at learners' records: found by number or name, opened with a reason, all of it logged."""

from flask import Flask

from app.oversight import record, search


def install(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(search.bp)
    app.register_blueprint(record.bp)
