"""Evidence files of class runs and claims: what kind they are by their content, and who else sent them.

Rows only; the bytes lie in the store under `key`, put there before the row is written. A file is known
by its SHA-256, so that the same paper is recognised wherever it is sent again.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial
from hashlib import sha256

from sqlalchemy import (
    CheckConstraint,
    LargeBinary,
    String,
    UniqueConstraint,
    delete,
    insert,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from media.base import Base, append_only, new_id

MOST_BYTES = 20_000_000  # a scanned register of some pages
MOST_FILES = 20
NAME_LENGTH = 120
# By their first bytes: what a browser can show without running anything.
KINDS = (
    (b"%PDF-", "application/pdf", ".pdf"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
)


# Once a claim's subject is forgotten its files' rows may go, to be written again without their names.
FORGOTTEN = (
    "EXISTS (SELECT 1 FROM claims JOIN subjects ON subjects.key = claims.subject_key "
    "WHERE claims.id = OLD.about AND subjects.person_id IS NULL)"
)


@partial(append_only, unless=FORGOTTEN)
class EvidenceFile(Base):
    """One file handed in for a class run or a claim (`about`); `key` is empty once its bytes are gone for good."""

    __tablename__ = "evidence_files"
    __table_args__ = (
        UniqueConstraint("about", "content_hash"),
        CheckConstraint("size_bytes > 0", name="size"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    about: Mapped[str] = mapped_column(String(16))
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    media_type: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    size_bytes: Mapped[int]
    key: Mapped[str] = mapped_column(String(200))
    added_by: Mapped[str] = mapped_column(String(16))  # subject key
    added_at: Mapped[datetime]

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex, as lessons have it."""
        return self.content_hash.hex()


def prepared(data: bytes, *, about: str, name: str, added_by: str, now: datetime) -> EvidenceFile:
    """The row of a file, judged by its content; not written yet.

    Refused: Invalid `file_empty`, `file_too_large`, `file_kind`.
    """
    if not data:
        raise errors.Invalid("file_empty", "Choose a file that is not empty.", field="file")
    if len(data) > MOST_BYTES:
        raise errors.Invalid(
            "file_too_large",
            "A file may have at most %(megabytes)s MB.",
            field="file",
            megabytes=MOST_BYTES // 1_000_000,
        )
    kind = next((row for row in KINDS if data.startswith(row[0])), None)
    if kind is None:
        raise errors.Invalid("file_kind", "Send a PDF, a JPEG or a PNG file.", field="file")
    content_hash = sha256(data).digest()
    return EvidenceFile(
        about=about,
        content_hash=content_hash,
        media_type=kind[1],
        name=" ".join(name.split())[-NAME_LENGTH:] or f"evidence{kind[2]}",
        size_bytes=len(data),
        key=f"evidence/{content_hash.hex()}{kind[2]}",
        added_by=added_by,
        added_at=now,
    )


def add(session: Session, made: EvidenceFile) -> EvidenceFile:
    """Write a row whose bytes are in the store; Conflict `file_twice`, `files_too_many`."""
    there = of(session, made.about)
    if any(row.content_hash == made.content_hash for row in there):
        raise errors.Conflict("file_twice", "This file is here already.")
    if len(there) >= MOST_FILES:
        raise errors.Conflict(
            "files_too_many", "There are %(most)s files at most.", most=MOST_FILES
        )
    session.add(made)
    session.flush()
    return made


def of(session: Session, about: str) -> list[EvidenceFile]:
    """What was handed in for something, in order."""
    return list(
        session.scalars(
            select(EvidenceFile)
            .where(EvidenceFile.about == about)
            .order_by(EvidenceFile.added_at, EvidenceFile.id)
        )
    )


def get(session: Session, file_id: str, *, about: str) -> EvidenceFile:
    """One file of something, or NotFound."""
    found = session.get(EvidenceFile, file_id)
    if found is None or found.about != about:
        raise errors.NotFound()
    return found


def keys(session: Session) -> list[str]:
    """What the store must have."""
    return list(session.scalars(select(EvidenceFile.key).where(EvidenceFile.key != "").distinct()))


def strip(session: Session, claim_ids: Collection[str]) -> list[str]:
    """Take names and bytes from the files of claims whose subjects are forgotten; keys that nobody else wants.

    The fingerprints stay: the engine's reckoning of what was claimed twice rests on them.
    """
    rows = list(
        session.scalars(
            select(EvidenceFile).where(EvidenceFile.about.in_(claim_ids), EvidenceFile.key != "").order_by(EvidenceFile.id)
        )
    )
    anew = [
        {
            "id": row.id, "about": row.about, "content_hash": row.content_hash, "media_type": row.media_type, "name": "",
            "size_bytes": row.size_bytes, "key": "", "added_by": row.added_by, "added_at": row.added_at,
        }
        for row in rows
    ]  # fmt: skip
    former = {row.key for row in rows}
    for row in rows:
        session.expunge(row)
    if anew:
        session.execute(delete(EvidenceFile).where(EvidenceFile.id.in_([row["id"] for row in anew])))
        session.execute(insert(EvidenceFile), anew)
    return sorted(former - set(session.scalars(select(EvidenceFile.key).where(EvidenceFile.key.in_(former)))))


def sent_elsewhere(session: Session, rows: Iterable[EvidenceFile]) -> dict[str, list[EvidenceFile]]:
    """Files with the same content that were handed in for something else, by fingerprint."""
    rows = list(rows)
    about = {row.about for row in rows}
    found: dict[str, list[EvidenceFile]] = {}
    for same in session.scalars(
        select(EvidenceFile)
        .where(
            EvidenceFile.content_hash.in_([row.content_hash for row in rows]),
            EvidenceFile.about.not_in(about),
        )
        .order_by(EvidenceFile.added_at)
    ):
        found.setdefault(same.fingerprint, []).append(same)
    return found
