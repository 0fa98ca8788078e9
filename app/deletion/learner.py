"""A learner asks for deletion, sees what went and what stays until when and why, and may take it back."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField
from wtforms.validators import InputRequired

from app import access, clock, db, jobs
from app.access import Permission
from app.forms import Form
from courses import errors
from courses.deletion import requests
from courses.files import retention
from courses.ledger.cases import pending

bp = Blueprint("deletion", __name__, url_prefix="/deletion")


class AskForm(Form):
    """A yes that was meant."""

    understood = BooleanField(
        lazy("I understand that I cannot learn here while my record waits for deletion"),
        [InputRequired(message=lazy("Tick this if you want your data deleted."))],
    )


@bp.get("/")
@access.needs(Permission.DELETION_SELF)
def index() -> str:
    """What would happen, or what did."""
    with db.reading() as session:
        return page(session, AskForm())


@bp.post("/")
@access.needs(Permission.DELETION_SELF)
def ask() -> Response | tuple[str, int]:
    """Delete what serves no archive, and restrict the rest."""
    form, actor = AskForm(), access.someone()
    with db.writing() as session:
        if not form.validate():
            return page(session, form), 422
        try:
            requests.ask(session, person_id=actor.person_id, now=clock.now())
        except errors.Conflict as refusal:
            session.rollback()
            form.refuse(errors.Invalid(refusal.code, refusal.sentence, field="understood", **refusal.detail))
            return page(session, form), 409
        for key in requests.pictures_due(session, actor.subject_key, now=clock.now()):
            jobs.dispatch(session, "faces", key)
        jobs.dispatch(session, "ledger", actor.subject_key)
    flash(_("Your record is restricted now. This page says what was deleted and what stays."), "success")
    return redirect(url_for("deletion.index"), 303)


@bp.post("/withdraw")
@access.needs(Permission.DELETION_SELF)
def withdraw() -> Response:
    """The record is as before, but for what was deleted."""
    with db.writing() as session:
        requests.withdraw(session, person_id=access.someone().person_id, now=clock.now())
    flash(_("Your request is taken back. Your record is in use again."), "success")
    return redirect(url_for("deletion.index"), 303)


def page(session: Session, form: AskForm) -> str:
    """Before or after."""
    actor, today = access.someone(), clock.today()
    return render_template(
        "deletion/learner/index.html",
        form=form,
        asked=requests.standing(session, actor.subject_key),
        clock=retention.of_person(session, actor.person_id, on=today),
        pending=pending.of_subjects(session, [actor.subject_key]),
        holds_office=requests.offices(session, actor.person_id, on=today),
    )
