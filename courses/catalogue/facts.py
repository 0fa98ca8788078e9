"""What a course says of itself, as one JSON value: of the draft now, and of an edition for good.

The canonical form (sorted keys, no spaces, UTF-8) is what is hashed, so that a reviewer approves
exactly what was read, and an edition can be checked against its digest for ever.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.catalogue.models import Course, CourseInstructor, Instructor, Lesson, LessonHandout
from courses.people.persons import Person
from media.assets import Asset, AssetState


@dataclass(frozen=True, slots=True)
class DraftLesson:
    """A lesson of a draft with its video, if it has one."""

    lesson: Lesson
    asset: Asset | None
    handouts: list[Asset] = field(default_factory=list)  # in their order

    @property
    def is_ready(self) -> bool:
        """Whether the video was measured and can be played."""
        asset = self.asset
        return (
            asset is not None
            and asset.state == AssetState.READY
            and bool(asset.duration_ms)
            and asset.content_hash is not None
        )

    @property
    def duration_ms(self) -> int | None:
        """What the server measured in the file; None until it did."""
        return self.asset.duration_ms if self.asset else None


def lessons(session: Session, course_id: str) -> list[DraftLesson]:
    """The draft's lessons in their order."""
    rows = session.execute(
        select(Lesson, Asset)
        .outerjoin(Asset, Asset.id == Lesson.asset_id)
        .where(Lesson.course_id == course_id, Lesson.removed_at.is_(None))
        .order_by(Lesson.position, Lesson.id)
    )
    found = {lesson.id: DraftLesson(lesson, asset) for lesson, asset in rows}
    beside = session.execute(
        select(LessonHandout.lesson_id, Asset)
        .join(Asset, Asset.id == LessonHandout.asset_id)
        .where(LessonHandout.lesson_id.in_(list(found)))
        .order_by(LessonHandout.position, Asset.id)
    )
    for lesson_id, asset in beside:
        found[lesson_id].handouts.append(asset)
    return list(found.values())


def instructors(session: Session, course_id: str) -> list[dict[str, str]]:
    """Who teaches in the draft, in order: `{"id", "name"}`, the name as the public reads it."""
    rows = session.execute(
        select(Person, Instructor)
        .join(CourseInstructor, CourseInstructor.person_id == Person.id)
        .outerjoin(Instructor, Instructor.person_id == Person.id)
        .where(CourseInstructor.course_id == course_id)
        .order_by(CourseInstructor.position, Person.id)
    )
    return [
        {"id": person.id, "name": shown.name if shown else person.display_name}
        for person, shown in rows
    ]


def of_draft(session: Session, course: Course) -> dict[str, Any]:
    """The draft as an edition would freeze it; lessons without a measured video say null."""
    return {
        "title": course.title,
        "summary": course.summary,
        "language": course.language,
        "trainees": list(course.trainees),
        "occasions": list(course.occasions),
        "industries": list(course.industries),
        "topics": list(course.topics),
        "price": {"amount_minor": course.price_minor, "currency": course.currency},
        "exam": course.exam,
        "cover": course.cover_asset_id,
        "institution": course.organisation_id,
        "instructors": instructors(session, course.id),
        "lessons": [_lesson(row) for row in lessons(session, course.id)],
    }


def _lesson(row: DraftLesson) -> dict[str, Any]:
    asset = row.asset if row.is_ready else None
    return {
        "id": row.lesson.id,
        "title": row.lesson.title,
        "asset": row.lesson.asset_id,
        "duration_ms": asset.duration_ms if asset else None,
        "fingerprint": asset.content_hash.hex() if asset and asset.content_hash else None,
        "preview": row.lesson.is_preview,
        "questions": row.lesson.questions,
        "handouts": [
            {"asset": one.id, "fingerprint": one.content_hash.hex() if one.content_hash else None}
            for one in row.handouts
        ],
    }


def canonical(facts: dict[str, Any]) -> bytes:
    """The one way to write facts down for hashing."""
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def digest(facts: dict[str, Any]) -> bytes:
    """SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(facts)).digest()
