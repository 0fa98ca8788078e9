"""The working-day calendar by which answers are due: officers enter holidays and weekends worked."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import DateField, RadioField, StringField
from wtforms.validators import InputRequired

from app import access, clock, db
from app.access import Permission
from app.forms import Form, at_most, required, stripped
from courses import errors
from courses.ledger.cases import workdays

bp = Blueprint("appeals_calendar", __name__, url_prefix="/appeals/calendar")


class DayForm(Form):
    """One day that is not as its weekday says."""

    on = DateField(lazy("Day"), [InputRequired(message=lazy("Fill this in."))])
    kind = RadioField(
        lazy("The bureau"),
        [InputRequired(message=lazy("Choose one."))],
        choices=[("closed", lazy("does not work")), ("working", lazy("works"))],
        default="closed",
    )
    name = StringField(lazy("Why"), [required(), at_most(workdays.NAME_LENGTH)], [stripped])


@bp.get("/")
@access.needs(Permission.APPEALS_ANSWER)
def index() -> str:
    """The days that were entered, from this month on, and the form."""
    with db.reading() as session:
        return page(session, DayForm())


@bp.post("/")
@access.needs(Permission.APPEALS_ANSWER)
def enter() -> BaseResponse | tuple[str, int]:
    """Enter a day to come."""
    form = DayForm()
    with db.writing() as session:
        if not form.validate():
            return page(session, form), 422
        try:
            workdays.enter(
                session,
                on=form.on.data,
                is_working_day=form.kind.data == "working",
                name=form.name.data,
                entered_by=access.someone().subject_key,
                today=clock.today(),
                now=clock.now(),
            )
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return page(session, form), 422
    flash(_("The day is entered."), "success")
    return redirect(url_for("appeals_calendar.index"), 303)


def page(session: Session, form: DayForm) -> str:
    """The calendar."""
    rows = workdays.rows(session, since=clock.today().replace(day=1))
    return render_template("appeals/oversight/calendar.html", form=form, rows=rows)
