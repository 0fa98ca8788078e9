"""Requests for a fapiao: the buyer names title and tax number, each institution of the order answers.

The platform issues no fapiao: the institution does, and attaches the file.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.orders.models import Order
from courses.orders.states import OrderState
from courses.people import documents, uscc
from courses.units import Money
from media.base import Base, new_id

TITLE_LONGEST = 100


class FapiaoState(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    ISSUED = "issued"
    REFUSED = "refused"


TRANSITIONS: dict[FapiaoState, frozenset[FapiaoState]] = {
    FapiaoState.ASKED: frozenset({FapiaoState.ISSUED, FapiaoState.REFUSED}),
    FapiaoState.ISSUED: frozenset(),
    FapiaoState.REFUSED: frozenset({FapiaoState.ASKED}),  # with what was wrong put right
}


class FapiaoRequest(Base):
    """A fapiao asked of one institution for its lines of one order; the file lies in the store under `key`."""

    __tablename__ = "fapiao_requests"
    __table_args__ = (
        UniqueConstraint("order_id", "institution_id"),
        CheckConstraint("state IN ('asked','issued','refused')", name="state"),
        CheckConstraint("state <> 'issued' OR key IS NOT NULL", name="file"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    institution_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    title: Mapped[str] = mapped_column(String(TITLE_LONGEST))
    tax_number: Mapped[str] = mapped_column(String(18))  # empty: a private person
    state: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(300), default="")
    key: Mapped[str | None] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(40), default="")
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    def move(self, state: FapiaoState) -> None:
        """One transition of the table, or Conflict `fapiao_state`."""
        if state not in TRANSITIONS[FapiaoState(self.state)]:
            raise errors.Conflict("fapiao_state", "This request was answered already.")
        self.state = state


def ask(session: Session, order: Order, *, title: str, tax_number: str, is_company: bool, now: datetime) -> None:
    """Ask every institution of a paid order; refused ones are asked anew, issued ones stay.

    Refused: Conflict `order_state` unless paid for with money; Invalid `fapiao_title`, and a tax number's faults.
    """
    if order.state != OrderState.PAID or order.amount_minor == 0:
        raise errors.Conflict("fapiao_unpaid", "A fapiao is for an order that was paid.")
    plain = " ".join(documents.half_width(title).split())
    if not 2 <= len(plain) <= TITLE_LONGEST:
        raise errors.Invalid("fapiao_title", "Enter the title for the fapiao, 2 to 100 characters.", field="title")
    number = checked(tax_number) if is_company else ""
    there = {row.institution_id: row for row in of_order(session, order.id)}
    for institution_id in dict.fromkeys(line.institution_id for line in order.lines if line.price.minor):
        row = there.get(institution_id)
        if row is None:
            row = FapiaoRequest(order_id=order.id, institution_id=institution_id, state=FapiaoState.ASKED)
            session.add(row)
        elif row.state == FapiaoState.REFUSED:
            row.move(FapiaoState.ASKED)
        else:
            continue
        row.title, row.tax_number, row.note, row.asked_at, row.answered_at = plain, number, "", now, None
    session.flush()


def checked(tax_number: str) -> str:
    """A taxpayer's number: a company's is its unified social credit code; faults stand at the field."""
    try:
        return uscc.check(tax_number)
    except errors.Invalid as fault:
        raise errors.Invalid(fault.code, fault.sentence, field="tax_number") from fault


def answer(
    session: Session, row: FapiaoRequest, *, key: str | None, media_type: str = "", note: str = "", now: datetime
) -> None:
    """The institution attaches the fapiao, or without a file says why not."""
    if key is None and not note.strip():
        raise errors.Invalid("reason_required", "Give a reason.", field="note")
    row.move(FapiaoState.ISSUED if key else FapiaoState.REFUSED)
    row.key, row.media_type, row.note, row.answered_at = key, media_type, note.strip()[:300], now
    session.flush()


def amount(order: Order, institution_id: str) -> Money:
    """What the fapiao is for."""
    return Money(sum(line.price.minor for line in order.lines if line.institution_id == institution_id), order.currency)


def of_order(session: Session, order_id: str) -> list[FapiaoRequest]:
    """The requests for an order."""
    return list(session.scalars(select(FapiaoRequest).where(FapiaoRequest.order_id == order_id).order_by(FapiaoRequest.id)))


def of_institutions(session: Session, institution_ids: frozenset[str], *, limit: int = 200) -> list[tuple[FapiaoRequest, Order]]:
    """What institutions were asked for, the unanswered first."""
    rows = session.execute(
        select(FapiaoRequest, Order)
        .join(Order, Order.id == FapiaoRequest.order_id)
        .where(FapiaoRequest.institution_id.in_(institution_ids))
        .order_by(FapiaoRequest.answered_at.is_not(None), FapiaoRequest.asked_at.desc())
        .limit(limit)
    )
    return [(row, order) for row, order in rows]


def get(session: Session, request_id: str, *, institution_ids: frozenset[str]) -> FapiaoRequest:
    """A request to one of these institutions, held until the transaction ends, or NotFound."""
    row = session.get(FapiaoRequest, request_id, with_for_update=True)
    if row is None or row.institution_id not in institution_ids:
        raise errors.NotFound()
    return row


def keys(session: Session) -> list[str]:
    """The files that requests name."""
    return list(session.scalars(select(FapiaoRequest.key).where(FapiaoRequest.key.is_not(None))))
