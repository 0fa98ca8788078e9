"""Officers review closed classes of their area: the file, what may count twice, and a decision."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import TextAreaField

from app import access, clock, db, jobs, papers
from app.access import Permission
from app.errors import say
from app.forms import Form, at_most, required, stripped
from courses import errors, oversight
from courses.ledger.cases import files
from courses.ledger.classes import review, runs
from courses.ledger.classes.models import ClassRun
from courses.people.organisations import Organisation

bp = Blueprint("classes_review", __name__, url_prefix="/classes/review")
Answer = str | BaseResponse | tuple[str, int]


class ReviewForm(Form):
    """What the officer found."""

    note = TextAreaField(lazy("What you found"), [required(), at_most(500)], [stripped])


@bp.get("/")
@access.needs(Permission.CLASSES_REVIEW)
def index() -> str:
    """What waits, the oldest first."""
    with db.reading() as session:
        return render_template("classes/oversight/index.html", rows=review.waiting(session, access.someone()))


@bp.get("/<run_id>")
@access.needs(Permission.CLASSES_REVIEW)
def show(run_id: str) -> str:
    """One class file; whoever is in it finds this look among the reads of their record."""
    with db.writing() as session:
        run, body = review.get(session, access.someone(), run_id)
        return page(session, run, body, ReviewForm(formdata=None))


@bp.post("/<run_id>")
@access.needs(Permission.CLASSES_REVIEW)
def decide(run_id: str) -> Answer:
    """Accept it, without those left out, or give it back."""
    actor, now = access.someone(), clock.now()
    with db.writing() as session:
        run, body = review.get(session, actor, run_id)
        form = ReviewForm()
        if not form.validate():
            return page(session, run, body, form), 422
        try:
            made = review.decide(
                session,
                actor,
                run=run,
                is_accepted=request.form.get("verdict") == "accept",
                left_out=request.form.getlist("left_out"),
                note=form.note.data,
                now=now,
            )
        except errors.Refusal as refusal:
            session.rollback()
            run, body = review.get(session, actor, run_id)
            form.form_errors.append(say(refusal))
            return page(session, run, body, form), 422 if isinstance(refusal, errors.Invalid) else 409
        for key in dict.fromkeys(row.subject_key for row in made):
            jobs.dispatch(session, "ledger", key)
    if run.state == "accepted":
        flash(_("The class is accepted. Its hours stand in the learners' statements."), "success")
    else:
        flash(_("The class is given back to the institution with your reason."), "success")
    return redirect(url_for("classes_review.index"), 303)


@bp.get("/<run_id>/files/<file_id>")
@access.needs(Permission.CLASSES_REVIEW)
def evidence_file(run_id: str, file_id: str) -> Response:
    """One of its files."""
    with db.reading() as session:
        run, _body = review.get(session, access.someone(), run_id)
        row = files.get(session, file_id, about=run.id)
    return papers.answer(row)


def page(session: Session, run: ClassRun, body: Organisation, form: ReviewForm) -> str:
    """The class file with what was found; the reads are written down first."""
    actor = access.someone()
    lines = runs.register(session, run.id)
    for line in lines:
        reason = _("Review of the class “%(title)s”", title=run.title)
        oversight.told(session, actor, line.subject_key, reason=reason, now=clock.now())
    names = {line.subject_key: line.name for line in lines}
    found = review.findings(session, run)
    return render_template(
        "classes/oversight/show.html",
        run=run,
        institution=body,
        teachers=runs.teachers(session, run),
        sessions=runs.sessions(session, run.id),
        lines=lines,
        files=files.of(session, run.id),
        reviews=runs.reviews(session, run.id),
        findings=[(row, names.get(row.subject_key, "")) for row in found],
        flagged={row.subject_key for row in found if row.subject_key},
        has_part=review.has_part(session, actor, run),
        form=form,
        file_url=lambda file_id: url_for("classes_review.evidence_file", run_id=run.id, file_id=file_id),
        left_out=request.form.getlist("left_out"),
    )
