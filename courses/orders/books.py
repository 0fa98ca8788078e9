"""The books: an append-only journal in double entry. No entry can be out of balance.

A row takes an amount from one account (`credit`) and puts it in another (`debit`), so that all
accounts of a currency sum to zero by construction. What a row is for is its cause, and a cause is
posted once, however often it is told. Positive: we hold it or are owed it; negative: we owe it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses.units import Money
from media.base import Base, append_only, new_id

PROVIDER = "provider"  # what the payment provider holds for us
BANK = "bank"
DISPUTED = "disputed"  # taken by the provider until a dispute is decided
UNASSIGNED = "unassigned"  # came in and bought nothing: to be sent back
REFUNDS = "refunds"  # granted, and not sent yet
FEE = "fee"  # the platform's share
DISCOUNTS = "discounts"  # the platform's own coupons
COSTS = "costs"  # the provider's fees, disputes that were lost
OWED = "owed/"  # followed by an institution's id
PLAIN = frozenset({PROVIDER, BANK, DISPUTED, UNASSIGNED, REFUNDS, FEE, DISCOUNTS, COSTS})


class Cause(StrEnum):
    """What money moves for; `about` names the row that it was."""

    PAYMENT = "payment"  # about: the payment
    REFUND = "refund"  # about: the refund; granted
    SENT = "sent"  # about: the refund; sent to the payer
    DISPUTE = "dispute"  # about: the dispute; the amount is withheld
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    COST = "cost"  # about: the provider's own number of the fee
    FEE = "fee"
    PAYOUT = "payout"  # to an institution
    TRANSIT = "transit"  # from the provider to the bank


@append_only
class Move(Base):
    """An amount that went from `credit` to `debit`."""

    __tablename__ = "book_moves"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        CheckConstraint("debit <> credit", name="accounts"),
        UniqueConstraint("cause", "about", "debit", "credit"),
        Index("ix_book_moves_debit", "debit", "currency"),
        Index("ix_book_moves_credit", "credit", "currency"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    cause: Mapped[str] = mapped_column(String(20))
    about: Mapped[str] = mapped_column(String(120))
    debit: Mapped[str] = mapped_column(String(30))
    credit: Mapped[str] = mapped_column(String(30))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Leg:
    """An amount that is to go from `credit` to `debit`; legs of nothing are left out."""

    debit: str
    credit: str
    amount: Money


def owed(institution_id: str) -> str:
    """The account of what an institution is owed."""
    return OWED + institution_id


def post(
    session: Session, *, cause: Cause, about: str, legs: Iterable[Leg], now: datetime
) -> Sequence[Move]:
    """Write what moves for a cause; told twice the same rows, and ValueError where they differ.

    Two transactions that post one cause at once are kept apart by the rows' unique key.
    """
    wanted = merged(legs)
    there = of(session, cause=cause, about=about)
    if there:
        if {(row.debit, row.credit): Money(row.amount_minor, row.currency) for row in there} != wanted:
            raise ValueError(f"{cause} {about} was posted otherwise before")
        return there
    made = [
        Move(
            cause=cause, about=about, debit=debit, credit=credit, amount_minor=amount.minor,
            currency=amount.currency, at=now,
        )
        for (debit, credit), amount in wanted.items()
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    return made


def merged(legs: Iterable[Leg]) -> dict[tuple[str, str], Money]:
    """The legs by their accounts, each pair once; ValueError for an account or amount that is none."""
    found: dict[tuple[str, str], Money] = {}
    for leg in legs:
        for account in (leg.debit, leg.credit):
            if account not in PLAIN and not (account.startswith(OWED) and len(account) > len(OWED)):
                raise ValueError(f"{account} is no account")
        if leg.amount.minor < 0:
            raise ValueError("money is moved the other way, not by a negative amount")
        if leg.amount.minor:
            pair = (leg.debit, leg.credit)
            found[pair] = found[pair] + leg.amount if pair in found else leg.amount
    return found


def of(session: Session, *, cause: Cause, about: str) -> Sequence[Move]:
    """What was written for a cause."""
    return session.scalars(
        select(Move).where(Move.cause == cause, Move.about == about).order_by(Move.id)
    ).all()


def balances(session: Session) -> dict[tuple[str, str], int]:
    """The balance of every account by name and currency, in minor units."""
    found: defaultdict[tuple[str, str], int] = defaultdict(int)
    for column, sign in ((Move.debit, 1), (Move.credit, -1)):
        rows = session.execute(
            select(column, Move.currency, func.sum(Move.amount_minor)).group_by(column, Move.currency)
        )
        for account, currency, total in rows:
            found[account, currency] += sign * int(total)
    return dict(found)


def balance(session: Session, account: str, *, currency: str) -> int:
    """The balance of one account in minor units."""
    total = 0
    for column, sign in ((Move.debit, 1), (Move.credit, -1)):
        asked = select(func.sum(Move.amount_minor)).where(column == account, Move.currency == currency)
        total += sign * int(session.scalar(asked) or 0)
    return total
