"""Review before a course goes live: six points, two persons, rows that are never changed.

A regulator of the jurisdiction that supervises the institution judges, or the city; never somebody
who belongs to the institution. What is approved is exactly what was read: the digest goes with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from courses import errors
from courses.catalogue import drafts, editions, facts, taxonomy
from courses.catalogue.models import Course, CourseReview, CourseState, Edition
from courses.people.organisations import Actor, Organisation

NOTE_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Point:
    """What a reviewer found at one of the six points."""

    is_ok: bool
    note: str = ""


def reach(actor: Actor) -> ColumnElement[bool]:
    """The institutions whose courses an actor reviews, as a filter."""
    if actor.is_city_regulator:
        return true()
    return Organisation.supervised_by.in_(actor.jurisdictions())


def queue(session: Session, actor: Actor) -> list[tuple[Course, Organisation]]:
    """What waits for this reviewer, the longest waiting first."""
    rows = session.execute(
        select(Course, Organisation)
        .join(Organisation, Organisation.id == Course.organisation_id)
        .where(Course.state == CourseState.SUBMITTED, reach(actor))
        .order_by(Course.submitted_at, Course.id)
    )
    return [(course, organisation) for course, organisation in rows]


def judged(
    session: Session, actor: Actor, *, limit: int
) -> list[tuple[CourseReview, Course, Organisation]]:
    """The newest verdicts within this reviewer's reach."""
    rows = session.execute(
        select(CourseReview, Course, Organisation)
        .join(Course, Course.id == CourseReview.course_id)
        .join(Organisation, Organisation.id == Course.organisation_id)
        .where(reach(actor))
        .order_by(CourseReview.at.desc(), CourseReview.id)
        .limit(limit)
    )
    return [(review, course, organisation) for review, course, organisation in rows]


def for_reviewer(
    session: Session, actor: Actor, *, course_id: str, lock: bool = False
) -> tuple[Course, Organisation]:
    """A course that was ever submitted, within this reviewer's reach; otherwise NotFound."""
    query = (
        select(Course, Organisation)
        .join(Organisation, Organisation.id == Course.organisation_id)
        .where(Course.id == course_id, Course.submitted_at.is_not(None), reach(actor))
    )
    row = session.execute(query.with_for_update(of=Course) if lock else query).one_or_none()
    if row is None:
        raise errors.NotFound()
    return row[0], row[1]


def of_course(session: Session, course_id: str) -> list[CourseReview]:
    """Every verdict on a course, the newest first."""
    return list(
        session.scalars(
            select(CourseReview)
            .where(CourseReview.course_id == course_id)
            .order_by(CourseReview.at.desc(), CourseReview.id)
        )
    )


def approve(
    session: Session,
    actor: Actor,
    *,
    course: Course,
    points: Mapping[str, Point],
    seen: bytes,
    note: str = "",
    now: datetime,
) -> Edition:
    """Let the submission go live as an edition; every point must be in order.

    `seen` is `facts.digest` of what was read; a draft that differs is refused with
    `changed_since_read`.
    """
    _check(session, actor, course, seen=seen)
    kept = _points(points, note)
    bad = [code for code, row in kept.items() if not row["ok"]]
    if bad:
        raise errors.Invalid(
            "points_open",
            "A course is approved only when all six points are in order.",
            field=bad[0],
        )
    edition = editions.publish(session, course, now=now)
    _write(
        session,
        actor,
        course,
        verdict="approved",
        points=kept,
        note=note,
        seen=seen,
        edition=edition.number,
        now=now,
    )
    return edition


def send_back(
    session: Session,
    actor: Actor,
    *,
    course: Course,
    points: Mapping[str, Point],
    seen: bytes,
    note: str = "",
    now: datetime,
) -> CourseReview:
    """Send the submission back with notes; at least one point is not in order, and says why."""
    _check(session, actor, course, seen=seen)
    kept = _points(points, note)
    bad = {code: row for code, row in kept.items() if not row["ok"]}
    if not bad:
        raise errors.Invalid("points_closed", "Mark what is not in order.", field="note")
    for code, row in bad.items():
        if not row["note"]:
            raise errors.Invalid("note_missing", "Write what has to change.", field=code)
    drafts.move(course, to=CourseState.RETURNED)
    return _write(
        session,
        actor,
        course,
        verdict="returned",
        points=kept,
        note=note,
        seen=seen,
        edition=None,
        now=now,
    )


def _check(session: Session, actor: Actor, course: Course, *, seen: bytes) -> None:
    if course.state != CourseState.SUBMITTED:
        raise errors.Conflict("not_submitted", "This course does not wait for review any more.")
    teachers = {row["id"] for row in facts.instructors(session, course.id)}
    belongs = {grant.organisation_id for grant in actor.grants}
    if course.organisation_id in belongs or actor.person_id in teachers:
        raise errors.Forbidden(
            "own_course", "Who belongs to the institution does not review its courses."
        )
    if facts.digest(facts.of_draft(session, course)) != seen:
        raise errors.Conflict(
            "changed_since_read", "The course was changed after you opened it. Read it again."
        )


def _points(points: Mapping[str, Point], note: str) -> dict[str, dict[str, Any]]:
    if len(note) > NOTE_LONGEST:
        raise errors.Invalid(
            "too_long", "Use at most %(max)d characters.", field="note", max=NOTE_LONGEST
        )
    kept = {}
    for code in taxonomy.REVIEW_POINTS:
        point = points.get(code)
        if point is None:
            raise errors.Invalid("point_missing", "Judge all six points.", field=code)
        if len(point.note) > NOTE_LONGEST:
            raise errors.Invalid(
                "too_long", "Use at most %(max)d characters.", field=code, max=NOTE_LONGEST
            )
        kept[code] = {"ok": point.is_ok, "note": point.note.strip()}
    return kept


def _write(
    session: Session,
    actor: Actor,
    course: Course,
    *,
    verdict: str,
    points: dict[str, dict[str, Any]],
    note: str,
    seen: bytes,
    edition: int | None,
    now: datetime,
) -> CourseReview:
    assert course.submitted_at is not None
    review = CourseReview(
        course_id=course.id,
        reviewer_key=actor.subject_key,
        verdict=verdict,
        points=points,
        note=note.strip(),
        submitted_at=course.submitted_at,
        draft_hash=seen,
        edition=edition,
        at=now,
    )
    session.add(review)
    session.flush()
    return review
