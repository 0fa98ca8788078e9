"""The studio: an institution's own courses, from the first title to the withdrawal.

Whatever is not the own institution's is not there (404). Lessons are in `studio_lessons`.
"""

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db, jobs
from app.access import Permission
from app.catalogue import forms, shown, worth
from app.catalogue.blueprint import bp
from app.catalogue.finding import JOB
from courses import errors
from courses.catalogue import drafts, editions, facts, instructors, reviews, taxonomy
from courses.catalogue.drafts import Missing
from courses.catalogue.models import Course, CourseInstructor, CourseState, WithdrawalRule
from courses.people.organisations import Organisation, Role

# An institution never takes posted hours back: who teaches does not decide on hours.
OWN_RULES = (WithdrawalRule.KEEP_POSTED, WithdrawalRule.PER_LESSON_EXAM_WAIVED)


@bp.get("/studio/")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio() -> str:
    """The own courses with their states."""
    with db.reading() as session:
        courses = drafts.own(session, access.someone())
        returned = {
            course.id: reviews.of_course(session, course.id)[0]
            for course in courses
            if course.state == CourseState.RETURNED
        }
    return render_template("catalogue/studio/index.html", courses=courses, returned=returned)


@bp.route("/studio/new", methods=["GET", "POST"])
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_new() -> str | Response:
    """Begin a course."""
    form = forms.NewCourse()
    with db.reading() as session:
        form.organisation_id.choices = own_institutions(session)
    if form.validate_on_submit():
        with db.writing() as session:
            course = drafts.create(
                session,
                organisation_id=form.organisation_id.data,
                title=form.title.data,
                now=clock.now(),
            )
        flash(_("The draft is there. Describe the course, then add its lessons."), "success")
        return redirect(url_for("catalogue.studio_facts", course_id=course.id), 303)
    return render_template("catalogue/studio/new.html", form=form)


@bp.get("/studio/<course_id>")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_course(course_id: str) -> str:
    """One own course: its state, what is missing, its lessons, its reviews and editions."""
    with db.reading() as session:
        course = drafts.for_staff(session, access.someone(), course_id=course_id)
        today = worth.today(clock.now())
        return render_template(
            "catalogue/studio/course.html",
            course=course,
            is_editable=course.state in drafts.EDITABLE,
            missing=[say_missing(row) for row in drafts.missing(session, course, on=today)],
            facts=facts.of_draft(session, course),
            lessons=facts.lessons(session, course.id),
            reviews=reviews.of_course(session, course.id),
            points=taxonomy.REVIEW_POINTS,
            editions=editions.all_of(session, course.id),
        )


@bp.route("/studio/<course_id>/facts", methods=["GET", "POST"])
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_facts(course_id: str) -> str | Response:
    """Describe a course: title, summary, axes, instructors, price, cover."""
    actor = access.someone()
    now = clock.now()
    form = forms.Facts()
    with db.reading() as session:
        course = drafts.for_staff(session, actor, course_id=course_id)
        teachers = instructors.of_institution(
            session, organisation_id=course.organisation_id, on=worth.today(now)
        )
        chosen = teacher_ids(session, course)
    form.offer(teachers)
    if request.method == "GET":
        form.show(course, chosen)
    elif form.validate():
        try:
            with db.writing() as session:
                course = drafts.for_staff(session, actor, course_id=course_id, lock=True)
                write_facts(session, course, form, now)
            flash(_("Saved."), "success")
            return redirect(url_for("catalogue.studio_course", course_id=course_id), 303)
        except errors.Invalid as refusal:
            form.refuse(refusal)
    return render_template(
        "catalogue/studio/facts.html",
        course=course,
        form=form,
        teachers=teachers,
        is_editable=course.state in drafts.EDITABLE,
    )


def write_facts(session: Session, course: Course, form: forms.Facts, now: datetime) -> None:
    """Keep what the form says, unless a colleague changed the draft after it was opened."""
    if form.seen.data != course.changed_at.isoformat():
        raise errors.Conflict(
            "changed_since_read",
            "Somebody changed this draft after you opened it. Look at it again.",
        )
    drafts.change(session, course, now=now, **form.changes())
    drafts.set_instructors(
        session, course, person_ids=form.instructors.data, on=worth.today(now), now=now
    )
    if (form.cover.data or None) != course.cover_asset_id:
        drafts.set_cover(session, course, asset_id=form.cover.data or None, now=now)


@bp.post("/studio/<course_id>/submit")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_submit(course_id: str) -> Response:
    """Hand the draft to review."""
    now = clock.now()
    try:
        with db.writing() as session:
            course = drafts.for_staff(session, access.someone(), course_id=course_id, lock=True)
            drafts.submit(session, course, on=worth.today(now), now=now)
        flash(_("Submitted. The bureau that supervises you reviews it."), "success")
    except drafts.Incomplete as refusal:
        said = " ".join(say_missing(row) for row in refusal.missing)
        flash(f"{_(refusal.sentence)} {said}", "error")
    return to_course(course_id)


@bp.post("/studio/<course_id>/take-back")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_take_back(course_id: str) -> Response:
    """Take a submission back to change it."""
    with db.writing() as session:
        course = drafts.for_staff(session, access.someone(), course_id=course_id, lock=True)
        drafts.take_back(session, course, now=clock.now())
    flash(_("Taken back. You can change it again."), "success")
    return to_course(course_id)


@bp.post("/studio/<course_id>/new-edition")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_begin_edition(course_id: str) -> Response:
    """Open the draft of the next edition."""
    with db.writing() as session:
        course = drafts.for_staff(session, access.someone(), course_id=course_id, lock=True)
        drafts.begin_edition(session, course, now=clock.now())
    flash(
        _("You can change the course now. What is published stays until the change is approved."),
        "success",
    )
    return to_course(course_id)


@bp.route("/studio/<course_id>/withdraw", methods=["GET", "POST"])
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_withdraw(course_id: str) -> str | Response:
    """Take a course off the catalogue for good."""
    actor = access.someone()
    form = forms.Withdrawal()
    form.offer(OWN_RULES)
    with db.reading() as session:
        course = drafts.for_staff(session, actor, course_id=course_id)
    if form.validate_on_submit():
        with db.writing() as session:
            course = drafts.for_staff(session, actor, course_id=course_id, lock=True)
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
        return to_course(course_id)
    return render_template(
        "catalogue/studio/withdraw.html",
        course=course,
        form=form,
        back_url=url_for("catalogue.studio_course", course_id=course_id),
    )


@bp.get("/studio/instructors")
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_instructors() -> str:
    """Who teaches for the own institutions, as the public reads them."""
    with db.reading() as session:
        rows = [
            (
                session.get_one(Organisation, organisation_id),
                instructors.of_institution(
                    session, organisation_id=organisation_id, on=worth.today(clock.now())
                ),
            )
            for organisation_id in sorted(access.someone().organisations(Role.INSTITUTION_STAFF))
        ]
    return render_template("catalogue/studio/instructors.html", rows=rows)


@bp.route("/studio/instructors/<person_id>", methods=["GET", "POST"])
@access.needs(Permission.CATALOGUE_STUDIO)
def studio_instructor(person_id: str) -> str | Response:
    """Present an instructor: name, title, introduction."""
    actor = access.someone()
    now = clock.now()
    with db.reading() as session:
        teaching = instructors.for_staff(session, actor, person_id=person_id, on=worth.today(now))
    form = forms.Presentation(obj=teaching)
    if form.validate_on_submit():
        with db.writing() as session:
            instructors.for_staff(session, actor, person_id=person_id, on=worth.today(now))
            instructors.introduce(
                session,
                person_id=person_id,
                name=form.name.data,
                title=form.title.data or "",
                introduction=form.introduction.data or "",
                now=now,
            )
        flash(_("Saved. Courses published from now on carry this name."), "success")
        return redirect(url_for("catalogue.studio_instructors"), 303)
    return render_template("catalogue/studio/instructor.html", form=form, teaching=teaching)


def own_institutions(session: Session) -> list[tuple[str, str]]:
    """The institutions that the asking person works for."""
    ids = access.someone().organisations(Role.INSTITUTION_STAFF)
    rows = session.scalars(
        select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.name)
    )
    return [(row.id, shown.organisation_name(row.name, row.name_en)) for row in rows]


def teacher_ids(session: Session, course: Course) -> list[str]:
    """Who teaches in the draft."""
    return list(
        session.scalars(
            select(CourseInstructor.person_id)
            .where(CourseInstructor.course_id == course.id)
            .order_by(CourseInstructor.position)
        )
    )


def say_missing(row: Missing) -> str:
    """One missing thing in the page's language."""
    return str(shown.MISSING[row.code]) % {"lesson": row.lesson}


def to_course(course_id: str) -> Response:
    """Back to the course's page in the studio."""
    return redirect(url_for("catalogue.studio_course", course_id=course_id), 303)
