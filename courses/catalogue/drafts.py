"""The studio's side of a course: its draft, changed freely until submitted.

Only the own institution's staff reach a draft (`for_staff`), everybody else finds nothing there.
Lessons of a draft are in `lessons`; publishing in `editions`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from courses import errors
from courses.catalogue import facts, instructors, taxonomy
from courses.catalogue.models import TRANSITIONS, Course, CourseInstructor, CourseState
from courses.people.organisations import Actor, Role
from courses.units import Money
from media.assets import Asset, AssetKind, AssetState

TITLE_LONGEST = 120
SUMMARY_LONGEST = 2000
PRICE_MOST_MINOR = 100_000_00  # nobody sells a lesson for more; a slip of the decimal point is
EDITABLE = frozenset({CourseState.DRAFT, CourseState.RETURNED})


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that a draft lacks: a stable code, and the lesson that lacks it, if any."""

    code: str
    lesson_id: str | None = None
    lesson: str = ""


class Incomplete(errors.Invalid):
    """A submission that lacks things; `missing` lists all of them at once."""

    code = "incomplete"
    sentence = "Some things are still missing."

    def __init__(self, missing: Sequence[Missing]) -> None:
        super().__init__(missing=[row.code for row in missing])
        self.missing = list(missing)


def own(session: Session, actor: Actor) -> list[Course]:
    """Every course of the actor's institutions, the last changed first."""
    return list(
        session.scalars(
            select(Course)
            .where(Course.organisation_id.in_(actor.organisations(Role.INSTITUTION_STAFF)))
            .order_by(Course.changed_at.desc(), Course.id)
        )
    )


def for_staff(session: Session, actor: Actor, *, course_id: str, lock: bool = False) -> Course:
    """A course of the actor's own institution, otherwise NotFound; `lock` for changing it."""
    query = select(Course).where(
        Course.id == course_id,
        Course.organisation_id.in_(actor.organisations(Role.INSTITUTION_STAFF)),
    )
    course = session.scalar(query.with_for_update() if lock else query)
    if course is None:
        raise errors.NotFound()
    return course


def create(
    session: Session, *, organisation_id: str, title: str, now: datetime, language: str = "zh_CN"
) -> Course:
    """An empty draft of an institution."""
    course = Course(
        organisation_id=organisation_id,
        state=CourseState.DRAFT,
        title=_title(title),
        language=_language(language),
        trainees=[],
        occasions=[],
        industries=[],
        topics=[],
        created_at=now,
        changed_at=now,
    )
    session.add(course)
    session.flush()
    return course


def move(course: Course, *, to: CourseState) -> None:
    """Change the state of the draft, along `TRANSITIONS` only."""
    if to not in TRANSITIONS[CourseState(course.state)]:
        raise errors.Conflict("course_state", "The course is not in a state that allows this.")
    course.state = to


def touch(course: Course, *, now: datetime) -> None:
    """Note a change; Conflict where the draft is locked by a submission, or published."""
    if course.state not in EDITABLE:
        raise errors.Conflict(
            "draft_locked", "This draft cannot be changed now. Take it back or begin a new edition."
        )
    course.changed_at = now


def change(session: Session, course: Course, *, now: datetime, **changes: Any) -> Course:
    """Change facts of a draft.

    Takes any of `title summary language trainees occasions industries topics price exam`;
    Invalid names the field that is not acceptable, and then nothing is changed.
    """
    values = {name: _CHECKS[name](value) for name, value in changes.items() if name != "price"}
    if "price" in changes:
        price = _price(changes["price"])
        values |= {"price_minor": price.minor, "currency": price.currency}
    touch(course, now=now)
    for name, value in values.items():
        setattr(course, name, value)
    session.flush()
    return course


def set_instructors(
    session: Session, course: Course, *, person_ids: Iterable[str], on: date, now: datetime
) -> None:
    """Who teaches, in order; each must be an instructor of the course's own institution."""
    asked = list(dict.fromkeys(person_ids))
    able = {
        teaching.person_id
        for teaching in instructors.of_institution(
            session, organisation_id=course.organisation_id, on=on
        )
    }
    if not set(asked) <= able:
        raise errors.Invalid(
            "not_an_instructor",
            "Choose instructors of your own institution.",
            field="instructors",
        )
    touch(course, now=now)
    session.execute(delete(CourseInstructor).where(CourseInstructor.course_id == course.id))
    session.add_all(
        CourseInstructor(course_id=course.id, person_id=person_id, position=position)
        for position, person_id in enumerate(asked)
    )
    session.flush()


def set_cover(session: Session, course: Course, *, asset_id: str | None, now: datetime) -> None:
    """The picture of the course: an image of the own institution, or none."""
    if asset_id is not None:
        asset = own_asset(session, course, asset_id=asset_id, kind=AssetKind.IMAGE, field="cover")
        asset_id = asset.id
    touch(course, now=now)
    course.cover_asset_id = asset_id
    session.flush()


def own_asset(
    session: Session, course: Course, *, asset_id: str, kind: AssetKind, field: str
) -> Asset:
    """A file that the course's own institution sent, otherwise Invalid: nobody borrows files."""
    asset = session.get(Asset, asset_id)
    if asset is None or asset.owner != course.organisation_id or asset.kind != kind:
        raise errors.Invalid("unknown_file", "This file is not one of yours.", field=field)
    return asset


def missing(session: Session, course: Course, *, on: date) -> list[Missing]:
    """Everything that a submission still lacks, in the order of the studio's page."""
    found = [
        Missing(code)
        for is_there, code in (
            (bool(course.title.strip()), "title"),
            (bool(course.summary.strip()), "summary"),
            (bool(course.trainees), "trainees"),
            (bool(course.occasions), "occasions"),
            (bool(course.industries), "industries"),
            (bool(course.topics), "topics"),
        )
        if not is_there
    ]
    found += _missing_instructors(session, course, on=on)
    cover = session.get(Asset, course.cover_asset_id) if course.cover_asset_id else None
    if cover is not None and cover.state != AssetState.READY:
        found.append(Missing("cover"))
    rows = facts.lessons(session, course.id)
    if not rows:
        found.append(Missing("lessons"))
    for row in rows:
        found += _missing_of_lesson(row)
    return found


def _missing_instructors(session: Session, course: Course, *, on: date) -> list[Missing]:
    chosen = {row["id"] for row in facts.instructors(session, course.id)}
    if not chosen:
        return [Missing("instructors")]
    able = {
        teaching.person_id
        for teaching in instructors.of_institution(
            session, organisation_id=course.organisation_id, on=on
        )
    }
    return [] if chosen <= able else [Missing("instructors_left")]


def _missing_of_lesson(row: facts.DraftLesson) -> list[Missing]:
    codes = []
    if row.asset is None:
        codes.append("video")
    elif row.asset.state == AssetState.FAILED:
        codes.append("video_failed")
    elif not row.is_ready:
        codes.append("video_not_ready")
    states = {one.state for one in row.handouts}
    if AssetState.FAILED in states:
        codes.append("handout_failed")
    elif states - {AssetState.READY}:
        codes.append("handout_not_ready")
    return [Missing(code, row.lesson.id, row.lesson.title) for code in codes]


def submit(session: Session, course: Course, *, on: date, now: datetime) -> None:
    """Hand the draft to review; Incomplete lists everything that is missing."""
    if CourseState.SUBMITTED not in TRANSITIONS[CourseState(course.state)]:
        raise errors.Conflict("course_state", "The course is not in a state that allows this.")
    lacks = missing(session, course, on=on)
    if lacks:
        raise Incomplete(lacks)
    move(course, to=CourseState.SUBMITTED)
    course.submitted_at = now
    session.flush()


def take_back(session: Session, course: Course, *, now: datetime) -> None:
    """Take a submission back before it is judged."""
    if course.state != CourseState.SUBMITTED:
        raise errors.Conflict("course_state", "The course is not in a state that allows this.")
    move(course, to=CourseState.DRAFT)
    course.changed_at = now
    session.flush()


def begin_edition(session: Session, course: Course, *, now: datetime) -> None:
    """Open the draft of the next edition; what is published stays as it is."""
    if course.state != CourseState.PUBLISHED:
        raise errors.Conflict("course_state", "The course is not in a state that allows this.")
    move(course, to=CourseState.DRAFT)
    course.changed_at = now
    session.flush()


def _title(value: str) -> str:
    return _text(value, "title", TITLE_LONGEST, is_needed=True)


def _summary(value: str) -> str:
    return _text(value, "summary", SUMMARY_LONGEST)


def _text(value: str, field: str, longest: int, *, is_needed: bool = False) -> str:
    value = value.strip()
    if is_needed and not value:
        raise errors.Invalid("empty", "Fill this in.", field=field)
    if len(value) > longest:
        raise errors.Invalid(
            "too_long", "Use at most %(max)d characters.", field=field, max=longest
        )
    return value


def _language(value: str) -> str:
    if value not in taxonomy.LANGUAGES:
        raise errors.Invalid(
            "unknown_code", "%(value)s is not one of the choices.", field="language", value=value
        )
    return value


def _exam(value: str) -> str:
    if value not in ("none", "required"):
        raise errors.Invalid(
            "unknown_code", "%(value)s is not one of the choices.", field="exam", value=value
        )
    return value


def _price(value: Money) -> Money:
    if not 0 <= value.minor <= PRICE_MOST_MINOR:
        raise errors.Invalid(
            "price_out_of_range",
            "A price lies between 0 and %(most)s.",
            field="price",
            most=f"{PRICE_MOST_MINOR // 100}",
        )
    if value.currency != "CNY":
        raise errors.Invalid("unknown_currency", "Prices are in CNY.", field="price")
    return value


_CHECKS: dict[str, Any] = {
    "title": _title,
    "summary": _summary,
    "language": _language,
    "exam": _exam,
    **{axis.field: axis.check for axis in taxonomy.AXES.values()},
}
