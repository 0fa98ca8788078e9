"""The bureau's side: refunds that would take hours back wait for an officer's word; each look is logged."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from app import access, clock, db, jobs
from app.access import Permission
from app.errors import say
from app.forms import Form, at_most, required, stripped
from app.orders import returning
from courses import errors, oversight
from courses.certificates import revoking
from courses.enrolment import Enrolment
from courses.ledger import progress
from courses.orders import returns
from courses.orders.models import OrderLine
from courses.orders.returns import Refund, RefundDecision, RefundState, Side
from courses.people import persons
from courses.people.persons import Person, Subject

bp = Blueprint("orders_oversight", __name__, url_prefix="/orders/refunds")
Answer = str | Response | tuple[str, int]


class DecisionForm(Form):
    """What the officer found."""

    note = TextAreaField(lazy("What you found"), [required(), at_most(500)], [stripped])


@bp.get("/")
@access.needs(Permission.ORDERS_AGREE)
def index() -> str:
    """Refunds of learners of the officer's area that the operator approved."""
    actor = access.someone()
    spoken = exists().where(RefundDecision.refund_id == Refund.id, RefundDecision.side == Side.OPERATOR)
    asked = (
        select(Refund, OrderLine.title, Person.display_name)
        .join(OrderLine, OrderLine.id == Refund.line_id)
        .join(Enrolment, Enrolment.id == Refund.enrolment_id)
        .join(Subject, Subject.key == Enrolment.subject_key)
        .join(Person, Person.id == Subject.person_id)
        .where(Refund.state == RefundState.ASKED, Refund.is_posted, spoken)
        .order_by(Refund.asked_at, Refund.id)
        .limit(200)
    )
    if not actor.is_city_regulator:
        asked = asked.where(persons.belongs_to(actor.jurisdictions(), on=clock.today()))
    with db.reading() as session:
        return render_template("orders/oversight/index.html", rows=session.execute(asked).all())


@bp.get("/<refund_id>")
@access.needs(Permission.ORDERS_AGREE)
def show(refund_id: str) -> str:
    """One of them; the look is written down."""
    with db.writing() as session:
        return page(session, refund_id, DecisionForm(formdata=None))


@bp.post("/<refund_id>")
@access.needs(Permission.ORDERS_AGREE)
def decide(refund_id: str) -> Answer:
    """The bureau's word: approved, the hours go, their papers are revoked, and everybody concerned is told."""
    form = DecisionForm()
    with db.writing() as session:
        reached(session, refund_id)
        if not form.validate():
            return page(session, refund_id, form), 422
        try:
            with session.begin_nested():
                refund = returning.decide(
                    session, refund_id, side=Side.REGULATOR, is_approved=request.form.get("verdict") == "approve",
                    note=form.note.data, by=access.someone().subject_key, now=clock.now(),
                )  # fmt: skip
        except errors.Refusal as refusal:
            form.form_errors.append(say(refusal))
            return page(session, refund_id, form), 409
        jobs.dispatch(session, "refunds", refund.id)
    flash(_("Your decision is kept, and the learner is told."), "success")
    return redirect(url_for("orders_oversight.index"), 303)


def reached(session: Session, refund_id: str) -> tuple[Refund, Enrolment]:
    """A refund of a learner of the officer's area, after hours were posted; the look is written down."""
    refund = session.get(Refund, refund_id)
    seat = session.get(Enrolment, refund.enrolment_id) if refund is not None and refund.enrolment_id else None
    if refund is None or seat is None or not refund.is_posted:
        raise errors.NotFound()
    oversight.case(
        session, access.someone(), seat.subject_key, reason=_("Refund after hours were posted"), today=clock.today(),
        now=clock.now(),
    )  # fmt: skip
    return refund, seat


def page(session: Session, refund_id: str, form: DecisionForm) -> str:
    """A refund with what would go: the hours, and the papers that used them."""
    refund, seat = reached(session, refund_id)
    decisions = returns.decisions(session, refund.id)
    return render_template(
        "orders/oversight/show.html",
        refund=refund,
        line=session.get_one(OrderLine, refund.line_id),
        name=persons.person_of(session, seat.subject_key).display_name,
        hours=progress.posted(session, seat.id),
        papers=revoking.that_used(session, seat.subject_key, enrolment_id=seat.id),
        decisions=decisions,
        form=form,
        may_decide=refund.state == RefundState.ASKED and [row.side for row in decisions] == [Side.OPERATOR],
    )
