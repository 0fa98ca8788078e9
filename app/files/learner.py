"""The learner's own training file: what is in it, until when it is kept, and the file itself."""

from itertools import chain
from typing import cast

from flask import Blueprint, Response, current_app, render_template

from app import access, clock, db
from app.access import Permission
from app.files import sending, shown
from courses import errors
from courses.files import personal, retention
from courses.ledger import explained
from courses.ledger.evidence import TICK
from courses.people import persons
from courses.people.vault import Vault

bp = Blueprint("files", __name__, url_prefix="/files")


@bp.get("/")
@access.needs(Permission.FILES_SELF)
def index() -> str:
    """What is kept, why and until when."""
    actor = access.someone()
    with db.reading() as session:
        clock_ = retention.of_person(session, actor.person_id, on=clock.today())
        return render_template("files/learner/index.html", clock=clock_)


@bp.get("/personal.zip")
@access.needs(Permission.FILES_SELF)
def personal_file() -> Response:
    """The whole file, with the name and number in full: it is theirs."""
    key, as_of = access.someone().subject_key, clock.now() + TICK
    vault = cast(Vault, current_app.extensions["xueshi_vault"])
    with db.reading() as session:
        name = persons.full_name(persons.person_of(session, key), vault)
        try:
            pages = [shown.page(explained.of(session, key, as_of=as_of), name=name)]
        except errors.Conflict:
            pages = []  # no rule is in force: there is no statement to show
    members = personal.members(sending.content(vault), key, as_of=as_of)
    return sending.answer(
        chain(pages, members), kind="personal", about=key, as_of=as_of, name=f"xueshi-{clock.today()}-personal.zip"
    )
