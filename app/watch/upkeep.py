"""The job `watch`: playbacks that have been silent for 15 minutes are closed at their last beat."""

from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from app import clock, db, jobs
from courses.watch import playbacks


def due(session: Session, now: datetime) -> list[str]:
    """Ids of playbacks to be closed."""
    return playbacks.silent(session, now=now)


def close_silent(app: Flask, playback_id: str) -> None:
    """Close one playback if it is still silent, and let the ledger look at what it earned."""
    del app
    with db.writing() as session:
        closed = playbacks.close_silent(session, playback_id, now=clock.now())
        if closed is not None:
            jobs.dispatch(session, "ledger", closed.subject_key)
