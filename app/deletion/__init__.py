"""Deletion on request: the learner's page, and the nightly job that carries out what is due."""

from flask import Flask

from app import clock, db, jobs
from app.deletion import learner
from courses.deletion import purge
from media.storage import Store


def work(app: Flask, request_id: str) -> None:
    """One request: rows first, then the files, so that whatever is killed between is found again."""
    store: Store = app.extensions["xueshi_store"]
    with db.writing() as session:
        files = purge.step(session, request_id, now=clock.now())
    for key in files:
        store.delete(key)
    with db.writing() as session:
        purge.cleared(session, request_id, now=clock.now())


def install(app: Flask) -> None:
    """Register page and job."""
    app.register_blueprint(learner.bp)
    jobs.register(app, "deletion", work, purge.due)
