"""The review: a regulator reads a submission whole, judges six points, and approves or sends back."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import access, clock, db, jobs, medialinks
from app.access import Permission
from app.catalogue import forms, private
from app.catalogue.blueprint import bp
from app.catalogue.finding import JOB
from courses import errors
from courses.catalogue import editions, facts, reviews, taxonomy
from courses.catalogue.models import CourseState, WithdrawalRule

JUDGED_SHOWN = 20


@bp.get("/reviews/")
@access.needs(Permission.CATALOGUE_REVIEW)
def review() -> str:
    """What waits for this reviewer, the longest waiting first, and what was judged lately."""
    actor = access.someone()
    with db.reading() as session:
        return render_template(
            "catalogue/oversight/index.html",
            waiting=reviews.queue(session, actor),
            judged=reviews.judged(session, actor, limit=JUDGED_SHOWN),
        )


@bp.route("/reviews/<course_id>", methods=["GET", "POST"])
@access.needs(Permission.CATALOGUE_REVIEW)
def review_course(course_id: str) -> str | Response:
    """One submission with all its lessons, and the form of six points."""
    form = forms.judgement()
    if request.method == "POST" and form.validate():
        try:
            return judge(course_id, form)
        except errors.Invalid as refusal:
            form.refuse(refusal)
    with db.reading() as session:
        course, institution = reviews.for_reviewer(session, access.someone(), course_id=course_id)
        read = facts.of_draft(session, course)
        lessons = facts.lessons(session, course_id)
        ready = [row.lesson.asset_id for row in lessons if row.is_ready and row.lesson.asset_id]
        form.seen.data = form.seen.data or facts.digest(read).hex()
        return render_template(
            "catalogue/oversight/course.html",
            course=course,
            institution=institution,
            facts=read,
            lessons=lessons,
            manifests={asset_id: private.watching(asset_id, now=clock.now()) for asset_id in ready},
            tracks={asset_id: medialinks.caption_tracks(session, asset_id, for_all=False) for asset_id in ready},
            beside={row.lesson.id: medialinks.handouts(row.handouts) for row in lessons},
            earlier=reviews.of_course(session, course_id),
            points=taxonomy.REVIEW_POINTS,
            form=form,
            is_waiting=course.state == CourseState.SUBMITTED,
            may_withdraw=course.current_edition and course.state != CourseState.WITHDRAWN,
        )


def judge(course_id: str, form: forms.Judgement) -> Response:
    """Approve, if the button said so, or send back."""
    actor = access.someone()
    is_approval = request.form.get("verdict") == "approve"
    with db.writing() as session:
        course, _institution = reviews.for_reviewer(session, actor, course_id=course_id, lock=True)
        write = reviews.approve if is_approval else reviews.send_back
        write(
            session,
            actor,
            course=course,
            points=forms.points(form),
            seen=forms.digest_of(form.seen.data or ""),
            note=form.note.data or "",
            now=clock.now(),
        )
        if is_approval:
            jobs.dispatch(session, JOB, course_id)
    flash(
        _("Approved and published.") if is_approval else _("Sent back with your notes."), "success"
    )
    return redirect(url_for("catalogue.review"), 303)


@bp.route("/reviews/<course_id>/withdraw", methods=["GET", "POST"])
@access.needs(Permission.CATALOGUE_REVIEW)
def review_withdraw(course_id: str) -> str | Response:
    """Take a published course off the catalogue, by any of the three rules."""
    actor = access.someone()
    form = forms.Withdrawal()
    form.offer(WithdrawalRule)
    with db.reading() as session:
        course, _institution = reviews.for_reviewer(session, actor, course_id=course_id)
    if not course.current_edition:
        raise errors.NotFound()
    if form.validate_on_submit():
        with db.writing() as session:
            course, _institution = reviews.for_reviewer(
                session, actor, course_id=course_id, lock=True
            )
            editions.withdraw(
                session,
                course,
                rule=WithdrawalRule(form.rule.data),
                reason=form.reason.data,
                by=actor.subject_key,
                now=clock.now(),
            )
            jobs.dispatch(session, JOB, course_id)
        flash(_("The course is withdrawn."), "success")
        return redirect(url_for("catalogue.review_course", course_id=course_id), 303)
    return render_template(
        "catalogue/studio/withdraw.html",
        course=course,
        form=form,
        back_url=url_for("catalogue.review_course", course_id=course_id),
    )
