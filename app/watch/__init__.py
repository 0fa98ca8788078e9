"""Watching a lesson: the learning page, and the API that its player and other clients speak."""

from flask import Flask

from app import jobs
from app.watch import api, learner, photos, quick, upkeep


def install(app: Flask) -> None:
    """Register pages, API and the job that closes and archives playbacks."""
    app.register_blueprint(learner.bp)
    app.register_blueprint(api.bp)
    app.register_blueprint(photos.bp)
    quick.install(app)
    app.extensions["xueshi_forget_beats"] = upkeep.forget_beats
    jobs.register(app, "watch", upkeep.keep_up, upkeep.due)
