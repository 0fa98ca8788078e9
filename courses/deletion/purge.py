"""The purge: once a record's time is over its person is forgotten, and what remains names nobody.

Entries, leaves, evidence and proofs stay under the random subject key, whose mapping is destroyed, so that
the log and every sum still verify. Safe to be killed and run twice: files go after the rows that name them.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from courses.catalogue.keeping import KeptCourse
from courses.certificates.models import Certificate, Holder
from courses.deletion import requests
from courses.deletion.requests import DeletionRequest
from courses.enrolment import Enrolment, lock_subject
from courses.ledger import agreement
from courses.ledger.cases import files, pending
from courses.ledger.cases.models import Appeal, Claim
from courses.ledger.cases.notices import Notice
from courses.ledger.log.audit import Finding
from courses.ledger.models import Account as LedgerAccount
from courses.ledger.models import Requirement
from courses.ledger.required.appointments import Appointment
from courses.orders.models import Order, PaymentEvent
from courses.people import persons
from courses.people.accounts import Account
from courses.people.jurisdictions import day_of
from courses.people.persons import Subject
from courses.people.sign_ins import SignIn
from courses.ratings import Rating
from courses.watch.models import FacePicture


def due(session: Session, now: datetime) -> list[str]:
    """Requests to be looked at tonight, and those whose files are still to be deleted."""
    left = and_(DeletionRequest.purged_at.is_not(None), DeletionRequest.cleared_at.is_(None))
    over = and_(
        DeletionRequest.purged_at.is_(None),
        DeletionRequest.withdrawn_at.is_(None),
        or_(DeletionRequest.stripped_at.is_(None), DeletionRequest.delete_after <= day_of(now), DeletionRequest.delete_after.is_(None)),
    )
    wanted = or_(left, over) if now.astimezone(agreement.SHANGHAI).hour in agreement.NIGHT else left
    return list(session.scalars(select(DeletionRequest.id).where(wanted).order_by(DeletionRequest.asked_at)))


def step(session: Session, request_id: str, *, now: datetime) -> list[str]:
    """Do what is due of a request; the store's keys that are to be deleted afterwards."""
    found = session.get(DeletionRequest, request_id)
    if found is None:
        return []
    lock_subject(session, found.subject_key)
    session.refresh(found)
    if found.purged_at is not None:
        return found.files_left
    if found.withdrawn_at is not None or not requests.strip(session, found, now=now):
        return []
    person = persons.person_of(session, found.subject_key)
    keys = persons.keys_of(session, person.id)
    today = day_of(now)
    # Hours may have been written since, or another period entered: the clock is read again.
    found.delete_after = requests.after(session, person.id, asked_on=day_of(found.asked_at), on=today)
    is_held = bool(pending.of_subjects(session, keys)) or requests.offices(session, person.id, on=today)
    if found.delete_after is None or found.delete_after > today or is_held:
        session.flush()
        return []
    found.files_left = purge(session, person.id, keys, now=now)
    found.purged_at = now
    session.flush()
    return found.files_left


def purge(session: Session, person_id: str, keys: Collection[str], *, now: datetime) -> list[str]:
    """Forget a person; the store's keys of what was theirs alone."""
    held = select(Certificate.id).where(Certificate.subject_key.in_(keys))
    papers = [row.key for row in session.scalars(select(Certificate).where(Certificate.subject_key.in_(keys)))]
    pictures = list(session.scalars(select(FacePicture.key).where(FacePicture.subject_key.in_(keys))))
    mine = select(Enrolment.id).where(Enrolment.subject_key.in_(keys))
    accounts = select(Account.id).where(Account.person_id == person_id)
    for table, which in (
        (Holder, Holder.certificate_id.in_(held)),
        (FacePicture, FacePicture.subject_key.in_(keys)),
        (Notice, Notice.subject_key.in_(keys)),
        (KeptCourse, KeptCourse.subject_key.in_(keys)),
        (SignIn, SignIn.account_id.in_(accounts)),
        (Account, Account.person_id == person_id),
    ):
        session.execute(delete(table).where(which))
    session.execute(update(Appeal).where(Appeal.subject_key.in_(keys)).values(words=""))
    unpay(session, keys)
    session.execute(update(Requirement).where(Requirement.subject_key.in_(keys)).values(appointment_id=None))
    session.execute(update(Rating).where(Rating.enrolment_id.in_(mine)).values(comment=""))
    session.execute(delete(Appointment).where(Appointment.subject_key.in_(keys)))
    persons.forget(session, person_id, jurisdictions={key: judged(session, person_id, key, now=now) for key in keys}, now=now)
    claims = list(session.scalars(select(Claim.id).where(Claim.subject_key.in_(keys))))
    return [*papers, *pictures, *files.strip(session, claims)]


def unpay(session: Session, keys: Collection[str]) -> None:
    """What the payment provider told of the payer goes; order, amount and payment stay for the accounts."""
    checkouts = select(Order.checkout_id).where(Order.subject_key.in_(keys), Order.checkout_id.is_not(None))
    about = PaymentEvent.payload["data"]["object"]["id"].as_string()
    told = update(PaymentEvent).where(PaymentEvent.worked_at.is_not(None), about.in_(checkouts)).values(payload={})
    session.execute(told, execution_options={"synchronize_session": False})


def judged(session: Session, person_id: str, key: str, *, now: datetime) -> str | None:
    """Where somebody belonged when their hours were last settled: audits must find the same rules again."""
    account = session.get(LedgerAccount, key)
    at = account.settled_at if account and account.settled_at else now
    return persons.jurisdiction_of(session, person_id, on=day_of(at))


def cleared(session: Session, request_id: str, *, now: datetime) -> None:
    """The files are gone too."""
    found = session.get(DeletionRequest, request_id)
    if found is not None and found.purged_at is not None and found.cleared_at is None:
        found.files_left, found.cleared_at = [], now


def findings(session: Session) -> Iterator[Finding]:
    """What the audit says: nobody was forgotten but on request, and of those nothing is left."""
    gone = select(Subject.key).where(Subject.person_id.is_(None))
    asked = select(DeletionRequest.subject_key).where(DeletionRequest.purged_at.is_not(None))
    for key in session.scalars(gone.where(Subject.key.not_in(asked), Subject.forgotten_at.is_(None))):
        yield Finding("subjects", key, "was forgotten, and nobody asked for it")
    for table, left in (
        ("certificate_holders", select(Certificate.id).join(Holder, Holder.certificate_id == Certificate.id).where(Certificate.subject_key.in_(gone))),
        ("notices", select(Notice.id).where(Notice.subject_key.in_(gone))),
        ("face_pictures", select(FacePicture.key).where(FacePicture.subject_key.in_(gone))),
    ):
        for row in session.scalars(left):
            yield Finding(table, row, "is left of somebody who was forgotten")
