"""Certificates whose hours were taken back since: found when an account is settled, told, decided by an official.

The paper says what it said; whether it should go on standing is a person's to decide, not the ledger's.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from courses import errors
from courses.certificates.models import Certificate, Revocation
from courses.ledger.cases import notices
from courses.ledger.models import Entry
from courses.people import persons
from courses.people.jurisdictions import day_of
from courses.people.organisations import Membership, Organisation, Role, held_on
from courses.people.persons import Person, Subject
from media.base import Base, WholeNumber, new_id

LONGEST_REASON = 300


class Reversal(Base):
    """So many of a certificate's hours were taken back; open until it is revoked, or kept with a reason."""

    __tablename__ = "certificate_reversals"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    certificate_id: Mapped[str] = mapped_column(ForeignKey("certificates.id"), index=True)
    hours_num: Mapped[int] = mapped_column(WholeNumber)
    hours_den: Mapped[int] = mapped_column(WholeNumber)
    found_at: Mapped[datetime]
    kept_at: Mapped[datetime | None]
    kept_by: Mapped[str | None] = mapped_column(String(16))  # subject key of the official
    kept_reason: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")

    @property
    def hours(self) -> Fraction:
        """Hours taken back since the certificate was issued, exact."""
        return Fraction(self.hours_num, self.hours_den)


@dataclass(frozen=True, slots=True)
class Found:
    """A reversal as officials see it; `name` is masked."""

    reversal: Reversal
    certificate: Certificate
    name: str


def look(session: Session, subject_key: str, *, now: datetime) -> list[Reversal]:
    """Write down and tell what was taken back from a subject's certificates. The caller holds the account's lock."""
    standing = session.scalars(
        select(Certificate)
        .outerjoin(Revocation, Revocation.certificate_id == Certificate.id)
        .where(Certificate.subject_key == subject_key, Revocation.certificate_id.is_(None))
        .order_by(Certificate.issued_at, Certificate.id)
    ).all()
    if not standing or session.get_one(Subject, subject_key).person_id is None:  # whom would one tell?
        return []
    rows = session.scalars(select(Entry).where(Entry.subject_key == subject_key)).all()
    made = []
    for certificate in standing:
        lost = taken_back(certificate, rows)
        last = session.scalar(
            select(Reversal).where(Reversal.certificate_id == certificate.id).order_by(Reversal.found_at.desc()).limit(1)
        )
        if lost > (last.hours if last else 0):
            found = Reversal(
                certificate_id=certificate.id, hours_num=lost.numerator, hours_den=lost.denominator, found_at=now
            )
            session.add(found)
            made.append(found)
            tell(session, certificate, now=now)
    session.flush()
    return made


def taken_back(certificate: Certificate, rows: Collection[Entry]) -> Fraction:
    """How many hours fewer there are now of what it rests on."""
    then = [row for row in rows if row.written_at <= certificate.issued_at]
    about = {certificate.about} if certificate.kind == "course" else {row.about for row in then}
    was = sum((row.hours for row in then if row.about in about), Fraction(0))
    return was - sum((row.hours for row in rows if row.about in about), Fraction(0))


def tell(session: Session, certificate: Certificate, *, now: datetime) -> None:
    """The holder, and every official who can revoke it."""
    key = certificate.subject_key
    notices.tell(session, key, kind=notices.Kind.CERTIFICATE_LESS, about=certificate.id, now=now)
    place = persons.jurisdiction_of(session, persons.person_of(session, key).id, on=day_of(now))
    officials = session.scalars(
        select(Subject.key)
        .join(Membership, Membership.person_id == Subject.person_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(
            or_(
                Membership.role == Role.CITY_REGULATOR,
                (Membership.role == Role.DISTRICT_REGULATOR) & (Organisation.supervised_by == place),
            ),
            *held_on(day_of(now)),
        )
        .distinct()
        .order_by(Subject.key)
    )
    for official in officials:
        notices.tell(session, official, kind=notices.Kind.REVERSAL_FOUND, about=certificate.id, now=now)


def waiting(session: Session, *, areas: Collection[str] | None, on: date, limit: int = 200) -> list[Found]:
    """The open ones of learners within areas (None: everywhere), the oldest first; of each certificate the last."""
    asked = (
        select(Reversal, Certificate, Person)
        .join(Certificate, Certificate.id == Reversal.certificate_id)
        .join(Subject, Subject.key == Certificate.subject_key)
        .join(Person, Person.id == Subject.person_id)
        .outerjoin(Revocation, Revocation.certificate_id == Certificate.id)
        .where(Reversal.kept_at.is_(None), Revocation.certificate_id.is_(None), persons.is_found())
        .order_by(Reversal.found_at, Reversal.id)
        .limit(limit)
    )
    if areas is not None:
        asked = asked.where(persons.belongs_to(areas, on=on))
    last = {row.id: Found(row, certificate, person.display_name) for row, certificate, person in session.execute(asked)}
    newest = {found.certificate.id: found for found in last.values()}
    return list(newest.values())


def get(session: Session, reversal_id: str) -> tuple[Reversal, Certificate]:
    """One of them, or NotFound; whose it is to decide is the caller's question."""
    found = session.get(Reversal, reversal_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise errors.NotFound()
    return found, session.get_one(Certificate, found.certificate_id)


def keep(session: Session, reversal: Reversal, *, reason: str, official_key: str, now: datetime) -> None:
    """Let the certificate stand, with a reason; those found before of the same one are settled with it.

    Refused: Invalid `reason_required`; Conflict `reversal_decided` the second time.
    """
    if not reason.strip():
        raise errors.Invalid("reason_required", "Give a reason.", field="reason")
    if reversal.kept_at is not None:
        raise errors.Conflict("reversal_decided", "Somebody decided this meanwhile.")
    open_ = select(Reversal).where(Reversal.certificate_id == reversal.certificate_id, Reversal.kept_at.is_(None))
    for row in session.scalars(open_.where(Reversal.found_at <= reversal.found_at).order_by(Reversal.id)):
        row.kept_at, row.kept_by, row.kept_reason = now, official_key, reason.strip()[:LONGEST_REASON]
    session.flush()
