"""Officials put a learner under a requirement, and withdraw one; both with a reason that is kept."""

from fractions import Fraction

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from app import access, clock, db, jobs
from app.access import Permission
from app.forms import ExactField, Form, at_most, required, stripped
from app.templating import day
from courses import errors, oversight, policies
from courses.ledger import accounts, requirements
from courses.ledger.models import Requirement
from courses.oversight import What

bp = Blueprint("ledger_oversight", __name__, url_prefix="/ledger/learners")


class RequirementForm(Form):
    """So many hours in a period, judged by one rule."""

    title = StringField(lazy("What the hours are for"), [required(), at_most(120)], [stripped])
    hours = ExactField(lazy("Hours required"), [InputRequired(message=lazy("Fill this in."))])
    kind = RadioField(
        lazy("Filled by"),
        [InputRequired()],
        choices=[("any", lazy("online and in person")), ("practical", lazy("practical training only"))],
        default="any",
    )
    first_on = DateField(lazy("First day"), [InputRequired(message=lazy("Fill this in."))])
    last_on = DateField(lazy("Last day"), [InputRequired(message=lazy("Fill this in."))])
    policy = SelectField(lazy("Judged by the rule"), [InputRequired()])
    reason = TextAreaField(lazy("Reason"), [required(), at_most(oversight.LONGEST_REASON)], [stripped])


class WithdrawalForm(Form):
    """Why a requirement is taken back."""

    reason = TextAreaField(lazy("Reason"), [required(), at_most(oversight.LONGEST_REASON)], [stripped])


@bp.get("/<subject_key>/requirements/new")
@access.needs(Permission.LEDGER_REQUIRE)
def new(subject_key: str) -> str:
    """The form."""
    with db.reading() as session:
        form = RequirementForm()
        name = reached(session, subject_key)
        offer_rules(session, form, subject_key)
        return page(form, subject_key, name)


@bp.post("/<subject_key>/requirements/new")
@access.needs(Permission.LEDGER_REQUIRE)
def enter(subject_key: str) -> Response | tuple[str, int]:
    """Enter it, and settle the account: a second completion in the period may count nothing now."""
    form = RequirementForm()
    actor = access.someone()
    with db.writing() as session:
        name = reached(session, subject_key)
        offer_rules(session, form, subject_key)
        if not form.validate():
            return page(form, subject_key, name), 422
        try:
            oversight.note(
                session, actor, subject_key=subject_key, what=What.REQUIREMENT,
                reason=form.reason.data, now=clock.now(),
            )
            requirements.enter(
                session,
                subject_key=subject_key,
                title=form.title.data,
                hours=form.hours.data or Fraction(0),
                kind=form.kind.data,
                first_on=form.first_on.data,
                last_on=form.last_on.data,
                policy=form.policy.data,
                entered_by=actor.subject_key,
                now=clock.now(),
            )
        except (errors.Invalid, errors.Conflict) as refusal:
            field = refusal.field if isinstance(refusal, errors.Invalid) else ""
            form.refuse(errors.Invalid(refusal.code, refusal.sentence, field=field, **refusal.detail))
            session.rollback()
            return page(form, subject_key, name), 422
        jobs.dispatch(session, "ledger", subject_key)
    flash(_("The requirement is entered. The learner sees it in the statement."), "success")
    return redirect(url_for("oversight_record.learner", subject_key=subject_key), 303)


@bp.get("/<subject_key>/requirements/<requirement_id>/withdraw")
@access.needs(Permission.LEDGER_REQUIRE)
def withdraw_form(subject_key: str, requirement_id: str) -> str:
    """Ask why."""
    with db.reading() as session:
        name = reached(session, subject_key)
        row = requirements.get(session, requirement_id, subject_key=subject_key)
        return withdrawal_page(WithdrawalForm(), row, name)


@bp.post("/<subject_key>/requirements/<requirement_id>/withdraw")
@access.needs(Permission.LEDGER_REQUIRE)
def withdraw(subject_key: str, requirement_id: str) -> Response | tuple[str, int]:
    """Take a requirement back."""
    form = WithdrawalForm()
    actor = access.someone()
    now = clock.now()
    with db.writing() as session:
        name = reached(session, subject_key)
        row = requirements.get(session, requirement_id, subject_key=subject_key)
        if not form.validate():
            return withdrawal_page(form, row, name), 422
        try:
            oversight.note(
                session, actor, subject_key=subject_key, what=What.REQUIREMENT, reason=form.reason.data, now=now
            )
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return withdrawal_page(form, row, name), 422
        requirements.withdraw(
            session, row, reason=form.reason.data, withdrawn_by=actor.subject_key, now=now
        )
        jobs.dispatch(session, "ledger", subject_key)
    flash(_("The requirement is withdrawn."), "success")
    return redirect(url_for("oversight_record.learner", subject_key=subject_key), 303)


def withdrawal_page(form: WithdrawalForm, row: Requirement, name: str) -> str:
    """The question why."""
    return render_template("ledger/oversight/withdraw.html", form=form, row=row, name=name)


def reached(session: Session, subject_key: str) -> str:
    """The learner's masked name, or NotFound outside the official's jurisdiction."""
    return oversight.learner(session, access.someone(), subject_key, today=clock.today()).display_name


def offer_rules(session: Session, form: RequirementForm, subject_key: str) -> None:
    """The versions that bind the learner, the one in force now first."""
    now = clock.now()
    bound = accounts.pool(session, subject_key, known_at=now)
    chosen = policies.chosen(bound, at=now)
    rows = [one for one in (chosen, *reversed(bound)) if one is not None]
    form.policy.choices = [
        (one.version.label, f"{one.version.label} · {one.version.document_title} · {day(one.version.effective_from)}")
        for one in dict.fromkeys(rows)
    ]


def page(form: RequirementForm, subject_key: str, name: str) -> str:
    """The form for one learner."""
    return render_template(
        "ledger/oversight/requirement.html", form=form, subject_key=subject_key, name=name
    )
