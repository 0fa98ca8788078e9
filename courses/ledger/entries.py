"""The rows of the ledger as values, and the one place that writes them."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.credit.statement import Statement
from courses.ledger.log import committing
from courses.ledger.models import Entry
from courses.ledger.reconcile import Line, Written
from media.base import from_ms


def computed(statement: Statement) -> list[Line]:
    """What the engine says, in its order."""
    return [
        Line(
            kind=row.kind,
            about=row.subject,
            at=from_ms(row.at),
            hours=row.hours,
            raw_hours=row.raw_hours,
            policy=row.policy,
            reason=row.reason,
        )
        for row in statement.entries
    ]


def of_subject(session: Session, subject_key: str, *, before: datetime | None = None) -> list[Written]:
    """A subject's rows, those written before an instant where one is given, as they were written."""
    asked = select(Entry).where(Entry.subject_key == subject_key)
    if before is not None:
        asked = asked.where(Entry.written_at < before)
    rows = session.scalars(asked.order_by(Entry.written_at, Entry.at, Entry.id))
    return [Written(row.id, line_of(row), row.cancels_id) for row in rows]


def line_of(row: Entry) -> Line:
    """A row by its content."""
    return Line(row.kind, row.about, row.at, row.hours, row.raw_hours, row.policy, row.reason)


def write(
    session: Session, subject_key: str, lines: Iterable[tuple[Line, Written | None]], *, now: datetime
) -> list[Entry]:
    """Append lines, each with the row that it cancels, if any. The caller holds the account's lock."""
    made = [
        Entry(
            subject_key=subject_key,
            kind=line.kind,
            about=line.about,
            at=line.at,
            hours_num=line.hours.numerator,
            hours_den=line.hours.denominator,
            raw_hours_num=None if line.raw_hours is None else line.raw_hours.numerator,
            raw_hours_den=None if line.raw_hours is None else line.raw_hours.denominator,
            policy=line.policy,
            reason=line.reason,
            cancels_id=cancels.id if cancels else None,
            written_at=now,
        )
        for line, cancels in lines
    ]
    session.add_all(made)
    session.flush()
    committing.entries(session, made)
    return made
