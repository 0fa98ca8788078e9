"""The ledger's log as outsiders see it: its files, its page, witnesses, and the job that seals."""

from flask import Flask

from app import jobs
from app.log import pages, sealing


def install(app: Flask) -> None:
    """Register the addresses and the job."""
    app.extensions["xueshi_csrf"].exempt(pages.bp)
    app.register_blueprint(pages.bp)
    app.extensions["xueshi_log_fault"] = sealing.fault
    jobs.register(app, "log", sealing.seal, sealing.due)
