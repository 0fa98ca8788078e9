"""Calls as everybody sees them, and the institution's answer."""

from decimal import Decimal

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DecimalField, SelectField, TextAreaField
from wtforms.validators import InputRequired, NumberRange

from app import access, clock, db
from app.access import Permission
from app.errors import say
from app.forms import Form, at_most, required, stripped
from courses import calls, errors
from courses.calls import Call
from courses.catalogue import drafts
from courses.people.jurisdictions import Jurisdiction, day_of
from courses.units import Money

bp = Blueprint("calls", __name__, url_prefix="/calls")
MOST = Decimal(10_000_000)
CRITERIA = {
    "content": lazy("Content fits what is wanted"),
    "teaching": lazy("Taught clearly"),
    "phone": lazy("Good on a phone"),
}


class AnswerForm(Form):
    """What an institution offers."""

    course_id = SelectField(lazy("Course"), [InputRequired(message=lazy("Choose one."))])
    price = DecimalField(
        lazy("Price of the licence in yuan"),
        [InputRequired(message=lazy("Fill this in.")), NumberRange(0, MOST, message=lazy("Enter an amount in yuan, 0 or more."))],
        places=2,
    )
    words = TextAreaField(lazy("Why this course"), [required(), at_most(1000)], [stripped])


@bp.get("/")
@access.needs(Permission.CALLS_READ)
def index() -> str:
    """All calls, the open ones first."""
    today = day_of(clock.now())
    with db.reading() as session:
        rows = [(one, session.get_one(Jurisdiction, one.jurisdiction_id)) for one in calls.listed(session)]
    return render_template(
        "calls/public/index.html",
        going=[row for row in rows if row[0].is_open(today)],
        over=[row for row in rows if not row[0].is_open(today)],
    )


@bp.get("/<call_id>")
@access.needs(Permission.CALLS_READ)
def show(call_id: str) -> str:
    """One call: what is wanted, until when, what the asking person may see of the answers, the winners."""
    with db.reading() as session:
        return page(session, calls.get(session, call_id), AnswerForm(formdata=None))


def page(session: Session, call: Call, form: AnswerForm) -> str:
    """The page of a call."""
    actor, today = access.actor(), day_of(clock.now())
    return render_template(
        "calls/public/show.html",
        call=call,
        area=session.get_one(Jurisdiction, call.jurisdiction_id),
        is_open=call.is_open(today),
        answers=calls.answers(session, actor, call, on=today),
        is_jury=actor is not None and call.jurisdiction_id in calls.areas(actor),
        form=offered(session, form),
        actor_key=actor.subject_key if actor else "",
        criteria=CRITERIA,
        today=today,
    )


def offered(session: Session, form: AnswerForm) -> AnswerForm:
    """The form with the institution's own courses that are on offer."""
    actor = access.actor()
    courses = drafts.own(session, actor) if actor and access.may(Permission.CALLS_ANSWER) else []
    form.course_id.choices = [(one.id, one.title) for one in courses if one.current_edition and one.withdrawn_at is None]
    return form


@bp.post("/<call_id>/answer")
@access.needs(Permission.CALLS_ANSWER)
def answer(call_id: str) -> Response | tuple[str, int]:
    """Offer a course; once more, the offer is changed."""
    form = AnswerForm()
    with db.reading() as session:
        call = calls.get(session, call_id)
        if not offered(session, form).validate():
            return page(session, call, form), 422
    try:
        with db.writing() as session:
            calls.answer(
                session,
                access.someone(),
                calls.get(session, call_id),
                course_id=form.course_id.data,
                words=form.words.data or "",
                price=Money(int((form.price.data or Decimal(0)) * 100), "CNY"),
                on=day_of(clock.now()),
                now=clock.now(),
            )
    except errors.Conflict as refusal:
        flash(say(refusal), "error")
    else:
        flash(_("Your answer is sealed until the last day is over."), "success")
    return redirect(url_for("calls.show", call_id=call_id), 303)


@bp.post("/answers/<answer_id>/take-back")
@access.needs(Permission.CALLS_ANSWER)
def take_back(answer_id: str) -> Response:
    """Think better of it, while the call is open."""
    with db.writing() as session:
        calls.take_back(session, access.someone(), answer_id, on=day_of(clock.now()))
    flash(_("Your answer is taken back."), "success")
    return redirect(url_for("calls.index"), 303)
