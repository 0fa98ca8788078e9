"""Refunds: what is given back, who must agree, and that it is given back once.

`share`: a seat given back, at the price paid times the part not yet covered; at once while no hour was
posted, and by an operator and then a regulator afterwards. `goodwill` touches no hours. `stray` sends
back what bought nothing. `dispute` asks whether a seat ends whose price the payer's bank took back.
"""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from math import ceil

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses import errors
from courses.orders import books, coupons, disputes, placing
from courses.orders.books import Cause, Leg
from courses.orders.models import Order, OrderLine, Payment
from courses.orders.returns import (
    REASON_LONGEST,
    Kind,
    Refund,
    RefundDecision,
    RefundState,
    Side,
    decisions,
    left_of,
    locked,
    of_enrolment,
)
from courses.orders.states import STRAY, OrderState, Outcome
from courses.units import Money


def share(price: Fraction | int, *, covered_ms: Fraction | int, total_ms: int) -> int:
    """The price paid times the share not yet covered, in minor units, rounded up. Needs total_ms > 0."""
    left = max(Fraction(0), total_ms - Fraction(covered_ms))
    return ceil(Fraction(price) * left / total_ms)


def seat_price(line: OrderLine) -> Fraction:
    """What was paid for one seat of a line, exact."""
    return Fraction(line.price.minor, line.quantity)


def payment_of(session: Session, order: Order) -> Payment | None:
    """The payment that bought an order; None for one that cost nothing."""
    return session.scalar(
        select(Payment).where(Payment.order_id == order.id, Payment.outcome == Outcome.PAID)
    )


def line_of(session: Session, line_id: str) -> tuple[Order, OrderLine]:
    """A line with its order, which is held until the transaction ends; NotFound."""
    line = session.get(OrderLine, line_id)
    order = placing.locked(session, line.order_id) if line is not None else None
    if line is None or order is None:
        raise errors.NotFound()
    return order, line


def ask_share(
    session: Session,
    *,
    line_id: str,
    enrolment_id: str,
    covered_ms: Fraction | int,
    total_ms: int,
    is_posted: bool,
    reason: str,
    by: str,
    now: datetime,
) -> Refund:
    """Give a seat back; told twice while one is asked for, the same refund.

    Before any hour is posted it is granted at once. Refused: Conflict `order_state` unless paid,
    `refunded` already, `nothing_left` where everything is covered and no hour is at stake.
    """
    order, line = line_of(session, line_id)
    if order.state != OrderState.PAID:
        raise errors.Conflict("order_state", "This order can no longer be changed.")
    refuse_disputed(session, order)
    for known in of_enrolment(session, enrolment_id):
        if known.ended_enrolment_id is not None:
            raise errors.Conflict("refunded", "This course was given back already.")
        if known.ends_seat and known.state == RefundState.ASKED:
            return known
    amount = min(share(seat_price(line), covered_ms=covered_ms, total_ms=total_ms), left_of(session, line))
    if amount == 0 and not is_posted and line.price.minor:
        raise errors.Conflict("nothing_left", "You have watched all of this course, so nothing is left to refund.")
    payment = payment_of(session, order)
    made = Refund(
        kind=Kind.SHARE, order_id=order.id, line_id=line.id, payment_id=payment.id if payment else None,
        enrolment_id=enrolment_id, is_posted=is_posted, covered_ms=int(covered_ms), total_ms=total_ms,
        amount_minor=amount, currency=line.currency, reason=words(reason), state=RefundState.ASKED,
        asked_by=by, asked_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    if not is_posted:
        grant(session, made, now=now)
    return made


def ask_dispute(
    session: Session, *, line: OrderLine, enrolment_id: str, is_posted: bool, reason: str, now: datetime
) -> Refund | None:
    """The payer's bank took the price back: whether the seat ends is for people to decide. None if it has."""
    if any(row.ends_seat and row.state != RefundState.REFUSED for row in of_enrolment(session, enrolment_id)):
        return None
    made = Refund(
        kind=Kind.DISPUTE, order_id=line.order_id, line_id=line.id, enrolment_id=enrolment_id,
        is_posted=is_posted, amount_minor=0, currency=line.currency, reason=reason, state=RefundState.ASKED,
        asked_by="", asked_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def goodwill(
    session: Session, *, line_id: str, amount_minor: int, reason: str, by: str, is_ours: bool, now: datetime
) -> Refund:
    """Give something back and leave the seat standing; of the institution's money, or of `ours`.

    Refused: Conflict `order_state` unless paid; Invalid `refund_amount` for more than is left.
    """
    order, line = line_of(session, line_id)
    payment = payment_of(session, order)
    if order.state not in (OrderState.PAID, OrderState.REFUNDED) or payment is None:
        raise errors.Conflict("order_state", "This order can no longer be changed.")
    refuse_disputed(session, order)
    if not 1 <= amount_minor <= left_of(session, line):
        raise errors.Invalid("refund_amount", "Enter more than nothing and no more than is left of the price.", field="amount")
    made = Refund(
        kind=Kind.GOODWILL, order_id=order.id, line_id=line.id, payment_id=payment.id, amount_minor=amount_minor,
        currency=line.currency, reason=words(reason), state=RefundState.ASKED, asked_by=by, asked_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    account = books.COSTS if is_ours else books.owed(line.institution_id)
    post_grant(session, made, [Leg(account, books.REFUNDS, made.amount)], now=now)
    return made


def return_stray(session: Session, payment_id: str, *, reason: str, by: str, now: datetime) -> Refund:
    """Send money back that bought nothing; told twice, the same refund. NotFound for any other payment."""
    payment = session.get(Payment, payment_id, with_for_update=True)
    if payment is None or payment.outcome not in STRAY:
        raise errors.NotFound()
    known = session.scalar(select(Refund).where(Refund.payment_id == payment.id, Refund.kind == Kind.STRAY))
    if known is not None:
        return known
    made = Refund(
        kind=Kind.STRAY, order_id=payment.order_id, payment_id=payment.id, amount_minor=payment.amount_minor,
        currency=payment.currency, reason=words(reason), state=RefundState.ASKED, asked_by=by, asked_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    post_grant(session, made, [Leg(books.UNASSIGNED, books.REFUNDS, made.amount)], now=now)
    return made


def refuse_disputed(session: Session, order: Order) -> None:
    """What the payer's bank took back, or is about to, is not given back a second time."""
    if disputes.against(session, order.id):
        raise errors.Conflict(
            "order_disputed", "The payer's bank disputes this payment; it cannot be refunded as well."
        )


def words(text: str) -> str:
    """A reason, which nobody may leave out."""
    plain = " ".join(text.split())
    if not plain:
        raise errors.Invalid("reason_required", "Give a reason.", field="reason")
    return plain[:REASON_LONGEST]


def decide(
    session: Session,
    refund_id: str,
    *,
    side: Side,
    is_approved: bool,
    amount_minor: int | None = None,
    note: str,
    by: str,
    now: datetime,
) -> Refund:
    """One side's word on a refund after posting. The operator speaks first and may name another amount.

    Whoever refuses ends it, and nothing changes. Refused: Conflict `refund_state`, `refund_order` where
    the operator has not spoken, `same_person`; Invalid `refund_amount`.
    """
    refund = locked(session, refund_id)
    if refund.state != RefundState.ASKED:
        raise errors.Conflict("refund_state", "This refund has gone on meanwhile. Load the page again.")
    decided = {row.side: row for row in decisions(session, refund.id)}
    if side in decided or (side is Side.REGULATOR and Side.OPERATOR not in decided):
        raise errors.Conflict("refund_order", "The operator decides first, then the bureau, each once.")
    if by in (refund.asked_by, *(row.decided_by for row in decided.values())):
        raise errors.Conflict("same_person", "Somebody else must decide on this.")
    if side is Side.OPERATOR and amount_minor is not None and refund.kind == Kind.SHARE:
        line = session.get_one(OrderLine, refund.line_id)
        if not 0 <= amount_minor <= min(left_of(session, line), ceil(seat_price(line))):
            raise errors.Invalid("refund_amount", "Enter no more than is left of the price.", field="amount")
        refund.amount_minor = amount_minor
    session.add(
        RefundDecision(
            refund_id=refund.id, side=side, is_approved=is_approved, note=words(note), decided_by=by, decided_at=now
        )
    )
    session.flush()
    if not is_approved:
        refund.move(RefundState.REFUSED)
    elif side is Side.REGULATOR or not refund.is_posted:
        grant(session, refund, now=now)
    return refund


def grant(session: Session, refund: Refund, *, now: datetime) -> None:
    """A seat is given back: the institution is owed less by it, and the payer is owed it."""
    order, line = line_of(session, refund.line_id or "")
    refund.amount_minor = min(refund.amount_minor, left_of(session, line))
    refund.ended_enrolment_id = refund.enrolment_id
    legs = [Leg(books.owed(line.institution_id), books.REFUNDS, refund.amount)]
    ours = coupons.platforms(session, order).get(line.id, 0)
    if ours and refund.total_ms:  # what the platform added for the part given back comes home too
        back = Fraction(ours, line.quantity) * (refund.total_ms - (refund.covered_ms or 0)) // refund.total_ms
        legs.append(Leg(books.owed(line.institution_id), books.DISCOUNTS, Money(int(back), line.currency)))
    post_grant(session, refund, legs, now=now)
    if seats_ended(session, order) == sum(row.quantity for row in order.lines):
        order.move(OrderState.REFUNDED)


def post_grant(session: Session, refund: Refund, legs: Sequence[Leg], *, now: datetime) -> None:
    """It is owed from now on; nothing to send is done at once."""
    refund.move(RefundState.GRANTED)
    refund.granted_at = now
    books.post(session, cause=Cause.REFUND, about=refund.id, legs=legs, now=now)
    if refund.amount_minor == 0:
        refund.move(RefundState.DONE)
        refund.done_at = now
    session.flush()


def seats_ended(session: Session, order: Order) -> int:
    """How many seats of an order were given back."""
    return (
        session.scalar(
            select(func.count()).where(Refund.order_id == order.id, Refund.ended_enrolment_id.is_not(None))
        )
        or 0
    )
