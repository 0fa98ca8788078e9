"""The bureau's side of calls: open one, give marks, decide."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from app import access, clock, db
from app.access import Permission
from app.errors import say
from app.forms import Form, at_most, required, stripped
from app.templating import is_chinese
from courses import calls, errors
from courses.people.jurisdictions import Jurisdiction, day_of

bp = Blueprint("calls_oversight", __name__, url_prefix="/calls/desk")
DAY = InputRequired(message=lazy("Fill this in."))


class CallForm(Form):
    """What is wanted, and until when."""

    jurisdiction_id = SelectField(lazy("For the workers of"), [InputRequired()])
    title = StringField(lazy("Subject"), [required(), at_most(120)], [stripped])
    wanted = TextAreaField(lazy("What the course must hold"), [required(), at_most(5000)], [stripped])
    last_on = DateField(lazy("Last day for answers"), [DAY])


class DecisionForm(Form):
    """From when to when the winners are free, and why they won."""

    from_on = DateField(lazy("Free from"), [DAY])
    until_on = DateField(lazy("Free until, not including"), [DAY])
    reason = TextAreaField(lazy("Reason"), [required(), at_most(2000)], [stripped])


def offered(session: Session, form: CallForm) -> CallForm:
    """The form with the officer's own areas."""
    rows = [session.get_one(Jurisdiction, one) for one in sorted(calls.areas(access.someone()))]
    form.jurisdiction_id.choices = [(row.id, row.name_zh if is_chinese() else row.name_en) for row in rows]
    return form


@bp.get("/new")
@access.needs(Permission.CALLS_JUDGE)
def new() -> str:
    """The form of a call."""
    with db.reading() as session:
        return render_template("calls/oversight/new.html", form=offered(session, CallForm(formdata=None)))


@bp.post("/new")
@access.needs(Permission.CALLS_JUDGE)
def create() -> Response | tuple[str, int]:
    """Open a call."""
    with db.reading() as session:
        form = offered(session, CallForm())
    if form.validate():
        try:
            with db.writing() as session:
                made = calls.make(
                    session,
                    access.someone(),
                    jurisdiction_id=form.jurisdiction_id.data,
                    title=form.title.data or "",
                    wanted=form.wanted.data or "",
                    last_on=form.last_on.data,
                    on=day_of(clock.now()),
                    now=clock.now(),
                )
            flash(_("The call is public. Answers stay sealed until the last day is over."), "success")
            return redirect(url_for("calls.show", call_id=made.id), 303)
        except errors.Invalid as refusal:
            form.refuse(refusal)
    return render_template("calls/oversight/new.html", form=form), 422


@bp.post("/answers/<answer_id>/score")
@access.needs(Permission.CALLS_JUDGE)
def score(answer_id: str) -> Response:
    """One officer's marks for one answer."""
    marks = {word: request.form.get(f"{word}-{answer_id}", 0, type=int) for word in calls.CRITERIA}
    try:
        with db.writing() as session:
            given = calls.score(
                session,
                access.someone(),
                answer_id,
                marks=marks,
                note=request.form.get(f"note-{answer_id}", "").strip()[:500],
                on=day_of(clock.now()),
                now=clock.now(),
            )
            call_id = session.get_one(calls.CallAnswer, given.answer_id).call_id
    except errors.Invalid as refusal:
        flash(say(refusal), "error")
        with db.reading() as session:
            call_id = session.get_one(calls.CallAnswer, answer_id).call_id
    else:
        flash(_("Your marks are kept; you can change them until the decision."), "success")
    return redirect(url_for("calls.show", call_id=call_id) + f"#answer-{answer_id}", 303)


@bp.get("/<call_id>/decision")
@access.needs(Permission.CALLS_JUDGE)
def decision(call_id: str) -> str:
    """The form of the decision, with every answer and its marks."""
    with db.reading() as session:
        return deciding(session, call_id, DecisionForm(formdata=None))


def deciding(session: Session, call_id: str, form: DecisionForm) -> str:
    """The page of the decision."""
    actor = access.someone()
    call = calls.get(session, call_id)
    if call.jurisdiction_id not in calls.areas(actor):
        raise errors.NotFound()
    answers = calls.answers(session, actor, call, on=day_of(clock.now()))
    return render_template(
        "calls/oversight/decide.html", call=call, form=form, answers=answers, chosen=set(request.form.getlist("winner"))
    )


@bp.post("/<call_id>/decision")
@access.needs(Permission.CALLS_JUDGE)
def decide(call_id: str) -> Response | tuple[str, int]:
    """Buy the winners, or nobody."""
    form = DecisionForm()
    if form.validate():
        try:
            with db.writing() as session:
                calls.decide(
                    session,
                    access.someone(),
                    call_id,
                    winners=request.form.getlist("winner"),
                    from_on=form.from_on.data,
                    until_on=form.until_on.data,
                    reason=form.reason.data or "",
                    on=day_of(clock.now()),
                    now=clock.now(),
                )
            flash(_("Decided. The winners are free for the workers of the area from their first day on."), "success")
            return redirect(url_for("calls.show", call_id=call_id), 303)
        except errors.Invalid as refusal:
            form.refuse(refusal)
        except errors.Conflict as refusal:
            form.form_errors.append(say(refusal))
    with db.reading() as session:
        return deciding(session, call_id, form), 422
