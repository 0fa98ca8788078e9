"""Coupons: a share or an amount off, of one institution's courses or of all; with dates and limits.

An institution's own coupon lowers what it is owed; the platform's is paid by the platform.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.orders.models import Order, OrderLine
from courses.orders.placing import Wanted
from courses.orders.states import OrderState
from courses.units import Money
from media.base import Base, new_id

CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{3,19}")
HOLDING = (OrderState.OPEN, OrderState.PAID, OrderState.REFUNDED)


class Coupon(Base):
    """One coupon: either `percent` or `amount_minor` off. Only its end is ever changed."""

    __tablename__ = "coupons"
    __table_args__ = (
        CheckConstraint(
            "(percent BETWEEN 1 AND 100 AND amount_minor IS NULL) OR (percent IS NULL AND amount_minor > 0)",
            name="off",
        ),
        CheckConstraint("most_uses >= 1 AND most_each >= 1", name="limits"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    institution_id: Mapped[str | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )  # None: the platform's
    percent: Mapped[int | None]
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    most_uses: Mapped[int | None]
    most_each: Mapped[int | None]  # by buyer
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]  # exclusive
    made_by: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money | None:
        """What it takes off, where that is an amount."""
        return None if self.amount_minor is None else Money(self.amount_minor, self.currency)

    def covers(self, line: Wanted) -> bool:
        """Whether it takes something off a line."""
        theirs = self.institution_id in (None, line.institution_id)
        return theirs and (self.percent is not None or self.currency == line.unit.currency)


def create(
    session: Session,
    *,
    code: str,
    institution_id: str | None,
    percent: int | None,
    amount_minor: int | None,
    currency: str,
    most_uses: int | None,
    most_each: int | None,
    from_at: datetime,
    until_at: datetime | None,
    made_by: str,
    now: datetime,
) -> Coupon:
    """A new coupon. Refused: Invalid at the field that is wrong; Conflict `coupon_taken`."""
    plain = normal(code)
    if not CODE.fullmatch(plain):
        raise errors.Invalid("coupon_code", "Use 4 to 20 letters, digits and dashes.", field="code")
    if (percent is None) == (amount_minor is None):
        raise errors.Invalid("coupon_off", "Enter either a percentage or an amount.", field="percent")
    if percent is not None and not 1 <= percent <= 100:
        raise errors.Invalid("coupon_percent", "A percentage lies between 1 and 100.", field="percent")
    if amount_minor is not None and amount_minor <= 0:
        raise errors.Invalid("coupon_amount", "An amount is more than nothing.", field="amount")
    if until_at is not None and until_at <= from_at:
        raise errors.Invalid("coupon_dates", "The last day lies after the first.", field="until_on")
    if any(limit is not None and limit < 1 for limit in (most_uses, most_each)):
        raise errors.Invalid("coupon_limits", "A limit is at least 1; leave it empty for none.", field="most_uses")
    if session.scalar(select(Coupon.id).where(Coupon.code == plain)):
        raise errors.Conflict("coupon_taken", "There is a coupon with this code already. Choose another code.")
    made = Coupon(
        code=plain, institution_id=institution_id, percent=percent, amount_minor=amount_minor, currency=currency,
        most_uses=most_uses, most_each=most_each, from_at=from_at, until_at=until_at, made_by=made_by, made_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def normal(code: str) -> str:
    """A code as it is kept, however it was typed."""
    return re.sub(r"\s", "", code).upper()


def find(session: Session, code: str, *, now: datetime) -> Coupon:
    """The coupon of a code. Refused: Invalid `coupon_unknown`, `coupon_early`, `coupon_over`."""
    found = session.scalar(select(Coupon).where(Coupon.code == normal(code)))
    if found is None:
        raise errors.Invalid("coupon_unknown", "There is no such coupon. Check the code.", field="coupon")
    if now < found.from_at:
        raise errors.Invalid("coupon_early", "This coupon is not valid yet.", field="coupon")
    if found.ended_at is not None or (found.until_at is not None and now >= found.until_at):
        raise errors.Invalid("coupon_over", "This coupon is no longer valid.", field="coupon")
    return found


def check_limits(session: Session, coupon: Coupon, *, subject_key: str) -> None:
    """Refused: Invalid `coupon_used_up`, `coupon_used`. The coupon is held until the transaction ends.

    Open orders count, for their price is promised; an expired one that is paid late after all counts too.
    """
    session.get(Coupon, coupon.id, with_for_update=True)
    if coupon.most_uses is not None and uses(session, coupon) >= coupon.most_uses:
        raise errors.Invalid("coupon_used_up", "This coupon is used up.", field="coupon")
    if coupon.most_each is not None and uses(session, coupon, subject_key=subject_key) >= coupon.most_each:
        raise errors.Invalid(
            "coupon_used",
            "You have used this coupon already. If an order with it is still open, pay or cancel that one.",
            field="coupon",
        )


def uses(session: Session, coupon: Coupon, *, subject_key: str | None = None) -> int:
    """How many orders hold it, of one buyer or of all."""
    asked = (
        select(func.count(func.distinct(Order.id)))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(OrderLine.coupon_id == coupon.id, Order.state.in_(HOLDING))
    )
    if subject_key is not None:
        asked = asked.where(Order.subject_key == subject_key)
    return session.scalar(asked) or 0


def apply(coupon: Coupon, wanted: Sequence[Wanted]) -> list[Wanted]:
    """The lines with the coupon taken off; Invalid `coupon_elsewhere` where it covers none of them.

    A share is rounded to the buyer's loss by less than one minor unit a line. An amount is spread by
    price, the last units going to the largest rests, and never takes off more than the lines cost.
    """
    covered = [n for n, line in enumerate(wanted) if coupon.covers(line) and line.price.minor > 0]
    if not covered:
        raise errors.Invalid("coupon_elsewhere", "This coupon is not for the courses in your cart.", field="coupon")
    prices = {n: wanted[n].price.minor for n in covered}
    if coupon.percent is not None:
        off = {n: price * coupon.percent // 100 for n, price in prices.items()}
    else:
        off = spread(min(coupon.amount_minor or 0, sum(prices.values())), prices)
    return [
        replace(line, discount_minor=off[n], coupon_id=coupon.id) if off.get(n) else line
        for n, line in enumerate(wanted)
    ]


def spread(amount: int, shares: dict[int, int]) -> dict[int, int]:
    """An amount spread by shares into whole units that sum to it."""
    total = sum(shares.values())
    found = {n: amount * share // total for n, share in shares.items()}
    rests = sorted(shares, key=lambda n: (-(amount * shares[n] % total), n))
    for n in rests[: amount - sum(found.values())]:
        found[n] += 1
    return found


def of(session: Session, institution_id: str | None) -> list[Coupon]:
    """The coupons of an institution, or the platform's, newest first."""
    return list(
        session.scalars(
            select(Coupon).where(Coupon.institution_id == institution_id).order_by(Coupon.made_at.desc(), Coupon.id)
        )
    )


def end(session: Session, coupon_id: str, *, institution_id: str | None, now: datetime) -> None:
    """Nobody gets it from now on; orders that have it keep it. NotFound for another's."""
    found = session.get(Coupon, coupon_id)
    if found is None or found.institution_id != institution_id:
        raise errors.NotFound()
    found.ended_at = found.ended_at or now


def platforms(session: Session, order: Order) -> dict[str, int]:
    """By line, what the platform's own coupons took off: the platform owes the institution that."""
    ids = {line.coupon_id for line in order.lines if line.coupon_id}
    ours = set(session.scalars(select(Coupon.id).where(Coupon.id.in_(ids), Coupon.institution_id.is_(None))))
    return {line.id: line.discount_minor for line in order.lines if line.coupon_id in ours}
