"""Certificates: learners issue and download them, officials revoke them, anybody verifies one."""

from flask import Flask

from app import jobs, kept
from app.certificates import learner, oversight, paper, reversals, verify
from courses.certificates import issuing


def install(app: Flask) -> None:
    """Register each audience's pages, and the job that makes the paper."""
    for audience in (learner, oversight, reversals, verify):
        app.register_blueprint(audience.bp)
    jobs.register(app, "certificates", paper.make, paper.due)
    kept.register(app, "certificates/", issuing.keys)
