"""An institution's class file: plan, sessions, roster, attendance and results, evidence, closing."""

from datetime import date, datetime, time
from fractions import Fraction
from typing import cast

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import (
    DateField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired

from app import access, clock, db, papers
from app.access import Permission
from app.errors import say
from app.forms import ExactField, Form, at_most, required, stripped
from app.templating import clock_time, day, zone
from courses import errors
from courses.catalogue import instructors
from courses.ledger.cases import files
from courses.ledger.classes import runs
from courses.ledger.classes.models import ClassRun
from courses.people.organisations import Organisation, Role
from courses.people.vault import Vault

bp = Blueprint("classes", __name__, url_prefix="/classes")
Answer = str | BaseResponse | tuple[str, int]


class PlanForm(Form):
    """What is taught, where, and by whom."""

    organisation_id = SelectField(lazy("Institution"), [InputRequired()])
    title = StringField(lazy("Name of the class"), [required(), at_most(120)], [stripped])
    place = StringField(lazy("Place"), [required(), at_most(120)], [stripped])
    instructors = SelectMultipleField(lazy("Instructors"), [InputRequired(message=lazy("Choose at least one."))])
    syllabus = TextAreaField(lazy("Syllabus"), [required(), at_most(5000)], [stripped])


class SessionForm(Form):
    """One sitting."""

    on = DateField(lazy("Day"), [InputRequired(message=lazy("Fill this in."))])
    starts = TimeField(lazy("Begins"), [InputRequired(message=lazy("Fill this in."))])
    ends = TimeField(lazy("Ends"), [InputRequired(message=lazy("Fill this in."))])
    hours = ExactField(lazy("Hours of training"), [InputRequired(message=lazy("Fill this in."))])
    kind = RadioField(
        lazy("Kind"),
        [InputRequired(message=lazy("Choose one."))],
        choices=[("classroom", lazy("Classroom training")), ("practical", lazy("Practical training"))],
        default="classroom",
    )
    subject = StringField(lazy("Subject"), [required(), at_most(120)], [stripped])


class RosterForm(Form):
    """Who takes part, a line each."""

    lines = TextAreaField(lazy("Learners"), [required(), at_most(20_000)])


@bp.get("/")
@access.needs(Permission.CLASSES_STUDIO)
def index() -> str:
    """The institution's classes."""
    with db.reading() as session:
        return render_template("classes/studio/index.html", rows=runs.of_staff(session, access.someone()))


@bp.get("/new")
@access.needs(Permission.CLASSES_STUDIO)
def new() -> str:
    """The form of a plan."""
    with db.reading() as session:
        return render_template("classes/studio/new.html", form=offered(session, PlanForm()))


@bp.post("/new")
@access.needs(Permission.CLASSES_STUDIO)
def create() -> Answer:
    """Open a class file."""
    with db.writing() as session:
        form = offered(session, PlanForm())
        if not form.validate():
            return render_template("classes/studio/new.html", form=form), 422
        run = runs.plan(
            session,
            access.someone(),
            organisation_id=form.organisation_id.data,
            title=form.title.data,
            place=form.place.data,
            syllabus=form.syllabus.data,
            instructors=form.instructors.data,
            now=clock.now(),
        )
    flash(_("The class file is open. Add the sessions and the learners."), "success")
    return redirect(url_for("classes.show", run_id=run.id), 303)


@bp.get("/<run_id>")
@access.needs(Permission.CLASSES_STUDIO)
def show(run_id: str) -> str:
    """The class file."""
    with db.reading() as session:
        return page(session, runs.for_staff(session, access.someone(), run_id))


@bp.post("/<run_id>/sessions")
@access.needs(Permission.CLASSES_STUDIO)
def add_session(run_id: str) -> Answer:
    """Add a sitting."""
    form = SessionForm()
    with db.writing() as session:
        run = runs.for_staff(session, access.someone(), run_id, is_changing=True)
        if not form.validate():
            return page(session, run, session_form=form), 422
        try:
            runs.add_session(
                session,
                run,
                from_at=at(form.on.data, form.starts.data),
                to_at=at(form.on.data, form.ends.data),
                kind=form.kind.data,
                hours=form.hours.data or Fraction(0),
                subject=form.subject.data,
                now=clock.now(),
            )
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return page(session, run, session_form=form), 422
    return back(run_id, "sessions")


@bp.post("/<run_id>/sessions/<session_id>/remove")
@access.needs(Permission.CLASSES_STUDIO)
def remove_session(run_id: str, session_id: str) -> BaseResponse:
    """Take a sitting out again."""
    with db.writing() as session:
        run = runs.for_staff(session, access.someone(), run_id, is_changing=True)
        runs.remove_session(session, run, session_id)
    return back(run_id, "sessions")


@bp.post("/<run_id>/roster")
@access.needs(Permission.CLASSES_STUDIO)
def add_learners(run_id: str) -> Answer:
    """Put people on the roster; lines at which nobody was found come back, the rest is kept."""
    form = RosterForm()
    vault = cast(Vault, current_app.extensions["xueshi_vault"])
    with db.writing() as session:
        run = runs.for_staff(session, access.someone(), run_id, is_changing=True)
        if not form.validate():
            return page(session, run, roster_form=form), 422
        added, unknown = runs.enrol(
            session, vault, access.someone(), run=run, lines=form.lines.data, now=clock.now()
        )
        if added:
            flash(ngettext("%(num)d learner is new on the roster.", "%(num)d learners are new on the roster.", added), "success")
        if unknown:
            lines = form.lines.data.splitlines()
            form.lines.data = "\n".join(lines[number - 1] for number in unknown)
            form.lines.raw_data = [form.lines.data]
            form.lines.errors = [
                _("Nobody is registered with the number and the name of these lines. Check them, or ask the learner to register first.")
            ]
            return page(session, run, roster_form=form), 422
    return back(run_id, "roster")


@bp.post("/<run_id>/attendance")
@access.needs(Permission.CLASSES_STUDIO)
def mark(run_id: str) -> BaseResponse:
    """Attendance and results as the table shows them."""
    present = [tuple(pair.split("/", 1)) for pair in request.form.getlist("present") if "/" in pair]
    results = {name.removeprefix("result-"): text for name, text in request.form.items() if name.startswith("result-")}
    with db.writing() as session:
        run = runs.for_staff(session, access.someone(), run_id, is_changing=True)
        pairs = [(pair[0], pair[1]) for pair in present]
        runs.mark(session, access.someone(), run=run, present=pairs, now=clock.now())
        runs.judge(session, run, results=results)
    flash(_("Attendance and results are kept."), "success")
    return back(run_id, "attendance")


@bp.post("/<run_id>/files")
@access.needs(Permission.CLASSES_STUDIO)
def add_files(run_id: str) -> Answer:
    """Hand in evidence."""
    actor = access.someone()
    with db.reading() as session:
        runs.for_staff(session, actor, run_id)
    refused = ""
    rows = []
    try:
        rows = papers.taken(about=run_id, added_by=actor.subject_key)
    except errors.Invalid as refusal:
        refused = say(refusal)
    with db.writing() as session:
        run = runs.for_staff(session, actor, run_id, is_changing=True)
        if refused or not rows:
            return page(session, run, file_error=refused or _("Choose a file.")), 422
        for row in rows:
            files.add(session, row)
    return back(run_id, "files")


@bp.get("/<run_id>/files/<file_id>")
@access.needs(Permission.CLASSES_STUDIO)
def evidence_file(run_id: str, file_id: str) -> Response:
    """One of the files."""
    with db.reading() as session:
        run = runs.for_staff(session, access.someone(), run_id)
        row = files.get(session, file_id, about=run.id)
    return papers.answer(row)


@bp.post("/<run_id>/close")
@access.needs(Permission.CLASSES_STUDIO)
def close(run_id: str) -> BaseResponse:
    """Hand the class file in."""
    with db.writing() as session:
        run = runs.for_staff(session, access.someone(), run_id, is_changing=True)
        runs.close(session, access.someone(), run=run, now=clock.now())
    flash(_("The class is closed and waits for its review. Its hours count once it is accepted."), "success")
    return back(run_id)


def at(on: date | None, clock_time: time | None) -> datetime:
    """An instant of the site's zone."""
    assert on is not None and clock_time is not None  # noqa: PT018 - the form required both
    return datetime.combine(on, clock_time, tzinfo=zone())


def back(run_id: str, part: str = "") -> BaseResponse:
    """To the part of the page that was worked on."""
    return redirect(url_for("classes.show", run_id=run_id, _anchor=part or None), 303)


def offered(session: Session, form: PlanForm) -> PlanForm:
    """The actor's institutions and their instructors as choices."""
    ids = sorted(access.someone().organisations(Role.INSTITUTION_STAFF))
    bodies = session.scalars(select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.name))
    form.organisation_id.choices = [(row.id, row.name) for row in bodies]
    form.instructors.choices = [
        (one.person_id, one.name)
        for organisation_id in ids
        for one in instructors.of_institution(session, organisation_id=organisation_id, on=clock.today())
    ]
    return form


def page(
    session: Session,
    run: ClassRun,
    *,
    session_form: SessionForm | None = None,
    roster_form: RosterForm | None = None,
    file_error: str = "",
) -> str:
    """The class file with its forms; those not sent are empty."""
    sessions = runs.sessions(session, run.id)
    return render_template(
        "classes/studio/show.html",
        run=run,
        institution=session.get_one(Organisation, run.organisation_id),
        teachers=runs.teachers(session, run),
        sessions=sessions,
        session_heads=[f"{day(row.from_at)} {clock_time(row.from_at)}" for row in sessions],
        lines=runs.register(session, run.id),
        files=files.of(session, run.id),
        reviews=runs.reviews(session, run.id),
        lacking=runs.lacking(session, run, now=clock.now()),
        session_form=session_form or SessionForm(formdata=None),
        roster_form=roster_form or RosterForm(formdata=None),
        file_error=file_error,
        file_url=lambda file_id: url_for("classes.evidence_file", run_id=run.id, file_id=file_id),
        now=clock.now(),
    )
