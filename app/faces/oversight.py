"""Checks by photo before an official: scores and results, and what did not match until its time.

Only in an opened record, and every read is written down. The photo that the learner gave is never shown.
"""

from typing import cast

from flask import Blueprint, Response, current_app, render_template
from sqlalchemy.orm import Session

from app import access, clock, db
from app.access import Permission
from app.faces.learner import picture
from courses import oversight
from courses.oversight import What
from courses.people.persons import Person
from courses.watch import faces
from courses.watch.faces import Desk

bp = Blueprint("faces_oversight", __name__, url_prefix="/oversight/learners/<subject_key>/photos")


@bp.get("/")
@access.needs(Permission.FACES_READ)
def index(subject_key: str) -> str:
    """The checks."""
    with db.writing() as session:
        person = looked(session, subject_key)
        return render_template(
            "faces/oversight/index.html",
            subject_key=subject_key,
            name=person.display_name,
            checks=faces.checks_of(session, subject_key, now=clock.now()),
        )


@bp.get("/<prompt_id>")
@access.needs(Permission.FACES_READ)
def photo(subject_key: str, prompt_id: str) -> Response:
    """A photo that did not match."""
    with db.writing() as session:
        looked(session, subject_key)
        found = faces.picture_of(session, subject_key, prompt_id=prompt_id, now=clock.now())
    return picture(cast(Desk, current_app.extensions["xueshi_faces"]), found.key)


def looked(session: Session, subject_key: str) -> Person:
    """A further read of an opened record, under the reason it was opened with."""
    actor, now = access.someone(), clock.now()
    person = oversight.learner(session, actor, subject_key, today=clock.today())
    opening = oversight.opened(session, actor, subject_key, now=now)
    oversight.note(session, actor, subject_key=subject_key, what=What.FACE, reason=opening.reason, now=now)
    return person
