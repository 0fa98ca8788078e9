"""Required hours as dated data with their marks: everybody reads them, the city's officers supersede a row."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, RadioField, StringField
from wtforms.validators import InputRequired, Optional

from app import access, clock, db
from app.access import Permission
from app.forms import ExactField, Form, at_most, required, stripped
from app.requirements import enterprise, looking
from courses import errors
from courses.ledger import required_hours
from courses.ledger.required import appointments
from courses.ledger.required_hours import Figures, Mark, RequiredHours, Risk, Trainee
from courses.people.jurisdictions import day_of

bp = Blueprint("requirements_rules", __name__, url_prefix="/requirements/rules")

MARKS = {
    Mark.SOURCED: lazy("sourced"),
    Mark.GENERAL_KNOWLEDGE: lazy("general knowledge"),
    Mark.ASSUMED: lazy("assumed"),
}


class RuleForm(Form):
    """A row that supersedes another."""

    hours = ExactField(lazy("Hours required"), [Optional()])
    practical = ExactField(lazy("Of them practical"), [Optional()])
    period_months = IntegerField(lazy("Repeated every"), [Optional()])
    grace_months = IntegerField(lazy("After taking up the post, within"), [Optional()])
    min_interval_months = IntegerField(lazy("Shortest interval between trainings"), [Optional()])
    max_interval_months = IntegerField(lazy("Longest interval between trainings"), [Optional()])
    from_on = DateField(lazy("In force from"), [InputRequired(message=lazy("Fill this in."))])
    source = StringField(lazy("Legal document"), [required(), at_most(200)], [stripped])
    mark = RadioField(lazy("How far it is to be relied on"), [InputRequired()], choices=list(MARKS.items()), default=Mark.SOURCED)


@bp.get("/")
@access.needs(Permission.REQUIREMENTS_READ)
def index() -> str:
    """The rows in force today by category of trainees, rows to come, and rows of before."""
    today = day_of(clock.now())
    with db.reading() as session:
        rows = required_hours.everything(session)
        now_in_force = {row.id for row in required_hours.in_force(session, on=today)}
        return render_template(
            "requirements/public/rules.html",
            table=table([row for row in rows if row.id in now_in_force]),
            coming=[row for row in rows if row.from_on is not None and row.from_on > today],
            past=[row for row in rows if row.id not in now_in_force and (row.from_on is None or row.from_on <= today)],
            superseded={row.supersedes_id for row in rows},
            scope=looking.scope(),
            marks=MARKS,
            today=today,
        )


def table(rows: list[RequiredHours]) -> dict[str, dict[str, list[RequiredHours]]]:
    """Rows by category and risk, in the order of the law's own table."""
    return {
        who: {risk: [row for row in rows if (row.trainee, row.risk) == (who, risk)] for risk in Risk}
        for who in Trainee
    }


@bp.get("/<rule_id>")
@access.needs(Permission.REQUIREMENTS_WRITE)
def new(rule_id: str) -> str:
    """The form, filled in with the row to be superseded."""
    with db.reading() as session:
        row = required_hours.get(session, rule_id)
        form = RuleForm(obj=row)
        form.from_on.data, form.source.data = None, ""
        return page(session, row, form)


def page(session: Session, row: RequiredHours, form: RuleForm) -> str:
    """The form beside the row that it would supersede."""
    return render_template(
        "requirements/city/supersede.html",
        row=row,
        form=form,
        follower=required_hours.follower(session, row.id),
        marks=MARKS,
    )


@bp.post("/<rule_id>")
@access.needs(Permission.REQUIREMENTS_WRITE)
def supersede(rule_id: str) -> Response | tuple[str, int]:
    """Put a row in another's place; whoever it may bind is looked at from its day on."""
    form = RuleForm()
    with db.writing() as session:
        row = required_hours.get(session, rule_id)
        if not form.validate():
            return page(session, row, form), 422
        try:
            made = required_hours.supersede(
                session, rule_id, figures(form), from_on=form.from_on.data, source=form.source.data,
                mark=Mark(form.mark.data), entered_by=access.someone().subject_key, now=clock.now(),
            )  # fmt: skip
        except (errors.Invalid, errors.Conflict) as refusal:
            enterprise.refuse(form, refusal)
            session.rollback()
            return page(session, required_hours.get(session, rule_id), form), 422
        awaken(session, made)
    flash(_("Entered. It holds from its day on; periods that have begun keep the rule of their first day."), "success")
    return redirect(url_for("requirements_rules.index"), 303)


def awaken(session: Session, row: RequiredHours) -> None:
    """Have posts looked at from a rule's first day on."""
    appointments.awaken(session, from_on=row.from_on or date.min, trainee=row.trainee)


def figures(form: RuleForm) -> Figures:
    """What the form says; an empty field is a figure that is not known."""
    return Figures(
        hours=form.hours.data,
        practical=form.practical.data,
        period_months=form.period_months.data,
        min_interval_months=form.min_interval_months.data,
        max_interval_months=form.max_interval_months.data,
        grace_months=form.grace_months.data,
    )
