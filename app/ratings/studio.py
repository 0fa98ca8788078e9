"""The institution's page: what learners said of it and its instructors, and its answers."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db
from app.access import Permission
from app.ratings import targets
from courses import errors, ratings
from courses.catalogue.models import Course
from courses.people.organisations import Actor, Organisation, Role
from courses.ratings import Rating

bp = Blueprint("ratings_studio", __name__, url_prefix="/ratings/studio")


@bp.get("/")
@access.needs(Permission.RATINGS_REPLY)
def index() -> str:
    """Comments on the own institution and on who teaches in its courses."""
    with db.reading() as session:
        return page(session, access.someone())


@bp.post("/<rating_id>/reply")
@access.needs(Permission.RATINGS_REPLY)
def reply(rating_id: str) -> Response | tuple[str, int]:
    """Answer a comment, or change the answer."""
    actor = access.someone()
    text = request.form.get("reply", "")
    with db.writing() as session:
        rating = of_actor(session, actor, rating_id)
        try:
            ratings.reply(rating, text=text, now=clock.now())
        except errors.Invalid as refusal:
            sentence = str(_(refusal.sentence, **refusal.detail))
            return page(session, actor, tried={rating_id: (text, sentence)}), 422
    flash(_("Your answer is published under the comment."), "success")
    return redirect(url_for("ratings_studio.index"), 303)


def page(session: Session, actor: Actor, tried: dict[str, tuple[str, str]] | None = None) -> str:
    """The page; `tried` holds a refused answer with its error, by rating."""
    own = sorted(actor.organisations(Role.INSTITUTION_STAFF))
    prior = targets.prior()
    return render_template(
        "ratings/studio/index.html",
        institutions=[session.get_one(Organisation, organisation_id) for organisation_id in own],
        rows=ratings.of_institutions(session, own, prior=prior),
        prior=prior,
        tried=tried or {},
    )


def of_actor(session: Session, actor: Actor, rating_id: str) -> Rating:
    """A rating given in a course of the actor's institution, or NotFound."""
    rating = ratings.get(session, rating_id)
    course = session.get_one(Course, rating.course_id)
    if course.organisation_id not in actor.organisations(Role.INSTITUTION_STAFF):
        raise errors.NotFound()
    return rating
