"""Files before officials: a learner's in an opened record, a class's of the own area; each look is written down."""

from itertools import chain

from flask import Blueprint, Response
from flask_babel import gettext as _

from app import access, clock, db
from app.access import Permission
from app.files import sending, shown
from courses import errors, oversight
from courses.files import class_file, personal
from courses.ledger import explained
from courses.ledger.classes import review, runs
from courses.ledger.evidence import TICK
from courses.oversight import What
from courses.people import persons

bp = Blueprint("files_oversight", __name__, url_prefix="/files/oversight")


@bp.get("/learners/<subject_key>.zip")
@access.needs(Permission.FILES_READ)
def personal_file(subject_key: str) -> Response:
    """A learner's file, masked, under the reason with which the record was opened."""
    actor, now = access.someone(), clock.now()
    as_of = now + TICK
    with db.writing() as session:
        oversight.looked(session, actor, subject_key, what=What.EVIDENCE, today=clock.today(), now=now)
        name = persons.person_of(session, subject_key).display_name
        try:
            pages = [shown.page(explained.of(session, subject_key, as_of=as_of), name=name)]
        except errors.Conflict:
            pages = []  # no rule is in force: there is no statement to show
    members = personal.members(sending.content(), subject_key, as_of=as_of)
    return sending.answer(
        chain(pages, members), kind="personal", about=subject_key, as_of=as_of, name=f"xueshi-{subject_key}.zip"
    )


@bp.get("/classes/<run_id>.zip")
@access.needs(Permission.FILES_READ)
def class_run(run_id: str) -> Response:
    """A class's file with ledger rows and proofs; whoever is in it finds this look among the reads of their record."""
    actor, now = access.someone(), clock.now()
    with db.writing() as session:
        run, _body = review.get(session, actor, run_id)
        for line in runs.register(session, run.id):
            reason = _("File of the class “%(title)s”", title=run.title)
            oversight.told(session, actor, line.subject_key, reason=reason, now=now)
    as_of = now + TICK
    members = class_file.members(sending.content(), run_id, as_of=as_of, for_officials=True)
    return sending.answer(members, kind="class", about=run_id, as_of=as_of, name=f"xueshi-class-{run_id}.zip")
