"""Persons, the random subject keys they are known by, their identity documents and consents."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from media.base import Base, append_only, new_id


class Person(Base):
    """A human being. `name_sealed` is encrypted; null until the real-name registration."""

    __tablename__ = "persons"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    name_index: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)
    display_name: Mapped[str] = mapped_column(String(60), default="")  # masked, as others see it
    district_id: Mapped[str | None] = mapped_column(ForeignKey("jurisdictions.id"))
    registered_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Subject(Base):
    """The random key by which beats, ledger and logs name a person; nulling `person_id` forgets."""

    __tablename__ = "subjects"

    key: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("persons.id"), index=True)


class IdentityDocument(Base):
    """One document of a person; the number is sealed, found by its blind index, shown masked."""

    __tablename__ = "identity_documents"
    __table_args__ = (UniqueConstraint("number_index"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), index=True)
    doc_type: Mapped[str] = mapped_column(String(40))
    country: Mapped[str] = mapped_column(String(3))
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    number_index: Mapped[bytes] = mapped_column(LargeBinary(32))  # of (doc_type, country, number)
    number_masked: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]


@append_only
class Consent(Base):
    """A person agreed to (or withdrew from) one purpose, in one version of its text."""

    __tablename__ = "consents"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    subject_key: Mapped[str] = mapped_column(String(16), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    text_version: Mapped[str] = mapped_column(String(20))
    given: Mapped[bool]
    at: Mapped[datetime]
