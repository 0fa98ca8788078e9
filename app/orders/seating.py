"""What a paid order gives: enrolments to a subject, seats to an enterprise, in the editions that were bought."""

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from courses import enrolment, errors, seats
from courses.catalogue import editions
from courses.orders.models import Order
from courses.people.jurisdictions import day_of
from courses.people.persons import jurisdiction_of, person_of

log = structlog.get_logger()


def give(session: Session, order: Order, *, now: datetime) -> bool:
    """Enrol who ordered, in the payment's own transaction; False where a seat could not be given.

    The payment stands then, and a person sees to it: the course may have been withdrawn meanwhile.
    """
    if order.organisation_id is not None:
        grant(session, order, organisation_id=order.organisation_id)
        return True
    is_whole = True
    for line in order.lines:
        try:
            person = person_of(session, order.subject_key)
            with session.begin_nested():
                enrolment.enrol(
                    session,
                    subject_key=order.subject_key,
                    course_id=line.course_id,
                    edition=editions.numbered(session, line.course_id, number=line.edition),
                    jurisdiction_id=jurisdiction_of(session, person.id, on=day_of(now)),
                    order_line_id=line.id,
                    now=now,
                )
        except errors.Refusal as refusal:
            log.warning("orders.not_enrolled", order=order.id, line=line.id, code=refusal.code)
            is_whole = False
    return is_whole


def grant(session: Session, order: Order, *, organisation_id: str) -> None:
    """An enterprise's seats, which it gives to its people later; told twice, given once."""
    for line in order.lines:
        seats.grant(
            session,
            organisation_id=organisation_id,
            course_id=line.course_id,
            edition_id=editions.numbered(session, line.course_id, number=line.edition).id,
            order_line_id=line.id,
            quantity=line.quantity,
        )
