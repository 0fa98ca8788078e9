"""The city's officers draft a rule; it is checked and simulated, and a second one approves it."""

from collections.abc import Callable
from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, HiddenField, TextAreaField
from wtforms.validators import InputRequired

from app import access, clock, db, jobs
from app.access import Permission
from app.errors import say
from app.forms import Form, at_most, stripped
from app.policies import example, plain, told
from app.policies.form import (
    ADVANCED,
    FIELD_OF_RULE,
    VersionForm,
    copy,
    copy_document,
    drafted,
    fill_choices,
)
from courses import errors, policies
from courses.ledger import simulated
from courses.ledger.cases import corrections
from courses.people.jurisdictions import Jurisdiction
from courses.policies import PolicyVersion, drafting, drafts, simulations, sums, version_of
from courses.policies.drafts import WRITABLE, PolicyDraft, State
from courses.policies.simulations import PolicySimulation, SimulationState
from courses.watch import playbacks

bp = Blueprint("policies_city", __name__, url_prefix="/policies/city")
Answer = str | Response | tuple[str, int]


class StepForm(Form):
    """What is done with a draft: as it was seen, and why."""

    revision = HiddenField(validators=[InputRequired()])
    note = TextAreaField(lazy("Why"), [at_most(drafting.NOTE_LENGTH)], [stripped])


class PeriodForm(Form):
    """The days whose learners a draft is simulated on."""

    first_on = DateField(lazy("From"), [InputRequired(message=lazy("Fill this in."))])
    last_on = DateField(lazy("To, that day included"), [InputRequired(message=lazy("Fill this in."))])


@bp.get("/")
@access.needs(Permission.POLICIES_WRITE)
def index() -> str:
    """Every draft: what waits first, then what is being written, then what is over."""
    with db.reading() as session:
        rows = drafts.listed(session)
        names = corrections.proposers(session, {row.drafted_by for row in rows})
        places = {row.jurisdiction_id: place_name(session, row.jurisdiction_id) for row in rows}
        return render_template("policies/city/index.html", rows=rows, names=names, places=places)


@bp.get("/new")
@access.needs(Permission.POLICIES_WRITE)
def new() -> str:
    """The empty form, or one filled from the version that is to be superseded."""
    form = VersionForm(formdata=None)
    with db.reading() as session:
        fill_choices(session, form)
        if "from" in request.args:
            copy(form, policies.get(session, request.args["from"]))
    return form_page(form)


@bp.post("/new")
@access.needs(Permission.POLICIES_WRITE)
def create() -> Answer:
    """Keep the draft; what is wrong with it is told on its page."""
    form = VersionForm()
    with db.writing() as session:
        fill_choices(session, form)
        if not form.validate():
            return form_page(form), 422
        try:
            row = drafting.write(session, access.someone(), drafted(form), now=clock.now())
        except errors.Invalid as refusal:
            return refused(session, form, refusal)
    flash(_("The draft is kept. Read what the site found, and simulate it."), "success")
    return redirect(url_for("policies_city.show", draft_id=row.id), 303)


@bp.get("/<draft_id>/edit")
@access.needs(Permission.POLICIES_WRITE)
def edit(draft_id: str) -> str:
    """The form, filled with what the draft says."""
    form = VersionForm(formdata=None)
    with db.reading() as session:
        row = drafts.get(session, draft_id)
        fill_choices(session, form)
        copy(form, row)
        copy_document(form, row)
        return form_page(form, row)


@bp.post("/<draft_id>/edit")
@access.needs(Permission.POLICIES_WRITE)
def change(draft_id: str) -> Answer:
    """Keep it as it is written now."""
    form = VersionForm()
    with db.writing() as session:
        row = drafts.get(session, draft_id)
        fill_choices(session, form)
        if not form.validate():
            return form_page(form, row), 422
        try:
            drafting.change(
                session, access.someone(), draft_id, drafted(form), revision=seen(), now=clock.now()
            )
        except errors.Invalid as refusal:
            return refused(session, form, refusal, row)
        except errors.Conflict as refusal:
            form.form_errors.append(say(refusal))
            return form_page(form, row), 409
    flash(_("The draft is kept. Read what the site found, and simulate it."), "success")
    return redirect(url_for("policies_city.show", draft_id=draft_id), 303)


@bp.get("/<draft_id>")
@access.needs(Permission.POLICIES_WRITE)
def show(draft_id: str) -> str:
    """A draft: what was found, what it changes, what a simulation says, and what can be done with it."""
    with db.reading() as session:
        return page(session, drafts.get(session, draft_id))


@bp.post("/<draft_id>/simulate")
@access.needs(Permission.POLICIES_WRITE)
def simulate(draft_id: str) -> Answer:
    """Put a simulation into the queue."""
    form = PeriodForm()
    with db.writing() as session:
        row = drafts.get(session, draft_id)
        if not form.validate():
            return page(session, row, period=form), 422
        try:
            jobs.dispatch(session, "policies", asked(session, row, form.first_on.data, form.last_on.data).id)
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return page(session, row, period=form), 422
        except errors.Conflict as refusal:
            form.form_errors.append(say(refusal))
            return page(session, row, period=form), 409
    flash(_("The simulation runs. Look again in a moment."), "success")
    return redirect(url_for("policies_city.show", draft_id=draft_id, _anchor="simulation"), 303)


def asked(session: Session, row: PolicyDraft, first_on: date, last_on: date) -> PolicySimulation:
    """A simulation of whole days in the rule's zone."""
    simulations.check_period(first_on, last_on, today=clock.today())
    now = clock.now()
    zone = version_of(session, row.content, drafted_by="", approved_by="", now=now).zone
    period = (policies.start_of_day(first_on, zone), policies.start_of_day(last_on + timedelta(days=1), zone))
    return simulations.ask(
        session,
        row,
        from_at=period[0],
        to_at=period[1],
        learners=simulated.count(session, row.jurisdiction_id, period=period),
        asked_by=access.someone().subject_key,
        now=now,
    )


@bp.post("/<draft_id>/submit")
@access.needs(Permission.POLICIES_WRITE)
def submit(draft_id: str) -> Answer:
    """Hand it to a second officer."""

    def work(session: Session) -> None:
        drafting.submit(session, access.someone(), draft_id, revision=seen(), confirmed=confirmed(), now=clock.now())

    return done(draft_id, work, _("The draft waits for a second officer."))


@bp.post("/<draft_id>/take-back")
@access.needs(Permission.POLICIES_WRITE)
def take_back(draft_id: str) -> Answer:
    """Its author goes on writing."""

    def work(session: Session) -> None:
        drafting.take_back(session, access.someone(), draft_id, now=clock.now())

    return done(draft_id, work, _("The draft is yours again."))


@bp.post("/<draft_id>/withdraw")
@access.needs(Permission.POLICIES_WRITE)
def withdraw(draft_id: str) -> Answer:
    """Its author gives it up."""

    def work(session: Session) -> None:
        drafting.withdraw(session, access.someone(), draft_id, note=note(), now=clock.now())

    return done(draft_id, work, _("The draft is withdrawn."))


@bp.post("/<draft_id>/return")
@access.needs(Permission.POLICIES_WRITE)
def give_back(draft_id: str) -> Answer:
    """A second officer returns it with a reason."""

    def work(session: Session) -> None:
        drafting.give_back(session, access.someone(), draft_id, revision=seen(), note=note(), now=clock.now())

    return done(draft_id, work, _("The draft is returned to its author."))


@bp.post("/<draft_id>/approve")
@access.needs(Permission.POLICIES_WRITE)
def approve(draft_id: str) -> Answer:
    """A second officer makes it law."""

    def work(session: Session) -> None:
        drafting.approve(session, access.someone(), draft_id, revision=seen(), confirmed=confirmed(), now=clock.now())
        playbacks.forget(session)  # what plays now is judged anew

    return done(draft_id, work, _("The rule is published. It can be superseded, never edited."))


def done(draft_id: str, work: Callable[[Session], None], what: str) -> Answer:
    """The answer to a step: back to the draft, or the draft with the reason why not."""
    try:
        with db.writing() as session:
            work(session)
            version_id = drafts.get(session, draft_id).version_id
    except (errors.Invalid, errors.Conflict) as refusal:
        form = StepForm()
        if isinstance(refusal, errors.Invalid) and refusal.field == "note":
            form.refuse(refusal)
        else:
            form.form_errors.append(say(refusal))
        with db.reading() as session:
            status = 422 if isinstance(refusal, errors.Invalid) else 409
            return page(session, drafts.get(session, draft_id), step=form), status
    flash(what, "success")
    if version_id is not None:
        return redirect(url_for("policies.version", version_id=version_id), 303)
    return redirect(url_for("policies_city.show", draft_id=draft_id), 303)


def seen() -> int:
    """The revision that the officer had before them; one that was never sent is none."""
    return request.form.get("revision", type=int) or 0


def confirmed() -> list[str]:
    """The warnings that were ticked."""
    return request.form.getlist("confirmed")


def note() -> str:
    """Why."""
    return request.form.get("note", "")


def refused(session: Session, form: VersionForm, refusal: errors.Invalid, row: PolicyDraft | None = None) -> Answer:
    """The form again, the reason at its field."""
    session.rollback()
    refusal.field = FIELD_OF_RULE.get(refusal.field, refusal.field)
    form.refuse(refusal)
    return form_page(form, row), 422


def form_page(form: VersionForm, row: PolicyDraft | None = None) -> str:
    """The form of a new draft, or of one that there is."""
    return render_template(
        "policies/city/form.html",
        form=form,
        row=row,
        revision=seen() or (row.revision if row else 0),
        has_advanced_errors=any(form[name].errors for name in ADVANCED),
    )


def page(
    session: Session, row: PolicyDraft, *, step: StepForm | None = None, period: PeriodForm | None = None
) -> str:
    """A draft with everything that is known of it."""
    now = clock.now()
    made = version_of(session, row.content, drafted_by=row.drafted_by, approved_by="", now=now)
    steps = drafts.steps(session, row.id)
    is_mine = drafting.is_author(session, row, access.someone())
    latest = simulations.latest(session, row.id)
    return render_template(
        "policies/city/draft.html",
        row=row,
        made=made,
        place_name=place_name(session, row.jurisdiction_id),
        plain=plain,
        step=step or StepForm(formdata=None),
        period=period or usual_period(),
        may_write=is_mine and State(row.state) in WRITABLE,
        is_mine=is_mine,
        findings=[] if row.is_over else told.said(drafting.told(session, row, now=now)),
        changes=[] if row.is_over else told.changes(session, made),
        rows=plain.rows(made.rules, made.prompts),
        worked=example.work(made),
        steps=steps,
        names=corrections.proposers(session, {row.drafted_by, *(one.by for one in steps)}),
        latest=latest,
        is_stale=latest is not None and latest.revision != row.revision,
        shown=shown(session, latest, made),
    )


def usual_period() -> PeriodForm:
    """This year so far, or in its first days the last."""
    form = PeriodForm(formdata=None)
    yesterday = clock.today() - timedelta(days=1)
    form.first_on.data, form.last_on.data = date(yesterday.year, 1, 1), yesterday
    return form


def shown(session: Session, latest: PolicySimulation | None, made: PolicyVersion) -> dict[str, object] | None:
    """A finished simulation by its groups."""
    if latest is None or latest.state != SimulationState.DONE:
        return None
    return {
        "whole": sums.whole(latest.sums),
        "axes": [(axis, told.groups(session, latest.sums, axis)) for axis in sums.AXES],
        "first_on": policies.day_of(latest.from_at, made.zone),
        "last_on": policies.day_of(latest.to_at - simulated.TICK, made.zone),
    }


def place_name(session: Session, jurisdiction_id: str) -> str:
    """An area's name."""
    return plain.place_name(session.get_one(Jurisdiction, jurisdiction_id))
