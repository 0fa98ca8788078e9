"""The buyer's pages: open an order and go to the checkout, see how it went, list what was bought."""

import stripe
import structlog
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db
from app.access import Permission
from app.orders import provider
from app.settings import Settings
from courses import enrolment, errors
from courses.catalogue import editions
from courses.catalogue.models import Course
from courses.orders import placing
from courses.orders.models import Order
from courses.orders.placing import Wanted
from courses.orders.states import OrderState
from courses.people.jurisdictions import day_of
from courses.people.organisations import Actor
from courses.people.persons import jurisdiction_of

log = structlog.get_logger()
bp = Blueprint("orders", __name__, url_prefix="/orders")
REFRESH_S = 2


def settings() -> Settings:
    """This application's settings."""
    found: Settings = current_app.extensions["xueshi_settings"]
    return found


def open_for(session: Session, actor: Actor, course_id: str) -> Order:
    """An order for the current edition of a course that this person may take, and has not yet."""
    if not actor.is_registered:
        raise errors.Conflict("registration_required", "Register with your real name first.")
    now = clock.now()
    edition = editions.current(session, course_id)
    course = session.get(Course, course_id)
    if edition is None or course is None or course.withdrawn_at is not None:
        raise errors.NotFound()
    if jurisdiction_of(session, actor.person_id, on=day_of(now)) is None:
        raise errors.Conflict("district_required", "Name your employer or your district first.")
    for taken in enrolment.mine(session, actor.subject_key):
        if taken.edition_id == edition.id:
            raise errors.Conflict("already_enrolled", "You are already enrolled in this course.")
    price = editions.price(edition)
    if price.minor == 0:
        raise errors.Conflict("course_is_free", "This course is free: enrol on its page.")
    line = Wanted(course_id, edition.number, course.organisation_id, edition.facts["title"], price)
    return placing.place(session, subject_key=actor.subject_key, wanted=[line], now=now)


@bp.post("/")
@access.needs(Permission.ORDERS_BUY)
def create() -> Response:
    """Open an order for `course_id` and go to the checkout."""
    actor = access.someone()
    course_id = request.form.get("course_id", "")
    if not actor.is_registered:
        flash(_("Register with your real name first; then come back to buy."), "error")
        return redirect(url_for("people.register", next=url_for("catalogue.course", course_id=course_id)), 303)
    try:
        with db.writing() as session:
            order = open_for(session, actor, course_id)
    except errors.Conflict as refusal:
        flash(_(refusal.sentence, **refusal.detail), "error")
        return redirect(url_for("catalogue.course", course_id=course_id), 303)
    return go_to_checkout(order)


def go_to_checkout(order: Order) -> Response:
    """Ask for a Checkout page outside any transaction, remember its id, and send the buyer there."""
    page = "orders_enterprise.show" if order.organisation_id else "orders.show"
    back = url_for(page, order_id=order.id, _external=True)
    try:
        checkout = provider.start_checkout(
            settings(), order, success_url=back, cancel_url=back, locale=str(get_locale())
        )
    except stripe.StripeError as error:
        log.warning("orders.checkout_failed", order=order.id, error=type(error).__name__)
        flash(_("The payment service does not answer. Your order is kept; try again in a moment."), "error")
        return redirect(back, 303)
    with db.writing() as session:
        kept = placing.locked(session, order.id)
        if kept is not None and kept.state == OrderState.OPEN:
            kept.checkout_id = checkout.id
    return redirect(checkout.url, 303)


@bp.get("/")
@access.needs(Permission.ORDERS_BUY)
def index() -> str:
    """Everything this person ordered."""
    with db.reading() as session:
        found = placing.of_buyer(session, subject_key=access.someone().subject_key)
        return render_template("orders/learner/index.html", orders=found)


@bp.get("/<order_id>")
@access.needs(Permission.ORDERS_BUY)
def show(order_id: str) -> str:
    """One order; while the payment is being confirmed the page asks again by itself."""
    with db.reading() as session:
        order = placing.get(session, order_id, subject_key=access.someone().subject_key)
        taken = enrolment.of_lines(session, [line.id for line in order.lines])
        return render_template(
            "orders/learner/show.html",
            order=order,
            has_seats=bool(taken),
            is_waiting=order.state == OrderState.OPEN and order.checkout_id is not None,
            refresh_s=REFRESH_S,
        )


@bp.post("/<order_id>/checkout")
@access.needs(Permission.ORDERS_BUY)
def checkout(order_id: str) -> Response:
    """Go to the checkout of an order that is still open."""
    with db.reading() as session:
        order = placing.get(session, order_id, subject_key=access.someone().subject_key)
    if order.state != OrderState.OPEN:
        return redirect(url_for("orders.show", order_id=order_id), 303)
    return go_to_checkout(order)


@bp.post("/<order_id>/cancel")
@access.needs(Permission.ORDERS_BUY)
def cancel(order_id: str) -> Response:
    """Think better of it, while nothing is paid."""
    with db.writing() as session:
        order = placing.get(session, order_id, subject_key=access.someone().subject_key)
        placing.cancel(session, order)
    flash(_("The order is cancelled. Nothing was charged."), "success")
    return redirect(url_for("orders.show", order_id=order.id), 303)
