"""The buyer's pages: order and go to the checkout, see how it went, list what was bought."""

import stripe
import structlog
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db
from app.access import Permission
from app.errors import say
from app.orders import pricing, provider, seating
from courses import enrolment, errors
from courses.orders import cart, fapiao, paying, placing, returns
from courses.orders.models import Order
from courses.orders.states import Method, OrderState
from courses.people.organisations import Organisation

log = structlog.get_logger()
bp = Blueprint("orders", __name__, url_prefix="/orders")
REFRESH_S = 2


@bp.post("/")
@access.needs(Permission.ORDERS_BUY)
def create() -> Response:
    """Order `course_id`, or without one the cart, and go to the checkout or to the bank's details."""
    actor = access.someone()
    course_id = request.form.get("course_id", "")
    code = request.form.get("coupon", "")[:40].strip()
    back = url_for("catalogue.course", course_id=course_id) if course_id else url_for("orders_cart.index", coupon=code or None)
    if not actor.is_registered:
        flash(_("Register with your real name first; then come back to buy."), "error")
        return redirect(url_for("people.register", next=back), 303)
    wants_transfer = request.form.get("method") == Method.TRANSFER and provider.settings().bank_account
    method = Method.TRANSFER if wants_transfer else Method.PROVIDER
    try:
        with db.writing() as session:
            wanted = [course_id] if course_id else cart.of(session, actor.subject_key)
            order = pricing.order(session, actor, wanted, code=code, method=method, now=clock.now())
            settle_here(session, order)
    except (errors.Conflict, errors.Invalid) as refusal:
        flash(say(refusal), "error")
        return redirect(back, 303)
    if order.method == Method.PROVIDER:
        return go_to_checkout(order)
    return redirect(url_for("orders.show", order_id=order.id), 303)


def settle_here(session: Session, order: Order) -> None:
    """What needs no payment page: nothing to pay is paid, and a transfer's courses leave the cart."""
    if order.method == Method.FREE and order.state == OrderState.OPEN:
        paying.free(session, order, now=clock.now())
        seating.give(session, order, now=clock.now())
    if order.method != Method.PROVIDER:
        cart.empty_of(session, order)


def go_to_checkout(order: Order) -> Response:
    """Ask for a Checkout page outside any transaction, remember its id, and send the buyer there."""
    page = "orders_enterprise.show" if order.organisation_id else "orders.show"
    back = url_for(page, order_id=order.id, _external=True)
    try:
        checkout = provider.start_checkout(
            provider.settings(), order, success_url=back, cancel_url=back, locale=str(get_locale())
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
    key = access.someone().subject_key
    with db.reading() as session:
        return render_template(
            "orders/learner/index.html",
            orders=placing.of_buyer(session, subject_key=key),
            in_cart=len(cart.of(session, key)),
        )


@bp.get("/<order_id>")
@access.needs(Permission.ORDERS_BUY)
def show(order_id: str) -> str:
    """One order; while the payment is being confirmed the page asks again by itself."""
    with db.reading() as session:
        order = placing.get(session, order_id, subject_key=access.someone().subject_key)
        seats = {seat.order_line_id: seat for seat in enrolment.of_lines(session, [line.id for line in order.lines])}
        return render_template(
            "orders/learner/show.html",
            order=order,
            seats=seats,
            has_seats=any(seat.is_open(clock.now()) for seat in seats.values()),
            refunds=returns.of_order(session, order.id),
            fapiao=fapiao.of_order(session, order.id),
            names=names(session, order),
            is_waiting=order.state == OrderState.OPEN and order.checkout_id is not None,
            bank_account=provider.settings().bank_account,
            refresh_s=REFRESH_S,
        )


def names(session: Session, order: Order) -> dict[str, str]:
    """The institutions of an order by their ids."""
    found = (session.get_one(Organisation, line.institution_id) for line in order.lines)
    return {row.id: row.name for row in found}


@bp.post("/<order_id>/checkout")
@access.needs(Permission.ORDERS_BUY)
def checkout(order_id: str) -> Response:
    """Go to the checkout of an order that is still open."""
    with db.reading() as session:
        order = placing.get(session, order_id, subject_key=access.someone().subject_key)
    if not placing.is_fresh(order, clock.now()) or order.method != Method.PROVIDER:
        return redirect(url_for("orders.show", order_id=order_id), 303)
    return go_to_checkout(order)


@bp.post("/<order_id>/cancel")
@access.needs(Permission.ORDERS_BUY)
def cancel(order_id: str) -> Response:
    """Think better of it, while nothing is paid; the payment page is closed, so that nobody pays there after all."""
    with db.writing() as session:
        order = placing.get(session, order_id, subject_key=access.someone().subject_key)
        placing.cancel(session, order)
    if order.checkout_id is not None:
        try:
            provider.expire_checkout(provider.settings(), order.checkout_id)
        except stripe.StripeError as error:  # a payment that comes after all waits for a person
            log.warning("orders.checkout_left_open", order=order.id, error=type(error).__name__)
    flash(_("The order is cancelled. Nothing was charged."), "success")
    return redirect(url_for("orders.show", order_id=order.id), 303)


@bp.get("/<order_id>/receipt")
@access.needs(Permission.ORDERS_BUY)
def receipt(order_id: str) -> str:
    """The receipt of a paid order, to be printed."""
    with db.reading() as session:
        order = placing.get(session, order_id, subject_key=access.someone().subject_key)
        if order.paid_at is None:
            raise errors.NotFound()
        given = [row for row in returns.of_order(session, order.id) if row.state in returns.STANDING and row.line_id]
        return render_template(
            "orders/learner/receipt.html", order=order, names=names(session, order), refunds=given
        )
