"""Editions: what was published, frozen for good, with its digest.

A later change is a new edition with the next number; who enrolled before keeps the old one. A
withdrawal ends the course for the catalogue and says what becomes of its learners (credit-rules 5.18).
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors
from courses.catalogue import drafts, facts, handouts, shelf
from courses.catalogue.models import (
    TRANSITIONS,
    Course,
    CourseState,
    Edition,
    EditionLesson,
    WithdrawalRule,
)
from courses.units import Money

REASON_LONGEST = 500


def publish(session: Session, course: Course, *, now: datetime) -> Edition:
    """Freeze the submitted draft as the course's next edition, and show it from now on.

    The rule that somebody else must have approved it is kept by `reviews`, its one caller outside
    of tests and demonstrations.
    """
    frozen = facts.of_draft(session, course)
    files = [one for row in frozen["lessons"] for one in (row, *row["handouts"])]
    if not files or any(one["fingerprint"] is None for one in files):
        raise errors.Conflict("video_not_ready", "A video of this course is not ready.")
    drafts.move(course, to=CourseState.PUBLISHED)
    number = (course.current_edition or 0) + 1
    edition = Edition(
        course_id=course.id,
        number=number,
        facts=frozen,
        facts_hash=facts.digest(frozen),
        published_at=now,
    )
    session.add(edition)
    session.flush()
    session.add_all(
        EditionLesson(
            edition_id=edition.id,
            lesson_id=row["id"],
            position=position,
            title=row["title"],
            asset_id=row["asset"],
            duration_ms=row["duration_ms"],
            fingerprint=row["fingerprint"],
            is_preview=row["preview"],
            questions=row["questions"],
        )
        for position, row in enumerate(frozen["lessons"])
    )
    session.flush()
    session.add_all(handouts.frozen(edition.id, frozen["lessons"]))
    course.current_edition = number
    shelf.mark(session, course, text=True)
    return edition


def current(session: Session, course_id: str) -> Edition | None:
    """What the catalogue shows of a course; None before the first edition and once withdrawn."""
    return session.scalar(
        select(Edition)
        .join(Course, Course.id == Edition.course_id)
        .where(
            Course.id == course_id,
            Course.state != CourseState.WITHDRAWN,
            Edition.number == Course.current_edition,
        )
    )


def get(session: Session, edition_id: str) -> Edition:
    """An edition by its id, whatever became of the course since; NotFound otherwise."""
    edition = session.get(Edition, edition_id)
    if edition is None:
        raise errors.NotFound()
    return edition


def numbered(session: Session, course_id: str, *, number: int) -> Edition:
    """An edition by its number; NotFound otherwise."""
    edition = session.scalar(
        select(Edition).where(Edition.course_id == course_id, Edition.number == number)
    )
    if edition is None:
        raise errors.NotFound()
    return edition


def all_of(session: Session, course_id: str) -> list[Edition]:
    """Every edition of a course, the newest first."""
    return list(
        session.scalars(
            select(Edition).where(Edition.course_id == course_id).order_by(Edition.number.desc())
        )
    )


def lessons(session: Session, edition_id: str) -> list[EditionLesson]:
    """The lessons of an edition in their order."""
    return list(
        session.scalars(
            select(EditionLesson)
            .where(EditionLesson.edition_id == edition_id)
            .order_by(EditionLesson.position)
        )
    )


def price(edition: Edition) -> Money:
    """What the edition costs."""
    stated = edition.facts["price"]
    return Money(stated["amount_minor"], stated["currency"])


def instructor_ids(edition: Edition) -> list[str]:
    """The persons who teach in the edition, in order."""
    return [row["id"] for row in edition.facts["instructors"]]


def is_intact(edition: Edition) -> bool:
    """Whether the facts still have the digest under which they were published."""
    return facts.digest(edition.facts) == edition.facts_hash


def withdraw(
    session: Session,
    course: Course,
    *,
    rule: WithdrawalRule,
    reason: str,
    by: str,
    now: datetime,
) -> None:
    """Take the course off the catalogue for good; `by` is a subject key.

    Refused without a reason. What `rule` does to the enrolled is computed by the credit rules from
    `withdrawn_at` and `withdrawal_rule`.
    """
    reason = reason.strip()
    if not reason:
        raise errors.Invalid("reason_missing", "Say why.", field="reason")
    if len(reason) > REASON_LONGEST:
        raise errors.Invalid(
            "too_long", "Use at most %(max)d characters.", field="reason", max=REASON_LONGEST
        )
    if CourseState.WITHDRAWN not in TRANSITIONS[CourseState(course.state)]:
        raise errors.Conflict("course_state", "The course is not in a state that allows this.")
    drafts.move(course, to=CourseState.WITHDRAWN)
    course.withdrawn_at = now
    course.withdrawal_rule = rule
    course.withdrawal_reason = reason
    course.withdrawn_by = by
    course.changed_at = now
    shelf.mark(session, course, text=True)
