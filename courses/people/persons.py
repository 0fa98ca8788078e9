"""Persons, the random subject keys they are known by, their identity documents and consents."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
    delete,
    func,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.people import contacts, countries, documents, jurisdictions, organisations
from courses.people.documents import DocumentType
from courses.people.organisations import Membership, OrganisationKind, Role
from courses.people.vault import Vault
from media.base import Base, append_only, new_id

REGISTRATION = "real_name_registration"  # the purpose of the consent that registering needs


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
    restricted_at: Mapped[datetime | None]  # since when nobody finds them, on their own request


class Subject(Base):
    """The random key by which beats, ledger and logs name a person; nulling `person_id` forgets.

    What is left then tells no more than where somebody belonged, which the rules of their hours need.
    """

    __tablename__ = "subjects"

    key: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("persons.id"), index=True)
    jurisdiction_id: Mapped[str | None] = mapped_column(String(16))  # once forgotten
    forgotten_at: Mapped[datetime | None]


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


def create(session: Session, *, now: datetime) -> Person:
    """A person of whom nothing is known yet, with the subject key they go by."""
    made = Person(created_at=now)
    session.add(made)
    session.flush()
    session.add(Subject(person_id=made.id))
    session.flush()
    return made


def get(session: Session, person_id: str) -> Person:
    """One person; NotFound if there is none. The caller has checked who may ask."""
    found = session.get(Person, person_id)
    if found is None:
        raise errors.NotFound()
    return found


def register(
    session: Session,
    vault: Vault,
    *,
    person_id: str,
    name: str,
    doc_type: str,
    country: str,
    number: str,
    consent_version: str,
    now: datetime,
    district_id: str | None = None,
    employer_id: str | None = None,
) -> Person:
    """The real-name registration: name, one document, consent, and an employer or a district.

    Refused: errors.Invalid at its field, `already_registered`, `document_taken` (somebody else
    registered with it), `consent_required`, `district_required`.
    """
    person = session.get_one(Person, person_id, with_for_update=True, populate_existing=True)
    if person.registered_at is not None:
        raise errors.Conflict("already_registered", "You are registered already.")
    if not consent_version:
        raise errors.Invalid(
            "consent_required", "We can only register you if you agree.", field="consent"
        )
    plain = contacts.person_name(name)
    add_document(
        session,
        vault,
        person_id=person_id,
        doc_type=doc_type,
        country=country,
        number=number,
        now=now,
    )
    settle(session, person_id=person_id, district_id=district_id, employer_id=employer_id, now=now)
    person.name_sealed = vault.seal(plain, row=f"persons.name:{person_id}")
    person.name_index = vault.index("person_name", contacts.name_key(plain))
    person.display_name = contacts.mask_name(plain)
    person.registered_at = now
    consent(
        session,
        subject_key=subject_of(session, person_id),
        purpose=REGISTRATION,
        text_version=consent_version,
        given=True,
        now=now,
    )
    return person


def add_document(
    session: Session,
    vault: Vault,
    *,
    person_id: str,
    doc_type: str,
    country: str,
    number: str,
    now: datetime,
) -> IdentityDocument:
    """Keep one more document of a person; `document_taken` when it is somebody else's already."""
    plain = documents.check(doc_type, country, number, today=jurisdictions.day_of(now))
    made = IdentityDocument(
        id=new_id(),
        person_id=person_id,
        doc_type=doc_type,
        country=documents.issuer(doc_type, country),
        number_index=number_index(vault, doc_type, country, plain),
        number_masked=documents.mask(doc_type, plain),
        created_at=now,
    )
    made.number_sealed = vault.seal(plain, row=document_row(made.id))
    owner = session.scalar(
        select(IdentityDocument).where(IdentityDocument.number_index == made.number_index)
    )
    if owner is not None and owner.person_id == person_id:
        return owner
    try:
        if owner is None:
            with session.begin_nested():  # two requests at once: the unique index decides
                session.add(made)
            return made
    except IntegrityError:
        pass
    raise errors.Conflict(
        "document_taken",
        "This document is registered with another account already. If that account is yours, sign in "
        "with it. If it is not, ask your district's emergency management bureau to look into it.",
    )


def document_row(document_id: str) -> str:
    """The name under which a document's number is sealed."""
    return f"identity_documents.number:{document_id}"


def number_index(vault: Vault, doc_type: str, country: str, plain: str) -> bytes:
    """The blind index of a document: type, issuing country and normalised number."""
    kept = documents.indexed(doc_type, plain)
    return vault.index("identity_document", doc_type, documents.issuer(doc_type, country), kept)


def settle(
    session: Session,
    *,
    person_id: str,
    district_id: str | None,
    employer_id: str | None,
    now: datetime,
) -> None:
    """Where somebody belongs from today on: an employer or, without one, a district.

    A former employment as plain employee ends; what somebody manages stays.
    """
    today = jurisdictions.day_of(now)
    if not employer_id and not district_id:
        raise errors.Invalid(
            "district_required",
            "Choose your employer or, without one, your district.",
            field="district",
        )
    person = get(session, person_id)
    if district_id:
        found = session.get(jurisdictions.Jurisdiction, district_id)
        if found is None or found.parent_id is None:
            raise errors.Invalid(
                "district_unknown", "Choose one of these districts.", field="district"
            )
        person.district_id = district_id
    if employer_id:
        chosen = session.get(organisations.Organisation, employer_id)
        if chosen is None or chosen.kind != OrganisationKind.ENTERPRISE:
            raise errors.Invalid(
                "employer_unknown", "Choose one of these enterprises.", field="employer"
            )
    for held in organisations.memberships(session, person_id, on=today):
        if held.role == Role.EMPLOYEE and held.organisation_id != employer_id:
            organisations.leave(held, on=today)
    session.flush()
    if employer_id:
        organisations.join(
            session,
            person_id=person_id,
            organisation_id=employer_id,
            role=Role.EMPLOYEE,
            from_on=today,
        )


def consent(
    session: Session,
    *,
    subject_key: str,
    purpose: str,
    text_version: str,
    given: bool,
    now: datetime,
) -> Consent:
    """Record a consent, or its withdrawal; nothing is ever overwritten."""
    made = Consent(
        subject_key=subject_key, purpose=purpose, text_version=text_version, given=given, at=now
    )
    session.add(made)
    session.flush()
    return made


def consents(session: Session, subject_key: str) -> list[Consent]:
    """Everything somebody agreed to or withdrew, the newest first."""
    return list(
        session.scalars(
            select(Consent)
            .where(Consent.subject_key == subject_key)
            .order_by(Consent.at.desc(), Consent.id)
        )
    )


def documents_of(session: Session, person_id: str) -> list[IdentityDocument]:
    """A person's documents, oldest first."""
    return list(
        session.scalars(
            select(IdentityDocument)
            .where(IdentityDocument.person_id == person_id)
            .order_by(IdentityDocument.created_at, IdentityDocument.id)
        )
    )


def full_name(person: Person, vault: Vault) -> str:
    """The name in clear, for its owner and for certificates; empty before the registration."""
    if person.name_sealed is None:
        return ""
    return vault.open(person.name_sealed, row=f"persons.name:{person.id}")


def full_number(document: IdentityDocument, vault: Vault) -> str:
    """The number in clear; only inside an opened case, and the caller logs the reason."""
    return vault.open(document.number_sealed, row=document_row(document.id))


def display_name(session: Session, person_id: str) -> str:
    """The masked name, as others see it; empty before the registration."""
    return get(session, person_id).display_name


def display_names(session: Session, person_ids: Iterable[str]) -> dict[str, str]:
    """Masked names by person id."""
    rows = session.execute(
        select(Person.id, Person.display_name).where(Person.id.in_(list(person_ids)))
    )
    return {person_id: name for person_id, name in rows}  # noqa: C416 - rows are no tuples to mypy


def subject_of(session: Session, person_id: str) -> str:
    """The key by which append-only rows know a person; NotFound once it was forgotten."""
    key = session.scalar(
        select(Subject.key).where(Subject.person_id == person_id).order_by(Subject.key).limit(1)
    )
    if key is None:
        raise errors.NotFound()
    return key


def person_of(session: Session, subject_key: str) -> Person:
    """The person behind a subject key; NotFound once forgotten."""
    found = session.scalar(
        select(Person)
        .join(Subject, Subject.person_id == Person.id)
        .where(Subject.key == subject_key)
    )
    if found is None:
        raise errors.NotFound()
    return found


def find(
    session: Session, vault: Vault, *, number: str | None = None, name: str | None = None
) -> list[Person]:
    """Persons by a whole document number, by a whole name, or by both; at most 50.

    Everything is found by its blind index, so parts of a number or name find nothing. The caller
    keeps those whom the actor may see (`jurisdictions_of`).
    """
    query = select(Person).where(Person.registered_at.is_not(None), is_found())
    if not number and not name:
        return []
    if number:
        wanted = IdentityDocument.number_index.in_(possible_indexes(vault, number))
        query = query.where(Person.id.in_(select(IdentityDocument.person_id).where(wanted)))
    if name:
        query = query.where(
            Person.name_index == vault.index("person_name", contacts.name_key(name))
        )
    return list(session.scalars(query.order_by(Person.registered_at, Person.id).limit(50)))


def is_found() -> ColumnElement[bool]:
    """Whether a person may be found and shown in lists: not while a deletion is asked for."""
    return Person.restricted_at.is_(None)


def keys_of(session: Session, person_id: str) -> list[str]:
    """Every subject key of a person, in order."""
    return list(session.scalars(select(Subject.key).where(Subject.person_id == person_id).order_by(Subject.key)))


def forget(session: Session, person_id: str, *, jurisdictions: Mapping[str, str | None], now: datetime) -> None:
    """Destroy the mapping of a person's subject keys, and the person; nothing else may point there any more.

    `jurisdictions`: where each key's hours were judged.
    """
    for row in session.scalars(select(Subject).where(Subject.person_id == person_id).order_by(Subject.key)):
        row.person_id, row.forgotten_at = None, now
        row.jurisdiction_id = jurisdictions[row.key]
    session.flush()
    for table in (IdentityDocument, Membership):
        session.execute(delete(table).where(table.person_id == person_id))
    session.execute(delete(Person).where(Person.id == person_id))
    session.flush()


def possible_indexes(vault: Vault, number: str) -> list[bytes]:
    """The blind indexes that a number has as each kind of document, of each country."""
    found = []
    for doc_type in DocumentType:
        plain = documents.normalise(doc_type, number)
        issuers = ("CHN",) if doc_type in documents.ISSUED_BY_CHINA else tuple(countries.ALPHA_3)
        found += [number_index(vault, doc_type, country, plain) for country in issuers]
    return found


def jurisdiction_of(session: Session, person_id: str, *, on: date) -> str | None:
    """Where somebody belongs on a day: the employer's district first, else the own one."""
    return jurisdictions_of(session, [person_id], on=on).get(person_id)


def belongs_to(areas: Iterable[str], *, on: date) -> ColumnElement[bool]:
    """`jurisdiction_of` as a condition on `Person`, for lists: one of `areas` on a day."""
    employers = (
        select(organisations.Organisation.supervised_by)
        .join(Membership, Membership.organisation_id == organisations.Organisation.id)
        .where(
            Membership.person_id == Person.id,
            Membership.role.in_(organisations.EMPLOYED),
            *organisations.held_on(on),
        )
        .order_by(Membership.from_on.desc(), Membership.id)
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )
    return func.coalesce(employers, Person.district_id).in_(list(areas))


def jurisdictions_of(
    session: Session, person_ids: Iterable[str], *, on: date
) -> dict[str, str | None]:
    """`jurisdiction_of` for many at once; whoever does not exist is left out."""
    ids = list(person_ids)
    own = session.execute(select(Person.id, Person.district_id).where(Person.id.in_(ids)))
    found = {person_id: district_id for person_id, district_id in own}  # noqa: C416
    employed = session.execute(
        select(Membership.person_id, organisations.Organisation.supervised_by)
        .join(
            organisations.Organisation, Membership.organisation_id == organisations.Organisation.id
        )
        .where(
            Membership.person_id.in_(ids),
            Membership.role.in_(organisations.EMPLOYED),
            *organisations.held_on(on),
        )
        .order_by(Membership.from_on, Membership.id.desc())  # the latest is written last
    )
    return found | {person_id: area for person_id, area in employed}  # noqa: C416
