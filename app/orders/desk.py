"""The operator's desk: transfers to confirm, money to send back, refunds to decide, books and differences.

Shows order numbers, titles and amounts; no names.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DecimalField, StringField, TextAreaField
from wtforms.validators import Optional

from app import access, clock, db, jobs
from app.access import Permission
from app.errors import say
from app.forms import Form, at_most, required, stripped
from app.orders import returning, seating
from app.orders.studio import CouponForm, made, minor
from courses import errors
from courses.orders import books, cart, coupons, paying, reconciling, refunds, repaying, returns
from courses.orders.disputes import Dispute
from courses.orders.models import Order, OrderLine, Payment
from courses.orders.returns import Kind, RefundState, Side
from courses.orders.states import STRAY, Method, OrderState, Outcome
from courses.units import Money

bp = Blueprint("orders_desk", __name__, url_prefix="/orders/desk")
Answer = str | Response | tuple[str, int]


class TransferForm(Form):
    """One line of a bank statement."""

    order = StringField(lazy("Order number in the transfer's note"), [required(), at_most(20)], [stripped])
    reference = StringField(lazy("The bank's reference"), [required(), at_most(60)], [stripped])
    amount = DecimalField(lazy("Amount in yuan"), [required()], places=2, id="transfer-amount")


class DecisionForm(Form):
    """What the operator found."""

    amount = DecimalField(lazy("Amount to give back, in yuan"), [Optional()], places=2)
    note = TextAreaField(lazy("What you found"), [required(), at_most(500)], [stripped])


@bp.get("/")
@access.needs(Permission.ORDERS_OPERATE)
def index() -> str:
    """What waits for a person, and how the books stand."""
    with db.reading() as session:
        return page(session, TransferForm(formdata=None), coupon_form())


def coupon_form(*, is_sent: bool = False) -> CouponForm:
    """The form of a coupon that the platform pays for."""
    form = CouponForm() if is_sent else CouponForm(formdata=None)
    del form.organisation
    return form


def page(session: Session, form: TransferForm, coupon: CouponForm) -> str:
    """The desk."""
    waiting = select(Order).where(Order.state == OrderState.OPEN, Order.method == Method.TRANSFER)
    stray = select(Payment).where(Payment.outcome.in_(sorted(STRAY)))
    sent_back = select(returns.Refund.payment_id).where(returns.Refund.kind == Kind.STRAY)
    return render_template(
        "orders/desk/index.html",
        form=form,
        coupon=coupon,
        coupons=[(row, coupons.uses(session, row)) for row in coupons.of(session, None)],
        waiting=session.scalars(waiting.order_by(Order.opened_at)).all(),
        stray=session.scalars(stray.where(Payment.id.not_in(sent_back)).order_by(Payment.received_at)).all(),
        asked=returns.in_states(session, RefundState.ASKED),
        owed=by_hand(session),
        failed=returns.in_states(session, RefundState.FAILED),
        disputes=session.scalars(select(Dispute).order_by(Dispute.opened_at.desc()).limit(50)).all(),
        balances=[(name, Money(total, currency)) for (name, currency), total in sorted(books.balances(session).items())],
        last=reconciling.last(session),
        differences=reconciling.differences(session),
    )


def by_hand(session: Session) -> list[returns.Refund]:
    """Refunds that staff transfer themselves, and those that the provider would not take."""
    rows = returns.in_states(session, RefundState.GRANTED)
    methods = {row.id: row.method for row in session.scalars(select(Payment).where(Payment.id.in_([one.payment_id for one in rows])))}
    return [
        row for row in rows
        if methods.get(row.payment_id or "") == Method.TRANSFER or row.attempts >= repaying.MAX_ATTEMPTS
    ]  # fmt: skip


@bp.post("/transfers")
@access.needs(Permission.ORDERS_OPERATE)
def transfer() -> Answer:
    """Confirm a transfer against the bank's statement."""
    form = TransferForm()
    with db.writing() as session:
        if not form.validate():
            return page(session, form, coupon_form()), 422
        try:
            outcome = received(session, form)
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return page(session, form, coupon_form()), 422
        except errors.Conflict as refusal:
            form.form_errors.append(say(refusal))
            return page(session, form, coupon_form()), 409
    if outcome is Outcome.PAID:
        flash(_("The order is paid, and its courses are open."), "success")
    elif outcome is Outcome.ALREADY_PAID:
        flash(_("This transfer was entered before. Nothing changed."), "success")
    elif outcome is Outcome.NOT_ENROLLED:
        flash(_("The order is paid, but a course could not be opened: see to it, and give that one back."), "error")
    else:
        flash(_("The money is in the books, but buys nothing as it is: it is listed below, to be sent back."), "error")
    return redirect(url_for("orders_desk.index"), 303)


def received(session: Session, form: TransferForm) -> Outcome:
    """Book the transfer and give the seats."""
    name = form.order.data.lower()
    if session.get(Order, name) is None:
        raise errors.Invalid("order_unknown", "There is no order with this number. Check the note of the transfer.", field="order")
    outcome, order = paying.transferred(
        session, order_id=name, reference=form.reference.data, amount=Money(minor(form.amount.data) or 0, "CNY"),
        now=clock.now(),
    )  # fmt: skip
    if outcome is Outcome.PAID and order is not None:
        cart.empty_of(session, order)
        if not seating.give(session, order, now=clock.now()):
            return Outcome.NOT_ENROLLED
    return outcome


@bp.post("/stray/<path:payment_id>")
@access.needs(Permission.ORDERS_OPERATE)
def send_back(payment_id: str) -> Response:
    """Send back what bought nothing."""
    with db.writing() as session:
        refund = refunds.return_stray(
            session, payment_id, reason=_("This payment bought nothing."), by=access.someone().subject_key,
            now=clock.now(),
        )  # fmt: skip
        jobs.dispatch(session, "refunds", refund.id)
    flash(_("The money is on its way back."), "success")
    return redirect(url_for("orders_desk.index"), 303)


@bp.get("/refunds/<refund_id>")
@access.needs(Permission.ORDERS_OPERATE)
def show(refund_id: str) -> str:
    """One refund that somebody asked for."""
    with db.reading() as session:
        return asked(session, refund_id, DecisionForm(formdata=None))


@bp.post("/refunds/<refund_id>")
@access.needs(Permission.ORDERS_OPERATE)
def decide(refund_id: str) -> Answer:
    """The operator's word."""
    form = DecisionForm()
    with db.writing() as session:
        if not form.validate():
            return asked(session, refund_id, form), 422
        try:
            with session.begin_nested():
                refund = returning.decide(
                    session, refund_id, side=Side.OPERATOR, is_approved=request.form.get("verdict") == "approve",
                    amount_minor=minor(form.amount.data), note=form.note.data, by=access.someone().subject_key,
                    now=clock.now(),
                )  # fmt: skip
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return asked(session, refund_id, form), 422
        except errors.Conflict as refusal:
            form.form_errors.append(say(refusal))
            return asked(session, refund_id, form), 409
        jobs.dispatch(session, "refunds", refund.id)
    flash(_("Your decision is kept."), "success")
    return redirect(url_for("orders_desk.index"), 303)


def asked(session: Session, refund_id: str, form: DecisionForm) -> str:
    """A refund with its line and what was decided so far."""
    refund = session.get(returns.Refund, refund_id)
    if refund is None or refund.line_id is None:
        raise errors.NotFound()
    decisions = returns.decisions(session, refund.id)
    return render_template(
        "orders/desk/refund.html",
        refund=refund,
        line=session.get_one(OrderLine, refund.line_id),
        decisions=decisions,
        form=form,
        may_decide=refund.state == RefundState.ASKED and not decisions,
    )


@bp.post("/refunds/<refund_id>/paid")
@access.needs(Permission.ORDERS_OPERATE)
def paid(refund_id: str) -> Response:
    """Staff transferred it by hand."""
    with db.writing() as session:
        refund = returns.locked(session, refund_id)
        if refund not in by_hand(session):
            raise errors.NotFound()
        repaying.done(session, refund, provider_id=None, now=clock.now())
    flash(_("The refund is done."), "success")
    return redirect(url_for("orders_desk.index"), 303)


@bp.post("/refunds/<refund_id>/again")
@access.needs(Permission.ORDERS_OPERATE)
def again(refund_id: str) -> Response:
    """Send a refund anew that did not arrive."""
    with db.writing() as session:
        refund = returns.locked(session, refund_id)
        repaying.again(session, refund)
        jobs.dispatch(session, "refunds", refund.id)
    flash(_("The money is on its way back."), "success")
    return redirect(url_for("orders_desk.index"), 303)


@bp.post("/coupons")
@access.needs(Permission.ORDERS_OPERATE)
def create_coupon() -> Answer:
    """Make a coupon for every institution's courses; the platform pays for it."""
    form = coupon_form(is_sent=True)
    with db.writing() as session:
        if not form.validate():
            return page(session, TransferForm(formdata=None), form), 422
        refused = made(session, form, None)
        if refused:
            return page(session, TransferForm(formdata=None), form), refused
    flash(_("The coupon is made."), "success")
    return redirect(url_for("orders_desk.index"), 303)


@bp.post("/coupons/<coupon_id>/end")
@access.needs(Permission.ORDERS_OPERATE)
def end_coupon(coupon_id: str) -> Response:
    """Nobody gets it from now on."""
    with db.writing() as session:
        coupons.end(session, coupon_id, institution_id=None, now=clock.now())
    flash(_("The coupon has ended. Orders that have it keep it."), "success")
    return redirect(url_for("orders_desk.index"), 303)


