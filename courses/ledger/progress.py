"""What others ask of the ledger in one number: who finished a course, and whether hours were earned.

The live answer to a beat is `courses.watch.progress`; this looks only at what is written.
"""

from collections import defaultdict
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.enrolment import Enrolment
from courses.ledger.models import Entry


def posted(session: Session, enrolment_id: str) -> Fraction:
    """Credited hours written for an enrolment, net of what was taken back."""
    rows = session.scalars(select(Entry).where(Entry.about == enrolment_id))
    return sum((row.hours for row in rows), Fraction(0))


def is_earned(session: Session, subject_key: str, course_id: str) -> bool:
    """Whether hours of a course that were not taken back stand in somebody's ledger."""
    mine = select(Enrolment.id).where(Enrolment.subject_key == subject_key, Enrolment.course_id == course_id)
    rows = session.scalars(select(Entry).where(Entry.about.in_(mine)))
    return sum((row.hours for row in rows), Fraction(0)) > 0


def finished(session: Session, course_id: str) -> int:
    """How many subjects have hours of a course in the ledger that were not taken back."""
    rows = session.execute(
        select(Enrolment.subject_key, Entry)
        .join(Entry, Entry.about == Enrolment.id)
        .where(Enrolment.course_id == course_id)
    )
    hours: defaultdict[str, Fraction] = defaultdict(Fraction)
    for subject_key, row in rows:
        hours[subject_key] += row.hours
    return sum(1 for net in hours.values() if net > 0)
