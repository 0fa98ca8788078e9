"""The buyer gives a course back: what comes back is shown before anything is decided."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from app import access, clock, db, jobs
from app.access import Permission
from app.errors import say
from app.forms import Form, at_most, required, stripped
from app.orders import returning
from courses import enrolment, errors
from courses.enrolment import Enrolment
from courses.orders import placing, returns
from courses.orders.models import Order, OrderLine
from courses.orders.returns import RefundState
from courses.units import Money

bp = Blueprint("orders_refund", __name__, url_prefix="/orders")
Answer = str | Response | tuple[str, int]


class RefundForm(Form):
    """Why it is given back."""

    reason = TextAreaField(lazy("Why do you give it back?"), [required(), at_most(500)], [stripped])


@bp.get("/<order_id>/lines/<line_id>/refund")
@access.needs(Permission.ORDERS_BUY)
def new(order_id: str, line_id: str) -> Answer:
    """What giving this course back would mean, now."""
    with db.reading() as session:
        return page(session, RefundForm(formdata=None), *mine(session, order_id, line_id))


@bp.post("/<order_id>/lines/<line_id>/refund")
@access.needs(Permission.ORDERS_BUY)
def create(order_id: str, line_id: str) -> Answer:
    """Give it back. What came to stand differently since the page was shown is shown again first."""
    form = RefundForm()
    actor = access.someone()
    with db.writing() as session:
        order, line, seat = mine(session, order_id, line_id)
        if not form.validate():
            return page(session, form, order, line, seat), 422
        try:
            with session.begin_nested():  # refused, nothing has happened
                refund = returning.ask(session, seat, reason=form.reason.data, by=actor.subject_key, now=clock.now())
        except errors.Conflict as refusal:
            form.form_errors.append(say(refusal))
            return page(session, form, order, line, seat), 409
        if refund.state == RefundState.GRANTED:
            jobs.dispatch(session, "refunds", refund.id)
    if refund.state == RefundState.ASKED:
        flash(_("Your request is with the platform and the bureau. Until they decide, nothing changes."), "success")
    else:
        flash(_("The course is given back, and your money is on its way."), "success")
    return redirect(url_for("orders.show", order_id=order_id), 303)


def mine(session: Session, order_id: str, line_id: str) -> tuple[Order, OrderLine, Enrolment]:
    """A line of the buyer's own order with the seat that it gave; NotFound where there is none."""
    order = placing.get(session, order_id, subject_key=access.someone().subject_key)
    line = next((row for row in order.lines if row.id == line_id), None)
    seats = enrolment.of_lines(session, [line_id]) if line is not None else []
    if line is None or not seats or order.organisation_id is not None:
        raise errors.NotFound()
    return order, line, seats[0]


def page(session: Session, form: RefundForm, order: Order, line: OrderLine, seat: Enrolment) -> str:
    """The form below what it would give."""
    fault, share, amount = "", None, None
    try:
        share = returning.share(session, seat, now=clock.now())
        amount = Money(min(share.of(line), returns.left_of(session, line)), line.currency)
    except errors.Conflict as refusal:
        fault = say(refusal)
    known = next((row for row in returns.of_enrolment(session, seat.id) if row.ends_seat), None)
    return render_template(
        "orders/learner/refund.html",
        form=form, order=order, line=line, share=share, amount=amount, fault=fault, known=known,
        is_void=share is not None and not share.is_posted and amount is not None and amount.minor == 0
        and line.price.minor > 0,
    )  # fmt: skip


