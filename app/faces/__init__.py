"""Faces: the separate consent, the photo to compare with, what officials may see, and deletion in time.

Comparing needs an engine (`XUESHI_FACE`); without one nobody is asked for a photo, and what was given
before can still be seen and withdrawn.
"""

from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from app import clock, db, jobs, kept
from app.faces import learner, oversight
from app.faces.dlib import Dlib
from app.settings import Settings
from courses.watch import faces
from courses.watch.faces import MICRO, Album, Desk


def due(session: Session, now: datetime) -> list[str]:
    """Keys of pictures whose time is over."""
    return faces.due(session, now=now)


def forget(app: Flask, key: str) -> None:
    """Delete one picture whose time is over: the file, then its row, so that neither is lost sight of."""
    desk: Desk = app.extensions["xueshi_faces"]
    now = clock.now()
    with db.reading() as session:
        is_due = faces.is_due(session, key, now=now)
    if is_due:
        desk.album.drop(key)
        with db.writing() as session:
            faces.forget(session, [key], now=now)


def install(app: Flask) -> None:
    """Register pages and job, and make the engine that the settings name."""
    settings: Settings = app.extensions["xueshi_settings"]
    app.extensions["xueshi_faces"] = Desk(
        engine=Dlib() if settings.face == "dlib" else None,
        album=Album(app.extensions["xueshi_store"], app.extensions["xueshi_vault"]),
        limit=round(settings.face_limit * MICRO),
    )
    app.register_blueprint(learner.bp)
    app.register_blueprint(oversight.bp)
    jobs.register(app, "faces", forget, due)
    kept.register(app, "faces/", faces.keys)
