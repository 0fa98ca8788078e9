"""Finding a learner of the own jurisdiction. What is searched for never stands in an address."""

from typing import cast

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired

from app import access, clock, db
from app.access import Permission
from app.forms import Form, at_most, required, stripped
from app.oversight import described
from courses import errors, oversight
from courses.oversight import RecordSearch, What
from courses.people.vault import Vault

bp = Blueprint("oversight", __name__, url_prefix="/oversight")


class SearchForm(Form):
    """By number or by name, and why."""

    by = RadioField(
        lazy("Search by"),
        [InputRequired(message=lazy("Choose one."))],
        choices=[("number", lazy("Document number")), ("name", lazy("Name"))],
        default="number",
    )
    words = StringField(lazy("Whole number or whole name"), [required(), at_most(80)], [stripped])
    reason = TextAreaField(lazy("Reason"), [required(), at_most(oversight.LONGEST_REASON)], [stripped])


@bp.get("/")
@access.needs(Permission.OVERSIGHT_READ)
def index() -> str:
    """The search, and what the official looked at before."""
    with db.reading() as session:
        return page(session, SearchForm())


@bp.post("/")
@access.needs(Permission.OVERSIGHT_READ)
def search() -> Response | tuple[str, int]:
    """Search, write it down, and go to the learner, or to the list where there are several or none."""
    form = SearchForm()
    actor = access.someone()
    with db.writing() as session:
        if not form.validate():
            return page(session, form), 422
        try:
            found = oversight.search(
                session, vault(), actor=actor, reason=form.reason.data, today=clock.today(), now=clock.now(),
                **{form.by.data: form.words.data},
            )
            if len(found.found) == 1:
                oversight.note(
                    session, actor, subject_key=found.found[0], what=What.RECORD,
                    reason=found.reason, now=clock.now(),
                )
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return page(session, form), 422
    return redirect(where(found), 303)


def where(found: RecordSearch) -> str:
    """The one learner's record, else the list of what was found."""
    if len(found.found) == 1:
        return url_for("oversight_record.learner", subject_key=found.found[0])
    return url_for("oversight.results", search_id=found.id)


@bp.get("/searches/<search_id>")
@access.needs(Permission.OVERSIGHT_READ)
def results(search_id: str) -> str:
    """What one of the official's own searches found, masked."""
    with db.reading() as session:
        found = oversight.searched(session, access.someone(), search_id)
        people = [
            person
            for key in found.found
            if (person := described.learner_line(session, key, today=clock.today())) is not None
        ]
        return render_template("oversight/results.html", found=found, people=people)


def page(session: Session, form: SearchForm) -> str:
    """The search with the official's own latest reads."""
    mine = oversight.of_official(session, access.someone().subject_key)
    return render_template("oversight/index.html", form=form, lines=oversight.lines(session, mine))


def vault() -> Vault:
    """The running application's vault."""
    return cast(Vault, current_app.extensions["xueshi_vault"])
