"""The learner's own courses: enrol in a free one, and see what is in progress and what is done."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import access, clock, db
from app.access import Permission
from app.enrolment import taking
from courses import enrolment, errors, seats
from courses.people.jurisdictions import day_of

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
        actor, now = access.someone(), clock.now()
        found = taking.learnings(session, actor, now=now)
        taken = {one.taking.course.id for one in found if one.is_open}
        return render_template(
            "enrolment/learner/index.html",
            asked=[row for row in seats.of_subject(session, actor.subject_key, on=day_of(now)) if not row[0].done_at],
            taken=taken,
            today=day_of(now),
            going=[one for one in found if one.is_open and not one.is_finished],
            done=[one for one in found if not one.is_open or one.is_finished],
        )
