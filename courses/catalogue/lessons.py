"""Lessons of a draft: added, named, ordered, removed, given a video, opened as a preview.

A lesson's id lasts through editions, so it is marked as removed, never deleted. Its duration is
what the server measured in the video; nobody types one.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses import errors
from courses.catalogue import drafts
from courses.catalogue.models import Course, Lesson
from media.assets import AssetKind

TITLE_LONGEST = 120
MOST_LESSONS = 200
MOST_QUESTIONS = 20
QUESTION_LONGEST = 200
CHOICES = range(2, 5)  # how many there may be


def get(session: Session, course: Course, *, lesson_id: str) -> Lesson:
    """A lesson of this draft, otherwise NotFound."""
    lesson = session.get(Lesson, lesson_id)
    if lesson is None or lesson.course_id != course.id or lesson.removed_at is not None:
        raise errors.NotFound()
    return lesson


def in_order(session: Session, course: Course) -> list[Lesson]:
    """The draft's lessons as they follow each other."""
    return list(
        session.scalars(
            select(Lesson)
            .where(Lesson.course_id == course.id, Lesson.removed_at.is_(None))
            .order_by(Lesson.position, Lesson.id)
        )
    )


def add(session: Session, course: Course, *, title: str, now: datetime) -> Lesson:
    """A further lesson at the end."""
    title = _title(title)
    drafts.touch(course, now=now)
    if len(in_order(session, course)) >= MOST_LESSONS:
        raise errors.Conflict(
            "too_many_lessons", "A course holds at most %(most)s lessons.", most=MOST_LESSONS
        )
    last = session.scalar(select(func.max(Lesson.position)).where(Lesson.course_id == course.id))
    lesson = Lesson(course_id=course.id, title=title, position=0 if last is None else last + 1)
    session.add(lesson)
    session.flush()
    return lesson


def rename(session: Session, course: Course, *, lesson_id: str, title: str, now: datetime) -> None:
    """Give a lesson another title."""
    lesson = get(session, course, lesson_id=lesson_id)
    title = _title(title)
    drafts.touch(course, now=now)
    lesson.title = title
    session.flush()


def attach(
    session: Session, course: Course, *, lesson_id: str, asset_id: str | None, now: datetime
) -> None:
    """Give a lesson its video, ready or not yet; None takes it off."""
    lesson = get(session, course, lesson_id=lesson_id)
    if asset_id is not None:
        drafts.own_asset(session, course, asset_id=asset_id, kind=AssetKind.VIDEO, field="asset_id")
    drafts.touch(course, now=now)
    lesson.asset_id = asset_id
    session.flush()


def set_preview(
    session: Session, course: Course, *, lesson_id: str, is_preview: bool, now: datetime
) -> None:
    """Whether anybody may watch this lesson before enrolling."""
    lesson = get(session, course, lesson_id=lesson_id)
    drafts.touch(course, now=now)
    lesson.is_preview = is_preview
    session.flush()


def ask(
    session: Session, course: Course, *, lesson_id: str, text: str, choices: Sequence[str], now: datetime
) -> None:
    """Add a question by which presence may be asked; the first of its choices is the right one."""
    lesson = get(session, course, lesson_id=lesson_id)
    text = _filled(text, "text")
    given = [_filled(choice, "choices") for choice in choices if choice.strip()]
    if len(given) not in CHOICES or len(set(given)) != len(given):
        raise errors.Invalid(
            "wrong_choices", "Write 2 to 4 different answers, one a line, the right one first.", field="choices"
        )
    if len(lesson.questions) >= MOST_QUESTIONS:
        raise errors.Conflict(
            "too_many_questions", "A lesson holds at most %(most)s questions.", most=MOST_QUESTIONS
        )
    drafts.touch(course, now=now)
    lesson.questions = [*lesson.questions, {"text": text, "choices": given}]
    session.flush()


def drop_question(
    session: Session, course: Course, *, lesson_id: str, place: int, now: datetime
) -> None:
    """Take a question out of the draft, by its place; one that is gone already changes nothing."""
    lesson = get(session, course, lesson_id=lesson_id)
    drafts.touch(course, now=now)
    lesson.questions = [one for at, one in enumerate(lesson.questions) if at != place]
    session.flush()


def move(session: Session, course: Course, *, lesson_id: str, by: int, now: datetime) -> None:
    """Move a lesson so many places; beyond the ends it stays at the end."""
    lesson = get(session, course, lesson_id=lesson_id)
    rows = in_order(session, course)
    place = rows.index(lesson)
    rows.insert(max(0, min(place + by, len(rows) - 1)), rows.pop(place))
    drafts.touch(course, now=now)
    for position, row in enumerate(rows):
        row.position = position
    session.flush()


def remove(session: Session, course: Course, *, lesson_id: str, now: datetime) -> None:
    """Take a lesson out of the draft; published editions keep it."""
    lesson = get(session, course, lesson_id=lesson_id)
    drafts.touch(course, now=now)
    lesson.removed_at = now
    session.flush()


def _filled(value: str, field: str) -> str:
    value = value.strip()
    if not value:
        raise errors.Invalid("empty", "Fill this in.", field=field)
    if len(value) > QUESTION_LONGEST:
        raise errors.Invalid(
            "too_long", "Use at most %(max)d characters.", field=field, max=QUESTION_LONGEST
        )
    return value


def _title(value: str) -> str:
    value = value.strip()
    if not value:
        raise errors.Invalid("empty", "Fill this in.", field="title")
    if len(value) > TITLE_LONGEST:
        raise errors.Invalid(
            "too_long", "Use at most %(max)d characters.", field="title", max=TITLE_LONGEST
        )
    return value
