"""Refunds as rows: what one is for, where it stands, and what of a price was given back already."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.orders import placing
from courses.orders.models import OrderLine
from courses.units import Money
from media.base import Base, append_only, new_id

REASON_LONGEST = 500


class Kind(StrEnum):
    """What a refund is for."""

    SHARE = "share"
    GOODWILL = "goodwill"
    STRAY = "stray"
    DISPUTE = "dispute"


class RefundState(StrEnum):
    """Where a refund stands."""

    ASKED = "asked"
    REFUSED = "refused"
    GRANTED = "granted"  # owed to the payer
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"  # the provider could not pay it out: owed again


TRANSITIONS: dict[RefundState, frozenset[RefundState]] = {
    RefundState.ASKED: frozenset({RefundState.GRANTED, RefundState.REFUSED}),
    RefundState.REFUSED: frozenset(),
    RefundState.GRANTED: frozenset({RefundState.SENT, RefundState.DONE}),
    RefundState.SENT: frozenset({RefundState.DONE, RefundState.FAILED}),
    RefundState.FAILED: frozenset({RefundState.GRANTED}),
    # A bank may send money back that it had taken already.
    RefundState.DONE: frozenset({RefundState.FAILED}),
}
STANDING = (RefundState.GRANTED, RefundState.SENT, RefundState.DONE, RefundState.FAILED)


class Side(StrEnum):
    """Who decides on a refund after hours were posted, in this order."""

    OPERATOR = "operator"
    REGULATOR = "regulator"


class Refund(Base):
    """One refund. `ended_enrolment_id` is set with its grant, so that a seat is given back once for all."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("kind IN ('share','goodwill','stray','dispute')", name="kind"),
        CheckConstraint("state IN ('asked','refused','granted','sent','done','failed')", name="state"),
        CheckConstraint("amount_minor >= 0", name="amount_minor"),
        Index("ix_refunds_state", "state"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12))
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"), index=True)
    line_id: Mapped[str | None] = mapped_column(ForeignKey("order_lines.id"), index=True)
    payment_id: Mapped[str | None] = mapped_column(ForeignKey("payments.id"), index=True)
    enrolment_id: Mapped[str | None] = mapped_column(String(16), index=True)
    ended_enrolment_id: Mapped[str | None] = mapped_column(String(16), unique=True)
    is_posted: Mapped[bool] = mapped_column(default=False)  # hours were posted when it was asked for
    covered_ms: Mapped[int | None] = mapped_column(BigInteger)
    total_ms: Mapped[int | None] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(REASON_LONGEST))
    state: Mapped[str] = mapped_column(String(12))
    asked_by: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime]
    granted_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    provider_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    round: Mapped[int] = mapped_column(default=0)  # a failed one is sent anew under another key
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        """What is given back."""
        return Money(self.amount_minor, self.currency)

    @property
    def ends_seat(self) -> bool:
        """Whether the enrolment ends with it."""
        return self.kind in (Kind.SHARE, Kind.DISPUTE)

    def move(self, state: RefundState) -> None:
        """One transition of the table, or Conflict `refund_state`."""
        if state not in TRANSITIONS[RefundState(self.state)]:
            raise errors.Conflict("refund_state", "This refund has gone on meanwhile. Load the page again.")
        self.state = state


@append_only
class RefundDecision(Base):
    """What one side decided, with its reason."""

    __tablename__ = "refund_decisions"
    __table_args__ = (CheckConstraint("side IN ('operator','regulator')", name="side"),)

    refund_id: Mapped[str] = mapped_column(ForeignKey("refunds.id"), primary_key=True)
    side: Mapped[str] = mapped_column(String(10), primary_key=True)
    is_approved: Mapped[bool]
    note: Mapped[str] = mapped_column(String(REASON_LONGEST))
    decided_by: Mapped[str] = mapped_column(String(16))
    decided_at: Mapped[datetime]


def left_of(session: Session, line: OrderLine) -> int:
    """What of a line's price was not given back yet, in minor units."""
    given = session.scalar(
        select(func.sum(Refund.amount_minor)).where(Refund.line_id == line.id, Refund.state.in_(STANDING))
    )
    return line.price.minor - int(given or 0)


def locked(session: Session, refund_id: str) -> Refund:
    """A refund as it stands now, held until the transaction ends; its order is held first."""
    plain = session.get(Refund, refund_id)
    if plain is None:
        raise errors.NotFound()
    if plain.order_id:
        placing.locked(session, plain.order_id)
    return session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)


def decisions(session: Session, refund_id: str) -> list[RefundDecision]:
    """What was decided, in its order."""
    return list(
        session.scalars(
            select(RefundDecision).where(RefundDecision.refund_id == refund_id).order_by(RefundDecision.decided_at)
        )
    )


def of_enrolment(session: Session, enrolment_id: str) -> list[Refund]:
    """Refunds of a seat, newest first."""
    return list(
        session.scalars(
            select(Refund).where(Refund.enrolment_id == enrolment_id).order_by(Refund.asked_at.desc(), Refund.id)
        )
    )


def of_order(session: Session, order_id: str) -> list[Refund]:
    """Refunds of an order, oldest first."""
    return list(session.scalars(select(Refund).where(Refund.order_id == order_id).order_by(Refund.asked_at, Refund.id)))


def in_states(session: Session, *states: RefundState, limit: int = 200) -> list[Refund]:
    """Refunds that stand somewhere, oldest first."""
    return list(
        session.scalars(select(Refund).where(Refund.state.in_(states)).order_by(Refund.asked_at, Refund.id).limit(limit))
    )
