"""The learner's own courses: enrol in a free one, and see what is in progress and what is done."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import access, clock, db
from app.access import Permission
from app.enrolment import taking
from courses import enrolment, errors

bp = Blueprint("enrolment", __name__, url_prefix="/enrolment")


@bp.post("/")
@access.needs(Permission.ENROLMENT_SELF)
def create() -> Response:
    """Enrol in `course_id` and go to its first lesson; a priced course goes by an order instead."""
    course_id = request.form.get("course_id", "")
    actor = access.someone()
    course_url = url_for("catalogue.course", course_id=course_id)
    if not actor.is_registered:
        flash(_("Register with your real name first; your hours are recorded under it."), "error")
        return redirect(url_for("people.register", next=course_url), 303)
    try:
        with db.writing() as session:
            made = taking.take(session, actor, course_id, now=clock.now())
            first = enrolment.taking(session, made).lessons[0]
    except (errors.Conflict, errors.PaymentRequired) as refusal:
        flash(_(refusal.sentence, **refusal.detail), "error")
        return redirect(course_url, 303)
    flash(_("You are enrolled. Your progress is kept, on every device."), "success")
    return redirect(url_for("watch.lesson", enrolment_id=made.id, lesson_id=first.lesson_id), 303)


@bp.get("/")
@access.needs(Permission.ENROLMENT_SELF)
def index() -> str:
    """My learning: what is in progress with its next lesson, what is done, and what counts."""
    with db.reading() as session:
        found = taking.learnings(session, access.someone(), now=clock.now())
        return render_template(
            "enrolment/learner/index.html",
            going=[one for one in found if one.is_open and not one.is_finished],
            done=[one for one in found if not one.is_open or one.is_finished],
        )
