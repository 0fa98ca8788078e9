"""A subject's account: its lock, how far it is settled, and which policy versions bind the subject.

An enrolment fixes its jurisdiction when it is made (`credit-rules.md` 5.36), so a learner who moves is
bound by the new district's versions from the first enrolment made there on.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors, policies
from courses.enrolment import Enrolment, lock_subject
from courses.ledger.models import Account
from courses.people import persons
from courses.people.jurisdictions import day_of
from courses.people.persons import Subject


def lock(session: Session, subject_key: str) -> Account:
    """The subject's account, held until the transaction ends; opened where there was none."""
    if session.get(Subject, subject_key) is None:
        raise errors.NotFound()
    lock_subject(session, subject_key)
    account = session.get(Account, subject_key)
    if account is None:
        account = Account(subject_key=subject_key, policies_seen=0, is_due=True)
        session.add(account)
        session.flush()
    return account


def pool(session: Session, subject_key: str, *, known_at: datetime) -> list[policies.Bound]:
    """The versions that bind a subject, as known at an instant, in order of issue; maybe none."""
    stays = jurisdictions(session, subject_key, known_at=known_at)
    bound = policies.pool(session, stays[0][1], known_at=known_at) if stays else []
    for since, jurisdiction_id in stays[1:]:
        bound = moved(bound, policies.pool(session, jurisdiction_id, known_at=known_at), since=since)
    return bound


def moved(
    before: list[policies.Bound], after: list[policies.Bound], *, since: datetime
) -> list[policies.Bound]:
    """One pool of two: `before` rules until `since`, `after` from then on.

    Versions are cut, never renamed: an entry must find its policy. One that binds again after a time
    away cannot be written as two; it is kept through the gap, where a later-issued one overrules it.
    """
    parts = {b.version.id: part for b in before if (part := b.until(since)) is not None}
    for bound in after:
        later = bound.since(since)
        if later is not None:
            earlier = parts.get(bound.version.id, later)
            parts[bound.version.id] = replace(later, effective_from=earlier.effective_from)
    return sorted(parts.values(), key=lambda b: (b.version.issued_at, b.effective_from, b.version.label))


def jurisdictions(
    session: Session, subject_key: str, *, known_at: datetime
) -> list[tuple[datetime, str]]:
    """Where a subject's enrolments were made and since when, each change once; home without any."""
    stays: list[tuple[datetime, str]] = []
    for at, jurisdiction_id in session.execute(
        select(Enrolment.at, Enrolment.jurisdiction_id)
        .where(Enrolment.subject_key == subject_key, Enrolment.at <= known_at)
        .order_by(Enrolment.at, Enrolment.id)
    ):
        if not stays or stays[-1][1] != jurisdiction_id:
            stays.append((at, jurisdiction_id))
    if stays:
        return stays
    subject = session.get(Subject, subject_key)
    if subject is None:
        return []
    home = subject.jurisdiction_id  # where it was when the person was forgotten
    if subject.person_id is not None:
        home = persons.jurisdiction_of(session, subject.person_id, on=day_of(known_at))
    return [(known_at, home)] if home else []
