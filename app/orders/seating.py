"""What a paid order gives: a seat for each line of a subject's own, in the edition that was bought."""

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from courses import enrolment, errors
from courses.catalogue import editions
from courses.orders.models import Order
from courses.people.persons import jurisdiction_of, person_of

log = structlog.get_logger()


def give(session: Session, order: Order, *, now: datetime) -> bool:
    """Enrol who ordered, in the payment's own transaction; False where a seat could not be given.

    The payment stands then, and a person sees to it: the course may have been withdrawn meanwhile.
    """
    if order.organisation_id is not None:
        return True  # an enterprise gives its seats to its people later
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
                    jurisdiction_id=jurisdiction_of(session, person.id, on=now.date()),
                    order_line_id=line.id,
                    now=now,
                )
        except errors.Refusal as refusal:
            log.warning("orders.not_enrolled", order=order.id, line=line.id, code=refusal.code)
            is_whole = False
    return is_whole
