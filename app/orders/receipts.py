"""Requests for a fapiao: the buyer's form, the institution's answer, and the file between them."""

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired

from app import access, clock, db, papers
from app.access import Permission
from app.errors import say
from app.forms import Form, at_most, required, stripped
from courses import errors
from courses.orders import fapiao, placing
from courses.orders.models import Order

bp = Blueprint("orders_fapiao", __name__, url_prefix="/orders")
Answer = str | BaseResponse | tuple[str, int]
PREFIX = "fapiao/"


class FapiaoForm(Form):
    """To whom the fapiao is made out."""

    kind = RadioField(
        lazy("Made out to"),
        [InputRequired(message=lazy("Choose one."))],
        choices=[("person", lazy("a private person")), ("company", lazy("a company"))],
        default="company",
    )
    title = StringField(lazy("Title of the fapiao"), [required(), at_most(fapiao.TITLE_LONGEST)], [stripped])
    tax_number = StringField(lazy("Taxpayer's number of the company"), [at_most(40)], [stripped])


@bp.get("/<order_id>/fapiao")
@access.needs(Permission.ORDERS_BUY)
def new(order_id: str) -> str:
    """The form, and how earlier requests stand."""
    with db.reading() as session:
        return page(session, FapiaoForm(formdata=None), mine(session, order_id))


@bp.post("/<order_id>/fapiao")
@access.needs(Permission.ORDERS_BUY)
def create(order_id: str) -> Answer:
    """Ask every institution of the order."""
    form = FapiaoForm()
    with db.writing() as session:
        order = mine(session, order_id)
        if not form.validate():
            return page(session, form, order), 422
        try:
            fapiao.ask(
                session, order, title=form.title.data, tax_number=form.tax_number.data or "",
                is_company=form.kind.data == "company", now=clock.now(),
            )  # fmt: skip
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return page(session, form, order), 422
        except errors.Conflict as refusal:
            form.form_errors.append(say(refusal))
            return page(session, form, order), 409
    flash(_("The institution is asked. The fapiao appears here once it is issued."), "success")
    return redirect(url_for("orders.show", order_id=order_id), 303)


@bp.get("/<order_id>/fapiao/<request_id>")
@access.needs(Permission.ORDERS_BUY)
def file(order_id: str, request_id: str) -> Response:
    """The fapiao as the institution attached it."""
    with db.reading() as session:
        order = mine(session, order_id)
        row = next((one for one in fapiao.of_order(session, order.id) if one.id == request_id), None)
    return download(row)


def mine(session: Session, order_id: str) -> Order:
    """An order of the buyer's own."""
    return placing.get(session, order_id, subject_key=access.someone().subject_key)


def page(session: Session, form: FapiaoForm, order: Order) -> str:
    """The form of an order."""
    return render_template(
        "orders/learner/fapiao.html", form=form, order=order, requests=fapiao.of_order(session, order.id)
    )


def download(row: fapiao.FapiaoRequest | None) -> Response:
    """A fapiao as a download: a browser never runs what somebody sent. NotFound where there is none."""
    if row is None or row.key is None:
        raise errors.NotFound()
    answer = Response(papers.store().open(row.key), mimetype=row.media_type)
    ending = row.key.rpartition(".")[2]
    answer.headers["Content-Disposition"] = f'attachment; filename="fapiao-{row.order_id}.{ending}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
