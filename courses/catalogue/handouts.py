"""Handouts: PDFs beside a lesson of the draft, and as an edition froze them.

A handout is called like its file. The file itself, its pages and its checks are `media`'s.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses import errors
from courses.catalogue import drafts, lessons
from courses.catalogue.models import Course, EditionHandout, LessonHandout
from media.assets import Asset, AssetKind

MOST = 10


def add(session: Session, course: Course, *, lesson_id: str, asset_id: str, now: datetime) -> None:
    """Put a PDF of the institution beside a lesson, drawn already or not; twice is once."""
    lesson = lessons.get(session, course, lesson_id=lesson_id)
    drafts.own_asset(session, course, asset_id=asset_id, kind=AssetKind.DOCUMENT, field="asset_id")
    drafts.touch(course, now=now)
    there = session.scalars(select(LessonHandout).where(LessonHandout.lesson_id == lesson.id)).all()
    if any(row.asset_id == asset_id for row in there):
        return
    if len(there) >= MOST:
        raise errors.Conflict("too_many_handouts", "A lesson has at most %(most)s handouts.", most=MOST)
    last = session.scalar(
        select(func.max(LessonHandout.position)).where(LessonHandout.lesson_id == lesson.id)
    )
    session.add(
        LessonHandout(lesson_id=lesson.id, asset_id=asset_id, position=0 if last is None else last + 1)
    )
    session.flush()


def remove(session: Session, course: Course, *, lesson_id: str, asset_id: str, now: datetime) -> None:
    """Take a handout off the draft's lesson; one that is gone already changes nothing."""
    lesson = lessons.get(session, course, lesson_id=lesson_id)
    drafts.touch(course, now=now)
    found = session.get(LessonHandout, (lesson.id, asset_id))
    if found is not None:
        session.delete(found)
        session.flush()


def of_edition(session: Session, edition_id: str, *, lesson_id: str) -> list[Asset]:
    """What an edition froze beside a lesson, in order."""
    return list(
        session.scalars(
            select(Asset)
            .join(EditionHandout, EditionHandout.asset_id == Asset.id)
            .where(EditionHandout.edition_id == edition_id, EditionHandout.lesson_id == lesson_id)
            .order_by(EditionHandout.position)
        )
    )


def frozen(edition_id: str, rows: Sequence[dict[str, Any]]) -> list[EditionHandout]:
    """The rows of an edition, from its facts' lessons."""
    return [
        EditionHandout(
            edition_id=edition_id,
            lesson_id=row["id"],
            asset_id=told["asset"],
            position=position,
            fingerprint=told["fingerprint"],
        )
        for row in rows
        for position, told in enumerate(row["handouts"])
    ]
