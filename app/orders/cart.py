"""The cart's page: what is in it, what it comes to, with a coupon or without."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import access, clock, db
from app.access import Permission
from app.errors import say
from app.orders import pricing, provider
from app.settings import Settings
from courses import errors
from courses.catalogue import editions
from courses.orders import cart

bp = Blueprint("orders_cart", __name__, url_prefix="/orders/cart")


@bp.get("/")
@access.needs(Permission.ORDERS_BUY)
def index() -> str:
    """The cart; a coupon's code stands in the address, so that the page can be looked at before anything is ordered."""
    code = request.args.get("coupon", "")[:40].strip()
    actor = access.someone()
    with db.reading() as session:
        there = cart.of(session, actor.subject_key)
        priced = pricing.of(session, actor, there, code=code, now=clock.now())
    settings: Settings = provider.settings()
    return render_template(
        "orders/learner/cart.html", priced=priced, code=code, takes_transfers=bool(settings.bank_account)
    )


@bp.post("/")
@access.needs(Permission.ORDERS_BUY)
def add() -> Response:
    """Put `course_id` in."""
    course_id = request.form.get("course_id", "")
    with db.writing() as session:
        if editions.current(session, course_id) is None:
            raise errors.NotFound()
        try:
            cart.add(session, access.someone().subject_key, course_id=course_id, now=clock.now())
        except errors.Conflict as refusal:
            flash(say(refusal), "error")
    return redirect(url_for("orders_cart.index"), 303)


@bp.post("/remove")
@access.needs(Permission.ORDERS_BUY)
def remove() -> Response:
    """Take `course_id` out."""
    with db.writing() as session:
        cart.remove(session, access.someone().subject_key, course_id=request.form.get("course_id", ""))
    flash(_("The course is no longer in your cart."), "success")
    return redirect(url_for("orders_cart.index"), 303)
