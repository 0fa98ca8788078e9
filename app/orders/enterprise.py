"""An enterprise buys seats: a quote, the agreement, then online payment or a bank transfer; and its orders."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, NumberRange

from app import access, clock, db
from app.access import Permission
from app.forms import Form
from app.orders import learner
from courses import errors
from courses.catalogue import editions
from courses.catalogue.models import Course
from courses.orders import placing
from courses.orders.models import Order
from courses.orders.placing import Wanted
from courses.orders.states import Method, OrderState
from courses.people import organisations, staff

bp = Blueprint("orders_enterprise", __name__, url_prefix="/orders/seats")
MOST = 10_000


class SeatsForm(Form):
    """How many seats, for whom, and how they are paid."""

    course = HiddenField()
    organisation_id = SelectField(lazy("Enterprise"), [InputRequired()])
    quantity = IntegerField(
        lazy("Seats"),
        [
            InputRequired(message=lazy("Fill this in.")),
            NumberRange(1, MOST, message=lazy("Order 1 to 10,000 seats.")),
        ],
        default=10,
    )
    method = RadioField(
        lazy("Payment"),
        [InputRequired(message=lazy("Choose one."))],
        choices=[(Method.PROVIDER, lazy("Online: card, Alipay or WeChat Pay")), (Method.TRANSFER, lazy("Bank transfer"))],
        default=Method.TRANSFER,
    )
    agreed = BooleanField(
        lazy("I accept the agreement for the enterprise"), [InputRequired(message=lazy("Read the agreement and accept it."))]
    )


@bp.get("/")
@access.needs(Permission.ORDERS_SEATS)
def index() -> str:
    """What the actor's enterprises ordered."""
    actor = access.someone()
    with db.reading() as session:
        found = [
            order
            for one in staff.managed(actor)
            for order in placing.of_buyer(session, subject_key=actor.subject_key, organisation_id=one)
        ]
        return render_template("orders/enterprise/index.html", orders=found)


@bp.get("/new")
@access.needs(Permission.ORDERS_SEATS)
def new() -> str:
    """The quote, as far as the number of seats is known."""
    with db.reading() as session:
        form = offered(session, SeatsForm(request.args))
        return quote(session, form)


def offered(session: Session, form: SeatsForm) -> SeatsForm:
    """The form with the enterprises that the actor manages."""
    form.organisation_id.choices = [
        (one, organisations.get(session, one).name) for one in staff.managed(access.someone())
    ]
    return form


def quote(session: Session, form: SeatsForm) -> str:
    """The page: what so many seats cost, the agreement, and the form."""
    line = wanted(session, form)
    return render_template("orders/enterprise/new.html", form=form, line=line)


def wanted(session: Session, form: SeatsForm) -> Wanted:
    """The line that would be ordered; NotFound where the course is not on offer, `course_is_free` where it needs none."""
    course_id = form.course.data or ""
    edition, course = editions.current(session, course_id), session.get(Course, course_id)
    if edition is None or course is None:
        raise errors.NotFound()
    price = editions.price(edition)
    if price.minor == 0:
        raise errors.Conflict("seats_not_needed", "This course is free: assign it to your staff without seats.")
    quantity = form.quantity.data or 1
    return Wanted(
        course_id, edition.number, course.organisation_id, edition.facts["title"], price,
        quantity=min(max(quantity, 1), MOST),
    )  # fmt: skip


@bp.post("/new")
@access.needs(Permission.ORDERS_SEATS)
def create() -> Response | tuple[str, int]:
    """Order the seats, and go to the checkout or to the page with the account to pay into."""
    actor = access.someone()
    with db.reading() as session:
        form = offered(session, SeatsForm())
        if not form.validate():
            return quote(session, form), 422
    with db.writing() as session:
        order = placing.place(
            session,
            subject_key=actor.subject_key,
            organisation_id=form.organisation_id.data,
            wanted=[wanted(session, form)],
            method=Method(form.method.data),
            now=clock.now(),
        )
    if order.method == Method.PROVIDER:
        return learner.go_to_checkout(order)
    return redirect(url_for("orders_enterprise.show", order_id=order.id), 303)


def mine(session: Session, order_id: str) -> Order:
    """An order of the actor's enterprises, or NotFound; what the actor bought for themselves is elsewhere."""
    actor = access.someone()
    found = placing.get(session, order_id, subject_key=actor.subject_key, organisation_ids=staff.managed(actor))
    if found.organisation_id is None:
        raise errors.NotFound()
    return found


@bp.get("/<order_id>")
@access.needs(Permission.ORDERS_SEATS)
def show(order_id: str) -> str:
    """One order, as it can be printed: lines, state, how to pay."""
    with db.reading() as session:
        order = mine(session, order_id)
        return render_template(
            "orders/enterprise/show.html",
            order=order,
            enterprise=organisations.get(session, order.organisation_id or ""),
            is_waiting=order.state == OrderState.OPEN and order.checkout_id is not None,
        )


@bp.post("/<order_id>/checkout")
@access.needs(Permission.ORDERS_SEATS)
def checkout(order_id: str) -> Response:
    """Go to the checkout of an order that is still open."""
    with db.reading() as session:
        order = mine(session, order_id)
    if order.state != OrderState.OPEN or order.method != Method.PROVIDER:
        return redirect(url_for("orders_enterprise.show", order_id=order_id), 303)
    return learner.go_to_checkout(order)


@bp.post("/<order_id>/cancel")
@access.needs(Permission.ORDERS_SEATS)
def cancel(order_id: str) -> Response:
    """Think better of it, while nothing is paid."""
    with db.writing() as session:
        placing.cancel(session, mine(session, order_id))
    flash(_("The order is cancelled. Nothing was charged."), "success")
    return redirect(url_for("orders_enterprise.show", order_id=order_id), 303)
