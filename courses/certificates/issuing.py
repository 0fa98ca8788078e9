"""Issuing and revoking: a certificate is frozen in the transaction that makes it, and never changed."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors
from courses.certificates import claim, content
from courses.certificates.models import Certificate, Holder, Printing, Revocation, Seal
from courses.certificates.sealing import signature_of
from courses.ledger import accounts, explained
from courses.ledger.log import committing
from courses.ledger.log.notes import Signer
from courses.people import persons
from courses.policies import day_of
from media.base import new_id, to_ms

TICK = timedelta(milliseconds=1)
FORMAT = "xueshi-certificate/1"
LONGEST_REASON = 300
IN_THE_WAY = {
    "not_completed": errors.Conflict("not_completed", "This course is not completed yet."),
    "not_met": errors.Conflict("not_met", "This requirement is not met yet."),
    "not_settled": errors.Conflict(
        "not_settled", "Some of these hours are not settled yet. Try again in a quarter of an hour."
    ),
    "nothing_to_certify": errors.Conflict("nothing_to_certify", "No hours are written in the ledger for this yet."),
}


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as lists show it."""

    certificate: Certificate
    holder: Holder | None
    seal: Seal | None
    printing: Printing | None
    revocation: Revocation | None

    @property
    def is_ready(self) -> bool:
        """Whether it can be downloaded."""
        return self.printing is not None and self.holder is not None


def issue(
    session: Session, *, subject_key: str, kind: str, about: str, signer: Signer, now: datetime
) -> Certificate:
    """Freeze what is certified and sign its claim; told twice while nothing changed, the same certificate.

    Refused: NotFound for what is not the subject's; `not_completed`, `not_met`, `not_settled`,
    `nothing_to_certify`; `registration_required` without a name.
    """
    accounts.lock(session, subject_key)
    record = explained.of(session, subject_key, as_of=now + TICK)
    offer = next((one for one in content.offers(record) if (one.kind, one.about) == (kind, about)), None)
    if offer is None:
        raise errors.NotFound()
    if offer.why:
        raise IN_THE_WAY[offer.why]
    zone = record.told.trace.statement.zone
    facts = offer.facts(zone) | {"issued_on": day_of(now, zone).isoformat()}
    known = standing(session, subject_key, kind=kind, about=about, facts=facts)
    if known is not None:
        return known
    person = persons.person_of(session, subject_key)
    if person.restricted_at is not None:
        raise errors.Conflict("restricted", "You asked for deletion. Take that back before you ask for a certificate.")
    if not person.display_name:
        raise errors.Conflict("registration_required", "Register with your real name first.")
    documents = persons.documents_of(session, person.id)
    made = Certificate(
        id=new_id(), subject_key=subject_key, kind=kind, about=about, hours_num=offer.hours.numerator,
        hours_den=offer.hours.denominator, facts=facts, issued_at=now,
    )  # fmt: skip
    holder = Holder(
        certificate_id=made.id, name=person.display_name,
        document=documents[0].number_masked if documents else "", salt=secrets.token_bytes(32),
    )  # fmt: skip
    said = claimed(made, holder, offer).text
    made.commitment = claim.commitment(said, salt=holder.salt)
    holder.claim, holder.key, holder.signature = said, str(signer.verifier), signature_of(said, signer)
    session.add(made)
    session.flush()
    session.add(holder)
    session.flush()
    committing.other(session, made.id, claim.leaf(made.commitment))
    return made


def standing(
    session: Session, subject_key: str, *, kind: str, about: str, facts: dict[str, Any]
) -> Certificate | None:
    """A certificate that says exactly this and was not revoked. The day of issue is no difference."""
    asked = (
        select(Certificate)
        .outerjoin(Revocation, Revocation.certificate_id == Certificate.id)
        .where(
            Certificate.subject_key == subject_key, Certificate.kind == kind, Certificate.about == about,
            Revocation.certificate_id.is_(None),
        )
    )  # fmt: skip
    ignored = {"issued_on"}
    return next(
        (
            row
            for row in session.scalars(asked)
            if {k: v for k, v in row.facts.items() if k not in ignored}
            == {k: v for k, v in facts.items() if k not in ignored}
        ),
        None,
    )


def claimed(row: Certificate, holder: Holder, offer: content.Offer) -> claim.Claim:
    """The few lines for the code."""
    return claim.Claim(
        certificate=row.id,
        kind=row.kind,
        issued_on=datetime.fromisoformat(row.facts["issued_on"]).date(),
        name=holder.name,
        document=holder.document,
        hours=row.hours,
        title=claim.short(offer.title),
        from_on=offer.from_on,
        to_on=offer.to_on,
        policies=offer.labels,
        content_hash=sha256(canonical(document(row, holder))).digest(),
    )


def document(row: Certificate, holder: Holder) -> dict[str, Any]:
    """Everything that the paper says."""
    return {
        "format": FORMAT,
        "certificate": row.id,
        "issued_at": to_ms(row.issued_at),
        "holder": {"name": holder.name, "document": holder.document},
        **row.facts,
    }


def canonical(said: dict[str, Any]) -> bytes:
    """Sorted keys, no spaces, UTF-8."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def revoke(session: Session, row: Certificate, *, reason: str, official_key: str, now: datetime) -> Revocation:
    """Take a certificate back, with a reason; Conflict `certificate_revoked` the second time."""
    if not reason.strip():
        raise errors.Invalid("reason_required", "Give a reason.", field="reason")
    accounts.lock(session, row.subject_key)  # two officials at once
    if session.get(Revocation, row.id) is not None:
        raise errors.Conflict("certificate_revoked", "This certificate was revoked already.")
    made = Revocation(
        certificate_id=row.id, reason=reason.strip()[:LONGEST_REASON], official_key=official_key, at=now
    )
    session.add(made)
    session.flush()
    return made


def keys(session: Session) -> list[str]:
    """The papers that the store must have: those made of people who are not forgotten."""
    made = select(Certificate).join(Printing, Printing.certificate_id == Certificate.id)
    return [row.key for row in session.scalars(made.join(Holder, Holder.certificate_id == Certificate.id))]


def of_subject(session: Session, subject_key: str) -> list[Issued]:
    """A subject's certificates, the latest first."""
    return list(_issued(session, Certificate.subject_key == subject_key))


def get(session: Session, certificate_id: str, *, subject_key: str) -> Issued:
    """One of a subject's certificates, or NotFound."""
    found = _issued(session, Certificate.id == certificate_id, Certificate.subject_key == subject_key)
    row = next(iter(found), None)
    if row is None:
        raise errors.NotFound()
    return row


def known(session: Session, certificate_id: str) -> Issued:
    """One certificate by its number alone, for those who hold the paper; or NotFound."""
    row = next(iter(_issued(session, Certificate.id == certificate_id)), None)
    if row is None:
        raise errors.NotFound()
    return row


def _issued(session: Session, *conditions: Any) -> Iterable[Issued]:
    rows = session.execute(
        select(Certificate, Holder, Seal, Printing, Revocation)
        .outerjoin(Holder, Holder.certificate_id == Certificate.id)
        .outerjoin(Seal, Seal.certificate_id == Certificate.id)
        .outerjoin(Printing, Printing.certificate_id == Certificate.id)
        .outerjoin(Revocation, Revocation.certificate_id == Certificate.id)
        .where(*conditions)
        .order_by(Certificate.issued_at.desc(), Certificate.id)
    )
    return [Issued(*row) for row in rows]
