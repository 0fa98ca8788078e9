"""The reading of an uploaded roster: a row that is worked on by a job, batch by batch, and says how far it is.

The file is kept sealed until it was read, and is gone afterwards; what stays of bad lines is sealed too.
"""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, and_, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.people import roster_files, rosters, staff
from courses.people.organisations import Actor
from courses.people.roster_files import Bad
from courses.people.vault import Vault
from media.base import Base, new_id

BATCH = 500
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 5
KEPT_FOR = timedelta(days=30)  # bad lines, for whoever comes back to mend them


class ImportState(StrEnum):
    """How far the reading is."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    REFUSED = "refused"


class RosterImport(Base):
    """One uploaded roster."""

    __tablename__ = "roster_imports"
    __table_args__ = (CheckConstraint("state IN ('waiting','working','done','refused')", name="state"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    file_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    bad_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10), default=ImportState.WAITING)
    lines: Mapped[int] = mapped_column(default=0)
    read_lines: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    same: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    refusal: Mapped[dict[str, Any] | None]  # why no line could be read
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


def begin(
    session: Session, vault: Vault, actor: Actor, *, organisation_id: str, file_name: str, data: bytes, now: datetime
) -> RosterImport:
    """Keep an uploaded roster for the job; refused `roster_too_large`, NotFound for another's enterprise."""
    if organisation_id not in staff.managed(actor):
        raise errors.NotFound()
    if len(data) > roster_files.MOST_BYTES:
        raise errors.Invalid("roster_too_large", "A roster has at most 10 MB. Divide it into several files.", field="file")
    made = RosterImport(id=new_id(), organisation_id=organisation_id, file_name=file_name[:200], created_at=now)
    made.file_sealed = vault.seal_bytes(data, row=_file_row(made.id))
    session.add(made)
    session.flush()
    return made


def of_manager(session: Session, actor: Actor, import_id: str) -> RosterImport:
    """One import of the actor's enterprise, or NotFound."""
    found = session.get(RosterImport, import_id)
    if found is None or found.organisation_id not in staff.managed(actor):
        raise errors.NotFound()
    return found


def latest(session: Session, actor: Actor, *, limit: int = 5) -> list[RosterImport]:
    """The last uploads of the actor's enterprises."""
    return list(
        session.scalars(
            select(RosterImport)
            .where(RosterImport.organisation_id.in_(staff.managed(actor)))
            .order_by(RosterImport.created_at.desc(), RosterImport.id)
            .limit(limit)
        )
    )


def due(session: Session, now: datetime) -> list[str]:
    """Uploads that nobody reads, and sealed lines past their time."""
    return list(session.scalars(select(RosterImport.id).where(or_(_open(now), _stale(now)))))


def _open(now: datetime):  # type: ignore[no-untyped-def]
    return or_(
        RosterImport.state == ImportState.WAITING,
        and_(RosterImport.state == ImportState.WORKING, RosterImport.lease_until <= now),
    )


def _stale(now: datetime):  # type: ignore[no-untyped-def]
    return and_(RosterImport.bad_sealed.is_not(None), RosterImport.finished_at < now - KEPT_FOR)


def claim(session: Session, import_id: str, *, now: datetime) -> bool:
    """Take an upload for one lease; False when another has it, or it is done."""
    session.execute(update(RosterImport).where(RosterImport.id == import_id, _stale(now)).values(bad_sealed=None))
    taken = session.execute(
        update(RosterImport)
        .where(RosterImport.id == import_id, _open(now))
        .values(state=ImportState.WORKING, lease_until=now + LEASE, attempts=RosterImport.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def content(session: Session, vault: Vault, import_id: str) -> bytes:
    """The uploaded file."""
    row = session.get_one(RosterImport, import_id)
    assert row.file_sealed is not None
    return vault.open_bytes(row.file_sealed, row=_file_row(import_id))


def found(
    session: Session, vault: Vault, import_id: str, *, lines: int, bad: list[Bad], now: datetime
) -> None:
    """Note what the file holds, before its good lines are kept batch by batch."""
    row = session.get_one(RosterImport, import_id)
    row.lines, row.bad = lines, len(bad)
    row.read_lines = row.added = row.changed = row.same = 0
    row.bad_sealed = vault.seal(json.dumps([asdict(one) for one in bad]), row=_bad_row(import_id)) if bad else None
    row.lease_until = now + LEASE


def keep_batch(
    session: Session, vault: Vault, import_id: str, batch: list[roster_files.Listed], *, now: datetime
) -> None:
    """Put some good lines on the roster, and say how far the reading is."""
    row = session.get_one(RosterImport, import_id)
    kept = rosters.keep(session, vault, batch, organisation_id=row.organisation_id, now=now)
    row.added += kept.added
    row.changed += kept.changed
    row.same += kept.same
    row.read_lines += len(batch)
    row.lease_until = now + LEASE


def finish(session: Session, import_id: str, *, now: datetime, refusal: errors.Refusal | None = None) -> None:
    """The file was read to its end, or could not be read at all; it is not kept any longer."""
    row = session.get_one(RosterImport, import_id)
    row.state = ImportState.REFUSED if refusal else ImportState.DONE
    row.refusal = {"code": refusal.code, "sentence": refusal.sentence, "detail": refusal.detail} if refusal else None
    row.file_sealed = None
    row.lease_until = None
    row.finished_at = now


def bad_lines(vault: Vault, row: RosterImport) -> list[Bad]:
    """The lines that were not taken, in the file's order."""
    if row.bad_sealed is None:
        return []
    return [Bad(**one) for one in json.loads(vault.open(row.bad_sealed, row=_bad_row(row.id)))]


def _file_row(import_id: str) -> str:
    return f"roster_imports.file:{import_id}"


def _bad_row(import_id: str) -> str:
    return f"roster_imports.bad:{import_id}"
