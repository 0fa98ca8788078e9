"""The job `watch`: silent playbacks are closed at their last beat, closed ones archived when they are final."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from app import clock, db, jobs
from app.watch import standing
from courses import enrolment
from courses.enrolment import Enrolment
from courses.watch import archive, cuts, playbacks
from courses.watch.models import Playback
from courses.watch.signals import marks


def due(session: Session, now: datetime) -> list[str]:
    """Ids of playbacks to be closed or archived."""
    return [*playbacks.silent(session, now=now), *archive.due(session, now=now)]


def keep_up(app: Flask, playback_id: str) -> None:
    """Close one playback if it is still silent, letting the ledger look at it; archive it if it is final."""
    del app
    with db.writing() as session:
        closed = playbacks.close_silent(session, playback_id, now=clock.now())
        if closed is not None:
            jobs.dispatch(session, "ledger", closed.subject_key)
        archived = archive.keep(session, playback_id, now=clock.now())
    if archived is not None:
        with db.writing() as session:
            forget_cuts(session, session.get_one(Playback, playback_id), now=clock.now())


def forget_cuts(session: Session, playback: Playback, *, now: datetime) -> None:
    """Whatever was cut of its lesson and has been watched by now need not be shown any more."""
    enrolment_id, lesson_id = playback.enrolment_id, playback.lesson_id
    if not cuts.of_lesson(session, enrolment_id, lesson_id=lesson_id):
        return
    taking = enrolment.taking(session, session.get_one(Enrolment, enrolment_id))
    _rules, stands = standing.of(session, taking, now=now)
    cuts.forget(session, enrolment_id, lesson_id=lesson_id, covered=stands.lesson(lesson_id).covered_ms)


def forget_beats(app: Flask, *, days: int, by: str) -> int:
    """Delete the beats of archived playbacks closed so many days ago, and devices' marks as old; how many playbacks."""
    count = 0
    with app.app_context():
        now = clock.now()
        before = now - timedelta(days=days)
        with db.writing() as session:
            marks.forget(session, before=before)
        while True:
            with db.writing() as session:
                removed = archive.remove_beats(session, before=before, by=by, now=now)
            if not removed:
                return count
            count += removed
