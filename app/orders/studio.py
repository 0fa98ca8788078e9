"""The institution's side: its coupons, requests for a fapiao, and money given back out of goodwill."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import DateField, DecimalField, IntegerField, SelectField, StringField
from wtforms.validators import Optional

from app import access, clock, db, jobs, papers
from app.access import Permission
from app.errors import say
from app.forms import Form, at_most, required, stripped
from app.orders import provider, receipts
from courses import errors
from courses.ledger.cases import files
from courses.orders import coupons, fapiao, refunds
from courses.orders.models import OrderLine
from courses.people.organisations import Organisation, Role

bp = Blueprint("orders_studio", __name__, url_prefix="/orders/studio")
Answer = str | BaseResponse | tuple[str, int]


class CouponForm(Form):
    """A coupon as it is made."""

    organisation = SelectField(lazy("Institution"))
    code = StringField(lazy("Code"), [required(), at_most(20)], [stripped])
    percent = IntegerField(lazy("Percent off"), [Optional()])
    amount = DecimalField(lazy("Or amount off, in yuan"), [Optional()], places=2)
    most_uses = IntegerField(lazy("How often in all"), [Optional()])
    most_each = IntegerField(lazy("How often for each buyer"), [Optional()])
    from_on = DateField(lazy("From"), [Optional()])
    until_on = DateField(lazy("Last day"), [Optional()])


class GoodwillForm(Form):
    """Money given back that ends nothing."""

    line = StringField(lazy("Line number on the buyer's receipt"), [required(), at_most(16)], [stripped])
    amount = DecimalField(lazy("Amount in yuan"), [required()], places=2, id="goodwill-amount")
    reason = StringField(lazy("Reason"), [required(), at_most(300)], [stripped])


def minor(amount: Decimal | None) -> int | None:
    """Yuan as fen; an amount that has none is refused at its field."""
    if amount is None:
        return None
    if not amount.is_finite() or amount * 100 != int(amount * 100) or abs(amount) > 10**9:
        raise errors.Invalid("amount_decimals", "An amount has at most two decimals.", field="amount")
    return int(amount * 100)


def mine() -> frozenset[str]:
    """The institutions of whoever asks."""
    return access.someone().organisations(Role.INSTITUTION_STAFF)


@bp.get("/")
@access.needs(Permission.ORDERS_STUDIO)
def index() -> str:
    """Coupons and requests."""
    with db.reading() as session:
        return page(session, CouponForm(formdata=None), GoodwillForm(formdata=None))


def page(session: Session, form: CouponForm, goodwill: GoodwillForm) -> str:
    """Everything on one page; which form was sent keeps what was typed."""
    places = [session.get_one(Organisation, one) for one in sorted(mine())]
    form.organisation.choices = [(row.id, row.name) for row in places]
    listed = [(row, coupons.uses(session, row)) for place in places for row in coupons.of(session, place.id)]
    asked = [(row, fapiao.amount(order, row.institution_id)) for row, order in fapiao.of_institutions(session, mine())]
    return render_template("orders/studio/index.html", form=form, goodwill=goodwill, coupons=listed, requests=asked)


@bp.post("/coupons")
@access.needs(Permission.ORDERS_STUDIO)
def create_coupon() -> Answer:
    """Make a coupon of one of the own institutions."""
    form = CouponForm()
    form.organisation.choices = [(one, one) for one in sorted(mine())]
    with db.writing() as session:
        if not form.validate():
            return page(session, form, GoodwillForm(formdata=None)), 422
        refused = made(session, form, form.organisation.data)
        if refused:
            return page(session, form, GoodwillForm(formdata=None)), refused
    flash(_("The coupon is made."), "success")
    return redirect(url_for("orders_studio.index"), 303)


def made(session: Session, form: CouponForm, institution_id: str | None) -> int:
    """Make the coupon of a valid form; the status where it is refused, with the sentence in the form."""
    now = clock.now()
    try:
        coupons.create(
            session, code=form.code.data, institution_id=institution_id, percent=form.percent.data,
            amount_minor=minor(form.amount.data), currency="CNY", most_uses=form.most_uses.data,
            most_each=form.most_each.data, from_at=first_of(form.from_on.data) or now,
            until_at=first_of(form.until_on.data and form.until_on.data + timedelta(days=1)),
            made_by=access.someone().subject_key, now=now,
        )  # fmt: skip
    except errors.Invalid as refusal:
        form.refuse(refusal)
        return 422
    except errors.Conflict as refusal:
        form.form_errors.append(say(refusal))
        return 409
    return 0


def first_of(day: object) -> datetime | None:
    """The first instant of a day where the site stands."""
    zone = ZoneInfo(provider.settings().time_zone)
    return datetime.combine(day, time(), zone) if day else None  # type: ignore[arg-type]


@bp.post("/coupons/<coupon_id>/end")
@access.needs(Permission.ORDERS_STUDIO)
def end_coupon(coupon_id: str) -> BaseResponse:
    """Nobody gets it from now on."""
    with db.writing() as session:
        row = session.get(coupons.Coupon, coupon_id)
        if row is None or row.institution_id not in mine():
            raise errors.NotFound()
        coupons.end(session, coupon_id, institution_id=row.institution_id, now=clock.now())
    flash(_("The coupon has ended. Orders that have it keep it."), "success")
    return redirect(url_for("orders_studio.index"), 303)


@bp.post("/goodwill")
@access.needs(Permission.ORDERS_STUDIO)
def give_back() -> Answer:
    """Give part of a price back, of the institution's own money; no hour is touched."""
    form = GoodwillForm()
    with db.writing() as session:
        if not form.validate():
            return page(session, CouponForm(formdata=None), form), 422
        line = session.get(OrderLine, form.line.data.lower())
        try:
            if line is None or line.institution_id not in mine():
                raise errors.Invalid("line_unknown", "There is no such line among your orders.", field="line")
            refund = refunds.goodwill(
                session, line_id=line.id, amount_minor=minor(form.amount.data) or 0, reason=form.reason.data,
                by=access.someone().subject_key, is_ours=False, now=clock.now(),
            )  # fmt: skip
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return page(session, CouponForm(formdata=None), form), 422
        except errors.Conflict as refusal:
            form.form_errors.append(say(refusal))
            return page(session, CouponForm(formdata=None), form), 409
        jobs.dispatch(session, "refunds", refund.id)
    flash(_("The money is on its way. Course and hours stay as they are."), "success")
    return redirect(url_for("orders_studio.index"), 303)


@bp.post("/fapiao/<request_id>")
@access.needs(Permission.ORDERS_STUDIO)
def answer_fapiao(request_id: str) -> BaseResponse:
    """Attach the fapiao, or without a file say why there is none."""
    note = request.form.get("note", "")
    try:
        with db.reading() as session:
            fapiao.get(session, request_id, institution_ids=mine())
        key, media_type = stored()
        with db.writing() as session:
            row = fapiao.get(session, request_id, institution_ids=mine())
            fapiao.answer(session, row, key=key, media_type=media_type, note=note, now=clock.now())
    except (errors.Invalid, errors.Conflict) as refusal:
        flash(say(refusal), "error")
    else:
        flash(_("The buyer finds your answer with the order."), "success")
    return redirect(url_for("orders_studio.index"), 303)


def stored() -> tuple[str | None, str]:
    """The file of this request, judged by its content and kept below its own prefix; None without one."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return None, ""
    data = upload.stream.read(files.MOST_BYTES + 1)
    judged = files.prepared(data, about="", name=upload.filename, added_by="", now=clock.now())
    key = receipts.PREFIX + judged.key.rpartition("/")[2]
    papers.store().put(key, data)
    return key, judged.media_type


@bp.get("/fapiao/<request_id>")
@access.needs(Permission.ORDERS_STUDIO)
def file(request_id: str) -> Response:
    """The file that was attached."""
    with db.reading() as session:
        row = fapiao.get(session, request_id, institution_ids=mine())
    return receipts.download(row)
