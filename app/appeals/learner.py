"""A learner appeals a span that did not count, and follows what becomes of it."""

from datetime import timedelta

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import TextAreaField

from app import access, clock, db
from app.access import Permission
from app.appeals import told
from app.errors import say
from app.forms import Form, at_most, required, stripped
from courses import errors
from courses.ledger import explained
from courses.ledger.cases import appeals
from courses.ledger.cases.models import Correction
from media.base import from_ms

bp = Blueprint("appeals", __name__, url_prefix="/appeals")
Answer = str | BaseResponse | tuple[str, int]
TICK = timedelta(milliseconds=1)


class AppealForm(Form):
    """Why it should count."""

    words = TextAreaField(lazy("Why it should count"), [required(), at_most(500)], [stripped])


@bp.get("/")
@access.needs(Permission.APPEALS_SELF)
def index() -> str:
    """All of them, the latest first."""
    with db.reading() as session:
        rows = appeals.of_subject(session, access.someone().subject_key)
        return render_template(
            "appeals/learner/index.html", rows=[(row, told.times(session, row), told.title(session, row)) for row in rows]
        )


@bp.get("/new/<playback_id>/<reason>/<int:from_ms_>")
@access.needs(Permission.APPEALS_SELF)
def new(playback_id: str, reason: str, from_ms_: int) -> str:
    """The span, and the form."""
    with db.reading() as session:
        return asked(session, AppealForm(), playback_id, reason, from_ms_)


@bp.post("/new/<playback_id>/<reason>/<int:from_ms_>")
@access.needs(Permission.APPEALS_SELF)
def create(playback_id: str, reason: str, from_ms_: int) -> Answer:
    """File it; what is known of the span now is frozen."""
    form = AppealForm()
    with db.writing() as session:
        if not form.validate():
            return asked(session, form, playback_id, reason, from_ms_), 422
        try:
            made = appeals.file(
                session,
                access.someone().subject_key,
                playback_id=playback_id,
                wall_from=from_ms(from_ms_),
                reason=reason,
                words=form.words.data,
                now=clock.now(),
            )
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return asked(session, form, playback_id, reason, from_ms_), 422
        except errors.Conflict as refusal:
            form.form_errors.append(say(refusal))
            return asked(session, form, playback_id, reason, from_ms_), 409
    flash(_("Your appeal is filed, with everything that is known of this time."), "success")
    return redirect(url_for("appeals.show", appeal_id=made.id), 303)


@bp.get("/<appeal_id>")
@access.needs(Permission.APPEALS_SELF)
def show(appeal_id: str) -> str:
    """One of them: its times, its steps, and how it ended."""
    with db.reading() as session:
        row = appeals.own(session, appeal_id, subject_key=access.someone().subject_key)
        steps = appeals.notes(session, row)
        made = [one.correction_id for one in steps if one.correction_id is not None]
        return render_template(
            "appeals/learner/show.html",
            appeal=row,
            title=told.title(session, row),
            times=told.times(session, row),
            steps=steps,
            correction=session.get(Correction, made[0]) if made else None,
            digest=appeals.thawed(session, row)[1].content_hash.hex(),
        )


@bp.get("/<appeal_id>/evidence.json")
@access.needs(Permission.APPEALS_SELF)
def evidence_file(appeal_id: str) -> Response:
    """What was frozen, byte for byte."""
    with db.reading() as session:
        row = appeals.own(session, appeal_id, subject_key=access.someone().subject_key)
        return told.frozen(appeals.thawed(session, row)[0], appeal_id)


def asked(session: Session, form: AppealForm, playback_id: str, reason: str, from_ms_: int) -> str:
    """The form with the span it is about; NotFound for one that is not the learner's."""
    record = explained.of(session, access.someone().subject_key, as_of=clock.now() + TICK)
    wall_from = from_ms(from_ms_)
    found = appeals.span(record, playback_id=playback_id, wall_from=wall_from, reason=reason)
    return render_template(
        "appeals/learner/new.html",
        form=form,
        span=found,
        standing=appeals.of_span(session, playback_id=playback_id, wall_from=wall_from, reason=reason),
    )

