"""What accrued, against the whole life computed anew from its evidence: every difference is named.

Two ways lead to a figure shown, the kept groups (`accrual`) and the ledger's rows; both must say what
`recompute` says. A difference is a fault of ours: it is written down, what was kept is forgotten, and
the account is settled again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import String, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses.credit import recompute
from courses.credit.evidence import BadEvidence
from courses.credit.statement import Statement
from courses.ledger import accounts, accrual, entries, evidence, reconcile
from courses.ledger.accrual import Accrual
from courses.ledger.models import Account
from media.base import Base, append_only, new_id

TICK = timedelta(milliseconds=1)
AGAIN = timedelta(hours=20)
NIGHT = range(1, 5)  # hours of Shanghai's clock
SHANGHAI = ZoneInfo("Asia/Shanghai")
MOST_AT_ONCE = 500


@append_only
class Difference(Base):
    """One difference that a check found."""

    __tablename__ = "ledger_differences"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(String(16), index=True)
    place: Mapped[str] = mapped_column(String(80))  # table and row
    what: Mapped[str] = mapped_column(String(500))
    found_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True, slots=True)
class Found:
    """A difference: the table and row in which it lies, and what it is."""

    table: str
    row: str
    what: str


def check(session: Session, subject_key: str, *, now: datetime) -> list[Difference]:
    """Compare a subject's account with its whole life; what differs is written down and settled again."""
    account = accounts.lock(session, subject_key)
    found = list(differences(session, account))
    account.checked_at = now
    if found:
        account.is_due = True
        session.execute(delete(Accrual).where(Accrual.subject_key == subject_key))
    rows = [
        Difference(subject_key=subject_key, place=f"{one.table} {one.row}", what=one.what[:500], found_at=now)
        for one in found
    ]
    session.add_all(rows)
    session.flush()
    return rows


def differences(session: Session, account: Account) -> Iterator[Found]:
    """What differs as of the account's last settling; nothing where that is still to be looked at."""
    settled_to, settled_at = account.settled_to, account.settled_at
    if settled_to is None or settled_at is None or account.fault or account.is_due:
        return
    known_at = settled_at + TICK
    try:
        whole = recompute.statement(
            evidence.of(session, account.subject_key, as_of=settled_to, known_at=known_at)
        )
    except BadEvidence as bad:
        yield Found("ledger_accounts", account.subject_key, f"the engine refuses the evidence: {bad}")
        return
    yield from _rows(session, account.subject_key, whole, settled_to)
    frame = evidence.frame(session, account.subject_key, as_of=settled_to, known_at=known_at)
    yield from _accrued(account.subject_key, whole.to_json(), accrual.trace(session, frame).statement.to_json())


def _rows(
    session: Session, subject_key: str, whole: Statement, settled_to: datetime
) -> Iterator[Found]:
    rows = reconcile.standing(entries.of_subject(session, subject_key))
    found = reconcile.reconciled(
        entries.computed(whole), [row for row in rows if row.line.at < settled_to]
    )
    for row in found.stale:
        line = row.line
        yield Found("entries", row.id, f"the evidence gives no such row ({line.kind}, {line.hours} hours)")
    for line, written in found.lines:
        if written is None:
            yield Found(
                "ledger_accounts",
                subject_key,
                f"the evidence gives {line.kind} of {line.hours} hours about {line.about}, and no row says so",
            )


def _accrued(subject_key: str, whole: dict[str, Any], kept: dict[str, Any]) -> Iterator[Found]:
    for name in ("enrolments", "entries", "requirements", "anomalies"):
        for computed, shown in zip(whole[name], kept[name], strict=False):
            for key in computed:
                if computed[key] != shown.get(key):
                    row = str(computed.get("id") or computed.get("subject") or subject_key)
                    yield Found("accruals", row, f"{name}: {key} is {computed[key]}, and {shown.get(key)} was kept")
        if len(whole[name]) != len(kept[name]):
            yield Found(
                "accruals", subject_key, f"{name}: there are {len(whole[name])}, and {len(kept[name])} were kept"
            )


def due(session: Session, now: datetime) -> list[str]:
    """Accounts to be checked: each once a night."""
    if now.astimezone(SHANGHAI).hour not in NIGHT:
        return []
    return list(
        session.scalars(
            select(Account.subject_key)
            .where(
                Account.settled_to.is_not(None),
                or_(Account.checked_at.is_(None), Account.checked_at < now - AGAIN),
            )
            .limit(MOST_AT_ONCE)
        )
    )


def since(session: Session, at: datetime, most: int = 50) -> list[Difference]:
    """What was found from an instant on, the newest first."""
    asked = select(Difference).where(Difference.found_at >= at).order_by(Difference.found_at.desc())
    return list(session.scalars(asked.limit(most)))
