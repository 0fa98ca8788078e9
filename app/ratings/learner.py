"""The learner's page: one form a target, open once hours were posted."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField

from app import access, clock, db
from app.access import Permission
from app.forms import Form, at_most, required
from app.ratings import targets
from courses import enrolment, errors, ratings
from courses.catalogue import editions
from courses.enrolment import Enrolment
from courses.ratings import Target, TargetKind

bp = Blueprint("ratings", __name__, url_prefix="/ratings")
STARS = [
    ("1", lazy("1 star: poor")),
    ("2", lazy("2 stars: weak")),
    ("3", lazy("3 stars: fair")),
    ("4", lazy("4 stars: good")),
    ("5", lazy("5 stars: excellent")),
]


class RatingForm(Form):
    """One score with a comment."""

    score = RadioField(lazy("Score"), choices=STARS, validators=[required()], validate_choice=False)
    comment = TextAreaField(lazy("Comment"), validators=[at_most(ratings.MAX_COMMENT)])


@bp.get("/enrolments/<enrolment_id>")
@access.needs(Permission.RATINGS_WRITE)
def show(enrolment_id: str) -> str:
    """What can be rated after this course, and what was said already."""
    with db.reading() as session:
        taken = enrolment.for_subject(
            session, enrolment_id, subject_key=access.someone().subject_key
        )
        return page(session, taken, {})


@bp.post("/enrolments/<enrolment_id>")
@access.needs(Permission.RATINGS_WRITE)
def rate(enrolment_id: str) -> Response | tuple[str, int]:
    """Give or change one rating, named by the form's `kind` and `target`."""
    kind, target_id = request.form.get("kind", ""), request.form.get("target", "")
    if kind not in set(TargetKind):
        raise errors.NotFound()
    target = Target(TargetKind(kind), target_id)
    form = RatingForm(prefix=f"{target.kind}-{target.id}-")
    subject_key = access.someone().subject_key
    with db.writing() as session:
        enrolment.lock_subject(session, subject_key)
        taken = enrolment.for_subject(session, enrolment_id, subject_key=subject_key)
        if form.validate_on_submit():
            try:
                store(session, taken, target, form)
            except errors.Invalid as refusal:
                form.refuse(refusal)
        if form.errors:
            return page(session, taken, {target: form}), 422
    flash(_("Thank you. Your rating counts, and nobody sees that it is yours."), "success")
    return redirect(url_for("ratings.show", enrolment_id=enrolment_id), 303)


def store(session: Session, taken: Enrolment, target: Target, form: RatingForm) -> None:
    """Keep a rating and what the catalogue shows of it."""
    edition = editions.get(session, taken.edition_id)
    ratings.rate(
        session,
        enrolment_id=taken.id,
        course_id=taken.course_id,
        target=target,
        targets=[named.target for named in targets.of_edition(session, edition)],
        score=int(form.score.data) if str(form.score.data).isdecimal() else 0,
        comment=form.comment.data or "",
        change_days=change_days(),
        now=clock.now(),
    )
    targets.summarise(session, taken.course_id)


def change_days() -> int:
    """How long a rating may be changed."""
    days: int = current_app.extensions["xueshi_settings"].rating_change_days
    return days


def page(session: Session, taken: Enrolment, tried: dict[Target, RatingForm]) -> str:
    """The page with a form for each target; a refused one keeps what was typed."""
    edition = editions.get(session, taken.edition_id)
    rows: list[dict[str, Any]] = []
    for named in targets.of_edition(session, edition):
        said = ratings.given(session, enrolment_id=taken.id, target=named.target)
        prefix = f"{named.target.kind}-{named.target.id}-"
        data = {"score": str(said.score), "comment": said.comment} if said else None
        final_at = said.at + timedelta(days=change_days()) if said else None
        rows.append(
            {
                "named": named,
                "said": said,
                "final_at": final_at,
                "is_final": final_at is not None and clock.now() >= final_at,
                "form": tried.get(named.target) or RatingForm(formdata=None, prefix=prefix, data=data),
            }
        )
    return render_template(
        "ratings/learner/show.html",
        enrolment=taken,
        title=edition.facts["title"],
        rows=rows,
        is_eligible=ratings.has_hours(session, taken.id),
    )
