"""Certificates that rest on hours which were taken back: found, and revoked with the reason."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.certificates import issuing
from courses.certificates.models import Certificate, Revocation
from courses.ledger.models import Entry, Requirement


def that_used(session: Session, subject_key: str, *, enrolment_id: str) -> list[Certificate]:
    """Standing certificates of a learner that may rest on an enrolment's hours.

    The course's own; statements issued since its first hours were written; and of requirements those
    issued since then whose period holds hours of it. Whoever is still entitled has a new one issued.
    """
    first_at, last_at, written_at = session.execute(
        select(func.min(Entry.at), func.max(Entry.at), func.min(Entry.written_at)).where(Entry.about == enrolment_id)
    ).one()
    if written_at is None:
        return []
    standing = session.scalars(
        select(Certificate)
        .outerjoin(Revocation, Revocation.certificate_id == Certificate.id)
        .where(Certificate.subject_key == subject_key, Revocation.certificate_id.is_(None))
        .order_by(Certificate.id)
    )
    found = []
    for row in standing:
        used = row.about == enrolment_id if row.kind == "course" else row.issued_at >= written_at
        if used and row.kind == "requirement":
            due = session.get(Requirement, row.about)
            used = due is None or (first_at < due.to_at and last_at >= due.from_at)
        if used:
            found.append(row)
    return found


def revoke_that_used(
    session: Session, subject_key: str, *, enrolment_id: str, reason: str, official_key: str, now: datetime
) -> list[Certificate]:
    """Revoke them all, and say which they were."""
    found = that_used(session, subject_key, enrolment_id=enrolment_id)
    for row in found:
        issuing.revoke(session, row, reason=reason, official_key=official_key, now=now)
    return found
