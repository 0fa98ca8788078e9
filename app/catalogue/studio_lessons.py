"""The lessons of a draft: added, ordered, named, given a video, removed."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import access, clock, db, medialinks
from app.access import Permission
from app.catalogue import forms, private
from app.catalogue.blueprint import bp
from courses import errors
from courses.catalogue import drafts, facts, handouts, lessons
from media import captions

STEPS = {"up": -1, "down": 1}


@bp.post("/studio/<course_id>/lessons")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_lesson_add(course_id: str) -> Response:
    """Add a lesson, and go on to its video."""
    try:
        with db.writing() as session:
            course = drafts.for_staff(session, access.someone(), course_id=course_id, lock=True)
            lesson = lessons.add(
                session, course, title=request.form.get("title", ""), now=clock.now()
            )
    except errors.Invalid:
        flash(_("Give the lesson a title."), "error")
        return to_lessons(course_id)
    return redirect(
        url_for("catalogue.studio_lesson", course_id=course_id, lesson_id=lesson.id), 303
    )


@bp.route("/studio/<course_id>/lessons/<lesson_id>", methods=["GET", "POST"])
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_lesson(course_id: str, lesson_id: str) -> str | Response:
    """One lesson: its title, its video with what became of it, the preview, its questions."""
    return lesson_page(course_id, lesson_id)


def lesson_page(
    course_id: str, lesson_id: str, *, question: forms.Question | None = None
) -> str | Response:
    """Save what was sent, or show the lesson; `question` is one that could not be taken."""
    actor = access.someone()
    now = clock.now()
    with db.reading() as session:
        course = drafts.for_staff(session, actor, course_id=course_id)
        lesson = lessons.get(session, course, lesson_id=lesson_id)
        row = next(row for row in facts.lessons(session, course_id) if row.lesson.id == lesson_id)
        asset_id = row.asset.id if row.asset and row.is_ready else None
        tracks = medialinks.caption_tracks(session, asset_id, for_all=False) if asset_id else []
    form = forms.LessonFacts(formdata=None, obj=lesson) if question else forms.LessonFacts(obj=lesson)
    if question is None and form.validate_on_submit():
        try:
            with db.writing() as session:
                course = drafts.for_staff(session, actor, course_id=course_id, lock=True)
                lessons.rename(session, course, lesson_id=lesson_id, title=form.title.data, now=now)
                lessons.attach(
                    session,
                    course,
                    lesson_id=lesson_id,
                    asset_id=form.asset_id.data or None,
                    now=now,
                )
                lessons.set_preview(
                    session, course, lesson_id=lesson_id, is_preview=form.is_preview.data, now=now
                )
            flash(_("Saved."), "success")
            return to_lessons(course_id)
        except errors.Invalid as refusal:
            form.refuse(refusal)
    return render_template(
        "catalogue/studio/lesson.html",
        course=course,
        lesson=lesson,
        row=row,
        form=form,
        question=question or forms.Question(formdata=None),
        tracks=tracks,
        beside=medialinks.handouts(row.handouts),
        manifest_url=private.watching(asset_id, now=now) if asset_id else "",
        caption_languages=captions.LANGUAGES,
        is_editable=course.state in drafts.EDITABLE,
    )


@bp.post("/studio/<course_id>/lessons/<lesson_id>/questions")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_question_add(course_id: str, lesson_id: str) -> str | Response | tuple[str | Response, int]:
    """Add a question by which presence may be asked."""
    form = forms.Question()
    if form.validate():
        try:
            with db.writing() as session:
                course = drafts.for_staff(session, access.someone(), course_id=course_id, lock=True)
                lessons.ask(
                    session,
                    course,
                    lesson_id=lesson_id,
                    text=form.text.data,
                    choices=form.choices.data.splitlines(),
                    now=clock.now(),
                )
            flash(_("The question is added."), "success")
            return to_questions(course_id, lesson_id)
        except errors.Invalid as refusal:
            form.refuse(refusal)
    return lesson_page(course_id, lesson_id, question=form), 422


@bp.post("/studio/<course_id>/lessons/<lesson_id>/questions/<int:place>/remove")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_question_remove(course_id: str, lesson_id: str, place: int) -> Response:
    """Take a question out of the draft; published editions keep it."""
    with db.writing() as session:
        course = drafts.for_staff(session, access.someone(), course_id=course_id, lock=True)
        lessons.drop_question(session, course, lesson_id=lesson_id, place=place, now=clock.now())
    flash(_("The question is removed from the draft."), "success")
    return to_questions(course_id, lesson_id)


@bp.post("/studio/<course_id>/lessons/<lesson_id>/handouts")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_handout_add(course_id: str, lesson_id: str) -> Response:
    """Put a PDF that was sent beside the lesson."""
    try:
        with db.writing() as session:
            course = drafts.for_staff(session, access.someone(), course_id=course_id, lock=True)
            handouts.add(
                session, course, lesson_id=lesson_id, asset_id=request.form.get("handout_id", ""), now=clock.now()
            )
        flash(_("The handout is added."), "success")
    except errors.Invalid:
        flash(_("Choose a PDF, and wait until it is sent."), "error")
    except errors.Conflict as refusal:
        flash(_(refusal.sentence, **refusal.detail), "error")
    return to_handouts(course_id, lesson_id)


@bp.post("/studio/<course_id>/lessons/<lesson_id>/handouts/<asset_id>/remove")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_handout_remove(course_id: str, lesson_id: str, asset_id: str) -> Response:
    """Take a handout off the draft; published editions keep it."""
    with db.writing() as session:
        course = drafts.for_staff(session, access.someone(), course_id=course_id, lock=True)
        handouts.remove(session, course, lesson_id=lesson_id, asset_id=asset_id, now=clock.now())
    flash(_("The handout is removed from the draft."), "success")
    return to_handouts(course_id, lesson_id)


@bp.post("/studio/<course_id>/lessons/<lesson_id>/move")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_lesson_move(course_id: str, lesson_id: str) -> Response:
    """Move a lesson one place up or down."""
    with db.writing() as session:
        course = drafts.for_staff(session, access.someone(), course_id=course_id, lock=True)
        by = STEPS.get(request.form.get("to", ""), 0)
        lessons.move(session, course, lesson_id=lesson_id, by=by, now=clock.now())
    return to_lessons(course_id)


@bp.post("/studio/<course_id>/lessons/<lesson_id>/remove")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_lesson_remove(course_id: str, lesson_id: str) -> Response:
    """Take a lesson out of the draft; published editions keep it."""
    with db.writing() as session:
        course = drafts.for_staff(session, access.someone(), course_id=course_id, lock=True)
        lessons.remove(session, course, lesson_id=lesson_id, now=clock.now())
    flash(_("The lesson is removed from the draft."), "success")
    return to_lessons(course_id)


def to_lessons(course_id: str) -> Response:
    """Back to the list of lessons."""
    return redirect(url_for("catalogue.studio_course", course_id=course_id, _anchor="lessons"), 303)


def to_handouts(course_id: str, lesson_id: str) -> Response:
    """Back to the lesson's handouts."""
    return redirect(
        url_for("catalogue.studio_lesson", course_id=course_id, lesson_id=lesson_id, _anchor="handouts"), 303
    )


def to_questions(course_id: str, lesson_id: str) -> Response:
    """Back to the lesson's questions."""
    return redirect(
        url_for(
            "catalogue.studio_lesson", course_id=course_id, lesson_id=lesson_id, _anchor="questions"
        ),
        303,
    )
