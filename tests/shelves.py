"""Makes institutions, files and courses for tests of the catalogue, without people signing in."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from courses.catalogue import drafts, facts, instructors, lessons, reviews, taxonomy
from courses.catalogue.models import Course, Edition
from courses.people.jurisdictions import Jurisdiction
from courses.people.organisations import (
    Actor,
    Grant,
    Membership,
    Organisation,
    OrganisationKind,
    Role,
)
from courses.people.persons import Person, Subject
from courses.units import Money
from media.assets import Asset, AssetKind, AssetState
from media.base import new_id

SINCE = date(2020, 1, 1)
MINUTE_MS = 60_000


def jurisdictions(session: Session) -> None:
    """The city and two of its districts, unless they are there."""
    for key, parent, name in (("CZ", None, "常州市"), ("CZ-TN", "CZ", "天宁区"), ("CZ-WJ", "CZ", "武进区")):
        if session.get(Jurisdiction, key) is None:
            session.add(
                Jurisdiction(
                    id=key, parent_id=parent, name_zh=name, name_en=key, bureau_zh=f"{name}应急管理局"
                )
            )
            session.flush()


def institution(
    session: Session, *, name: str = "常州示例安全培训中心", supervised_by: str = "CZ-TN"
) -> Organisation:
    """A training institution of a district."""
    jurisdictions(session)
    made = Organisation(
        kind=OrganisationKind.INSTITUTION, name=name, name_en="Example Training", supervised_by=supervised_by
    )
    session.add(made)
    session.flush()
    return made


def member(
    session: Session, organisation: Organisation, *, role: Role, name: str, now: datetime
) -> Person:
    """Somebody with a role at an organisation; instructors are presented by name."""
    person = Person(display_name=name[:1] + "*" * (len(name) - 1), created_at=now)
    session.add(person)
    session.flush()
    session.add(Subject(person_id=person.id))
    session.add(
        Membership(person_id=person.id, organisation_id=organisation.id, role=role, from_on=SINCE)
    )
    session.flush()
    if role is Role.INSTRUCTOR:
        instructors.introduce(session, person_id=person.id, name=name, now=now)
    return person


def actor(role: Role, organisation_id: str, jurisdiction_id: str, person_id: str = "") -> Actor:
    """Somebody who asks, with one role."""
    return Actor(
        new_id(), person_id or new_id(), new_id(), True, (Grant(role, organisation_id, jurisdiction_id),)
    )


def staff(organisation: Organisation) -> Actor:
    """Staff of an institution."""
    return actor(Role.INSTITUTION_STAFF, organisation.id, organisation.supervised_by)


def district(jurisdiction_id: str = "CZ-TN") -> Actor:
    """A district's regulator."""
    return actor(Role.DISTRICT_REGULATOR, "bureau-" + jurisdiction_id, jurisdiction_id)


def city() -> Actor:
    """The city's regulator."""
    return actor(Role.CITY_REGULATOR, "bureau-CZ", "CZ")


def asset(
    session: Session,
    owner: Organisation,
    *,
    kind: AssetKind = AssetKind.VIDEO,
    state: AssetState = AssetState.READY,
    duration_ms: int = 10 * MINUTE_MS,
    now: datetime,
) -> Asset:
    """A file of an institution, ready unless said otherwise."""
    is_ready = state is AssetState.READY
    made = Asset(
        owner=owner.id,
        kind=kind,
        state=state,
        file_name="lecture.mp4",
        size_bytes=1_000_000,
        part_bytes=1_000_000,
        duration_ms=duration_ms if is_ready and kind is AssetKind.VIDEO else None,
        content_hash=hashlib.sha256(new_id().encode()).digest() if is_ready else None,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def draft(
    session: Session,
    owner: Organisation,
    *,
    title: str = "有限空间作业安全",
    now: datetime,
    durations_ms: tuple[int, ...] = (10 * MINUTE_MS, 20 * MINUTE_MS),
    teacher: Person | None = None,
    questions: Sequence[Mapping[str, Any]] = (),
    **changes: Any,
) -> Course:
    """A draft that lacks nothing; every lesson asks the same questions."""
    teacher = teacher or member(session, owner, role=Role.INSTRUCTOR, name="恽立新", now=now)
    course = drafts.create(session, organisation_id=owner.id, title=title, now=now)
    facts_given: dict[str, Any] = {
        "summary": "进入前通风、检测、监护。",
        "trainees": ["other_employee"],
        "occasions": ["annual_retrain"],
        "industries": ["GENERAL"],
        "topics": ["TECH:confined_space"],
        "price": Money(0, "CNY"),
    } | changes
    drafts.change(session, course, now=now, **facts_given)
    drafts.set_instructors(session, course, person_ids=[teacher.id], on=now.date(), now=now)
    for number, duration_ms in enumerate(durations_ms, 1):
        lesson = lessons.add(session, course, title=f"第{number}讲", now=now)
        video = asset(session, owner, duration_ms=duration_ms, now=now)
        lessons.attach(session, course, lesson_id=lesson.id, asset_id=video.id, now=now)
        for asked in questions:
            lessons.ask(session, course, lesson_id=lesson.id, now=now, **asked)
    return course


def all_ok() -> dict[str, reviews.Point]:
    """Six points in order."""
    return {code: reviews.Point(True) for code in taxonomy.REVIEW_POINTS}


def seen(session: Session, course: Course) -> bytes:
    """The digest of what a reviewer reads now."""
    return facts.digest(facts.of_draft(session, course))


def approve(session: Session, course: Course, *, now: datetime) -> Edition:
    """Submit a whole draft, and let the city approve it."""
    drafts.submit(session, course, on=now.date(), now=now)
    return reviews.approve(
        session, city(), course=course, points=all_ok(), seen=seen(session, course), now=now
    )


def published(session: Session, owner: Organisation, *, now: datetime, **changes: Any) -> Course:
    """A course on offer."""
    course = draft(session, owner, now=now, **changes)
    approve(session, course, now=now)
    return course


def rate(course: Course, *, score: Fraction, count: int) -> None:
    """As if learners had rated it."""
    course.rating_score_num, course.rating_score_den = score.numerator, score.denominator
    course.rating_count = count


