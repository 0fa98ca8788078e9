"""Our payments and refunds against the provider's own list: each difference is written down once.

Compares values; whoever asks the provider hands them over. A payment that the provider has and we
have not is also worked as if it had been told, so that a lost message costs nobody a course.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses.orders.models import Payment
from courses.orders.returns import Refund, RefundState
from courses.orders.states import Method
from courses.units import Money
from media.base import Base, append_only, new_id

PAYMENT = "payment"
REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that money moved for: a payment by its checkout, or a refund by the provider's number."""

    kind: str
    id: str
    amount: Money


@append_only
class MoneyDifference(Base):
    """One difference that a comparison found; texts, for an amount may be missing on either side."""

    __tablename__ = "money_differences"
    __table_args__ = (
        CheckConstraint("kind IN ('payment','refund')", name="kind"),
        UniqueConstraint("kind", "about", "ours", "theirs"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(10))
    about: Mapped[str] = mapped_column(String(120))
    ours: Mapped[str] = mapped_column(String(40))
    theirs: Mapped[str] = mapped_column(String(40))
    found_at: Mapped[datetime]


@append_only
class Comparison(Base):
    """One comparison that was made, whatever it found."""

    __tablename__ = "money_comparisons"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    compared: Mapped[int]
    differing: Mapped[int]
    at: Mapped[datetime]


def compare(ours: Iterable[Item], theirs: Iterable[Item]) -> list[tuple[Item | None, Item | None]]:
    """Pairs of what differs, ours first; None where one side has nothing. Pure."""
    mine = {(item.kind, item.id): item for item in ours}
    other = {(item.kind, item.id): item for item in theirs}
    keys = sorted(mine.keys() | other.keys())
    return [(mine.get(key), other.get(key)) for key in keys if mine.get(key) != other.get(key)]


def ours(session: Session, *, from_at: datetime, to_at: datetime) -> list[Item]:
    """What we know to have gone through the provider: received or sent in `[from_at, to_at)`."""
    payments = session.scalars(
        select(Payment).where(
            Payment.method == Method.PROVIDER, Payment.received_at >= from_at, Payment.received_at < to_at
        )
    )
    sent = session.scalars(
        select(Refund).where(
            Refund.provider_id.is_not(None), Refund.granted_at >= from_at, Refund.granted_at < to_at,
            Refund.state.in_((RefundState.SENT, RefundState.DONE)),
        )
    )  # fmt: skip
    return [
        *(Item(PAYMENT, row.id, row.amount) for row in payments),
        *(Item(REFUND, row.provider_id or "", row.amount) for row in sent),
    ]


def known(session: Session, theirs: Iterable[Item]) -> list[Item]:
    """Ours of what the provider listed, whenever it was; a message may come days late."""
    found = []
    for item in theirs:
        row: Payment | Refund | None
        if item.kind == PAYMENT:
            row = session.get(Payment, item.id)
        else:
            row = session.scalar(select(Refund).where(Refund.provider_id == item.id))
        if row is not None:
            found.append(Item(item.kind, item.id, row.amount))
    return found


def report(
    session: Session, theirs: list[Item], *, from_at: datetime, to_at: datetime, margin_from: datetime,
    margin_to: datetime, now: datetime,
) -> list[MoneyDifference]:
    """Write down what differs; the same difference is written once.

    `theirs` covers `[from_at, to_at)`. Ours are asked of the narrower `[margin_from, margin_to)`, for the
    two clocks of one payment differ by as long as its message travelled.
    """
    mine = {(item.kind, item.id): item for item in ours(session, from_at=margin_from, to_at=margin_to)}
    mine |= {(item.kind, item.id): item for item in known(session, theirs)}
    differing = compare(mine.values(), theirs)
    made = []
    for one, other in differing:
        item = one or other
        assert item is not None
        row = MoneyDifference(kind=item.kind, about=item.id, ours=text(one), theirs=text(other), found_at=now)
        if not written(session, row):
            session.add(row)
            made.append(row)
    compared = len(mine.keys() | {(item.kind, item.id) for item in theirs})
    session.add(Comparison(from_at=from_at, to_at=to_at, compared=compared, differing=len(differing), at=now))
    session.flush()
    return made


def text(item: Item | None) -> str:
    """An amount as a difference keeps it."""
    return f"{item.amount.minor} {item.amount.currency}" if item else ""


def written(session: Session, row: MoneyDifference) -> bool:
    """Whether the same was written before."""
    asked = select(MoneyDifference.id).where(
        MoneyDifference.kind == row.kind, MoneyDifference.about == row.about,
        MoneyDifference.ours == row.ours, MoneyDifference.theirs == row.theirs,
    )  # fmt: skip
    return session.scalar(asked) is not None


def last(session: Session) -> Comparison | None:
    """The last comparison that was made."""
    return session.scalar(select(Comparison).order_by(Comparison.at.desc()).limit(1))


def differences(session: Session, *, limit: int = 100) -> list[MoneyDifference]:
    """What was found, newest first."""
    return list(session.scalars(select(MoneyDifference).order_by(MoneyDifference.found_at.desc()).limit(limit)))
