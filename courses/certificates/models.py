"""Tables of certificates. All are append-only but the holder's: what names a person can go, the rest stays."""

from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, WholeNumber, append_only, new_id


@append_only
class Certificate(Base):
    """What was certified, frozen; a subject key and no name. `about`: enrolment or requirement, if one."""

    __tablename__ = "certificates"
    __table_args__ = (
        CheckConstraint("kind IN ('statement','course','requirement')", name="kind"),
        Index("ix_certificates_subject_issued", "subject_key", "issued_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(12))
    about: Mapped[str] = mapped_column(String(16))
    hours_num: Mapped[int] = mapped_column(WholeNumber)
    hours_den: Mapped[int] = mapped_column(WholeNumber)
    facts: Mapped[dict[str, Any]]
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))  # to the claim, under the holder's salt
    issued_at: Mapped[datetime]

    @property
    def hours(self) -> Fraction:
        """Credited hours, exact."""
        return Fraction(self.hours_num, self.hours_den)

    @property
    def key(self) -> str:
        """Where its paper lies in the store."""
        return f"certificates/{self.id}.pdf"


class Holder(Base):
    """Whose it is, as masked on the paper, with the signed claim and the salt; goes with its person."""

    __tablename__ = "certificate_holders"

    certificate_id: Mapped[str] = mapped_column(ForeignKey("certificates.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    document: Mapped[str] = mapped_column(String(40))
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    claim: Mapped[str]
    key: Mapped[str] = mapped_column(String(400))  # that verifies the signature
    signature: Mapped[bytes] = mapped_column(LargeBinary(64))


@append_only
class Seal(Base):
    """Where its leaf stands, and the way to the checkpoint that was the newest then; kept for good."""

    __tablename__ = "certificate_seals"

    certificate_id: Mapped[str] = mapped_column(ForeignKey("certificates.id"), primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    size: Mapped[int] = mapped_column(ForeignKey("log_checkpoints.size"))
    path: Mapped[bytes]  # hashes, lowest first
    at: Mapped[datetime]


@append_only
class Printing(Base):
    """The PDF as it was made once; its file lies in the store."""

    __tablename__ = "certificate_printings"

    certificate_id: Mapped[str] = mapped_column(ForeignKey("certificates.id"), primary_key=True)
    pdf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime]


@append_only
class Revocation(Base):
    """An official took it back. The paper stays what it was; whoever asks the site is told."""

    __tablename__ = "certificate_revocations"

    certificate_id: Mapped[str] = mapped_column(ForeignKey("certificates.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(300))
    official_key: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
