"""Officers see which appeals of their area wait and which are late, and answer them."""

import json
from typing import Any

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
from courses import errors, oversight
from courses.ledger.cases import appeals, corrections
from courses.ledger.cases.models import Appeal

bp = Blueprint("appeals_review", __name__, url_prefix="/appeals/review")
Answer = str | BaseResponse | tuple[str, int]
MOST_BEATS = 40


class RefusalForm(Form):
    """Why it does not count after all."""

    text = TextAreaField(lazy("Reason"), [required(), at_most(500)], [stripped])


@bp.get("/")
@access.needs(Permission.APPEALS_ANSWER)
def index() -> str:
    """What waits, the oldest first, and how the answers kept their times."""
    actor = access.someone()
    areas = None if actor.is_city_regulator else actor.jurisdictions()
    with db.reading() as session:
        waiting, solved = (
            [
                (row, name, told.times(session, row), told.title(session, row))
                for row, name in appeals.listed(session, areas=areas, on=clock.today(), states=states)
            ]
            for states in (appeals.OPEN_STATES, appeals.SOLVED)
        )
        return render_template(
            "appeals/oversight/index.html",
            waiting=waiting,
            solved=solved[::-1],
            late=sum(one[2].is_late for one in waiting),
            in_time=sum(not one[2].is_late for one in solved),
        )


@bp.get("/<appeal_id>")
@access.needs(Permission.APPEALS_ANSWER)
def show(appeal_id: str) -> str:
    """An appeal with what was frozen; the look is written down."""
    with db.writing() as session:
        return page(session, reached(session, appeal_id), RefusalForm(formdata=None))


@bp.post("/<appeal_id>/acknowledge")
@access.needs(Permission.APPEALS_ANSWER)
def acknowledge(appeal_id: str) -> BaseResponse:
    """Tell the learner that it is looked at."""
    with db.writing() as session:
        row = reached(session, appeal_id)
        appeals.acknowledge(session, access.someone(), appeal=row, now=clock.now())
    flash(_("The learner is told that the appeal is being looked at."), "success")
    return redirect(url_for("appeals_review.show", appeal_id=appeal_id), 303)


@bp.post("/<appeal_id>/refuse")
@access.needs(Permission.APPEALS_ANSWER)
def refuse(appeal_id: str) -> Answer:
    """Refuse it with a reason that the learner reads."""
    form = RefusalForm()
    with db.writing() as session:
        row = reached(session, appeal_id)
        if not form.validate():
            return page(session, row, form), 422
        try:
            appeals.refuse(session, access.someone(), appeal=row, text=form.text.data, now=clock.now())
        except errors.Invalid as refusal:
            form.refuse(errors.Invalid(refusal.code, refusal.sentence, field="text", **refusal.detail))
            return page(session, row, form), 422
        except errors.Conflict as refusal:
            form.form_errors.append(say(refusal))
            return page(session, row, form), 409
    flash(_("The appeal is refused, and the learner reads your reason."), "success")
    return redirect(url_for("appeals_review.index"), 303)


@bp.get("/<appeal_id>/evidence.json")
@access.needs(Permission.APPEALS_ANSWER)
def evidence_file(appeal_id: str) -> Response:
    """What was frozen, byte for byte."""
    with db.writing() as session:
        row = reached(session, appeal_id)
        return told.frozen(appeals.thawed(session, row)[0], appeal_id)


def reached(session: Session, appeal_id: str) -> Appeal:
    """An appeal of a learner of the officer's area, the look written down."""
    row = appeals.get(session, appeal_id)
    oversight.case(
        session,
        access.someone(),
        row.subject_key,
        reason=_("Answer to the appeal of %(day)s", day=row.filed_at.date().isoformat()),
        today=clock.today(),
        now=clock.now(),
    )
    return row


def page(session: Session, row: Appeal, form: RefusalForm) -> str:
    """The appeal, its evidence, and what may be answered."""
    content, kept = appeals.thawed(session, row)
    known: dict[str, Any] = json.loads(content)
    proposals = [
        one for one in corrections.of_subject(session, row.subject_key) if one[0].appeal_id == row.id
    ]
    return render_template(
        "appeals/oversight/show.html",
        appeal=row,
        form=form,
        name=oversight.learner(session, access.someone(), row.subject_key, today=clock.today()).display_name,
        title=told.title(session, row),
        times=told.times(session, row),
        steps=appeals.notes(session, row),
        proposals=proposals,
        beats=known["beats"][-MOST_BEATS:],
        beats_in_all=len(known["beats"]),
        policy=kept.policy,
        digest=kept.content_hash.hex(),
        is_open=row.state in appeals.OPEN_STATES,
    )
