"""The regulator's page: comments in the own jurisdiction; hide one with a reason, or take that back."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db
from app.access import Permission
from courses import errors, ratings
from courses.catalogue.models import Course
from courses.people.organisations import Actor, Organisation
from courses.ratings import Rating

bp = Blueprint("ratings_oversight", __name__, url_prefix="/ratings/oversight")


@bp.get("/")
@access.needs(Permission.RATINGS_MODERATE)
def index() -> str:
    """Newest comments on institutions that the official supervises."""
    with db.reading() as session:
        return page(session, access.someone())


@bp.post("/<rating_id>")
@access.needs(Permission.RATINGS_MODERATE)
def moderate(rating_id: str) -> Response | tuple[str, int]:
    """Hide with a reason (`action=hide`) or show again."""
    actor = access.someone()
    with db.writing() as session:
        rating = of_actor(session, actor, rating_id)
        if request.form.get("action") != "hide":
            ratings.show_again(rating)
            said = _("The comment is shown again.")
        else:
            try:
                ratings.hide(
                    rating, reason=request.form.get("reason", ""), by=actor.subject_key, now=clock.now()
                )
            except errors.Invalid as refusal:
                return page(session, actor, tried={rating_id: str(_(refusal.sentence))}), 422
            said = _("The comment is hidden. Its score still counts.")
    flash(said, "success")
    return redirect(url_for("ratings_oversight.index"), 303)


def page(session: Session, actor: Actor, tried: dict[str, str] | None = None) -> str:
    """The page; `tried` holds an error by rating."""
    areas = None if actor.is_city_regulator else sorted(actor.jurisdictions())
    rows = ratings.in_jurisdictions(session, areas)
    return render_template("ratings/oversight/index.html", rows=rows, tried=tried or {})


def of_actor(session: Session, actor: Actor, rating_id: str) -> Rating:
    """A rating within the official's jurisdiction, or NotFound."""
    rating = ratings.get(session, rating_id)
    course = session.get_one(Course, rating.course_id)
    institution = session.get_one(Organisation, course.organisation_id)
    if not actor.is_city_regulator and institution.supervised_by not in actor.jurisdictions():
        raise errors.NotFound()
    return rating
