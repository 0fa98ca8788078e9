"""The studio's side of a course: whose it is, what it lacks, when it is locked."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from courses import errors
from courses.catalogue import drafts, facts, lessons
from courses.catalogue.models import CourseInstructor, CourseState
from courses.people.organisations import Role
from courses.units import Money
from media.assets import AssetKind, AssetState
from tests import shelves


def test_another_institution_finds_nothing(session: Session, now: datetime) -> None:
    mine, other = shelves.institution(session), shelves.institution(session, name="常州示例培训学校")
    course = shelves.draft(session, mine, now=now)
    assert drafts.for_staff(session, shelves.staff(mine), course_id=course.id) is course
    assert drafts.own(session, shelves.staff(other)) == []
    with pytest.raises(errors.NotFound):
        drafts.for_staff(session, shelves.staff(other), course_id=course.id)


def test_a_submission_tells_everything_that_is_missing_at_once(session: Session, now: datetime) -> None:
    owner = shelves.institution(session)
    course = drafts.create(session, organisation_id=owner.id, title="动火作业", now=now)
    waiting = shelves.asset(session, owner, state=AssetState.WAITING, now=now)
    failed = shelves.asset(session, owner, state=AssetState.FAILED, now=now)
    for title, asset_id in (("一", None), ("二", waiting.id), ("三", failed.id)):
        lesson = lessons.add(session, course, title=title, now=now)
        lessons.attach(session, course, lesson_id=lesson.id, asset_id=asset_id, now=now)
    with pytest.raises(drafts.Incomplete) as refused:
        drafts.submit(session, course, on=now.date(), now=now)
    assert [row.code for row in refused.value.missing] == [
        "summary", "trainees", "occasions", "industries", "topics", "instructors",
        "video", "video_not_ready", "video_failed",
    ]
    assert course.state == CourseState.DRAFT


def test_a_course_without_lessons_lacks_them(session: Session, now: datetime) -> None:
    course = shelves.draft(session, shelves.institution(session), now=now, durations_ms=())
    assert [row.code for row in drafts.missing(session, course, on=now.date())] == ["lessons"]


def test_what_is_submitted_cannot_be_changed_until_it_is_taken_back(session: Session, now: datetime) -> None:
    course = shelves.draft(session, shelves.institution(session), now=now)
    drafts.submit(session, course, on=now.date(), now=now)
    with pytest.raises(errors.Conflict) as refused:
        drafts.change(session, course, now=now, title="别的")
    assert refused.value.code == "draft_locked"
    with pytest.raises(errors.Conflict):
        lessons.add(session, course, title="又一讲", now=now)
    drafts.take_back(session, course, now=now)
    drafts.change(session, course, now=now, title="别的")
    assert course.title == "别的"


def test_an_instructor_of_another_institution_cannot_be_chosen(session: Session, now: datetime) -> None:
    mine, other = shelves.institution(session), shelves.institution(session, name="常州示例培训学校")
    stranger = shelves.member(session, other, role=Role.INSTRUCTOR, name="史国梁", now=now)
    clerk = shelves.member(session, mine, role=Role.INSTITUTION_STAFF, name="秦海燕", now=now)
    course = shelves.draft(session, mine, now=now)
    for person in (stranger, clerk):
        with pytest.raises(errors.Invalid) as refused:
            drafts.set_instructors(session, course, person_ids=[person.id], on=now.date(), now=now)
        assert refused.value.field == "instructors"


def test_an_instructor_who_left_before_the_submission_is_told(session: Session, now: datetime) -> None:
    course = shelves.draft(session, shelves.institution(session), now=now)
    later = shelves.SINCE - timedelta(days=1)  # before the membership began
    assert [row.code for row in drafts.missing(session, course, on=later)] == ["instructors_left"]


def test_a_file_of_another_institution_cannot_be_used(session: Session, now: datetime) -> None:
    mine, other = shelves.institution(session), shelves.institution(session, name="常州示例培训学校")
    course = shelves.draft(session, mine, now=now)
    lesson = lessons.in_order(session, course)[0]
    foreign = shelves.asset(session, other, now=now)
    with pytest.raises(errors.Invalid):
        lessons.attach(session, course, lesson_id=lesson.id, asset_id=foreign.id, now=now)
    picture = shelves.asset(session, other, kind=AssetKind.IMAGE, now=now)
    with pytest.raises(errors.Invalid):
        drafts.set_cover(session, course, asset_id=picture.id, now=now)


def test_a_picture_is_no_lesson(session: Session, now: datetime) -> None:
    mine = shelves.institution(session)
    course = shelves.draft(session, mine, now=now)
    picture = shelves.asset(session, mine, kind=AssetKind.IMAGE, now=now)
    lesson = lessons.in_order(session, course)[0]
    with pytest.raises(errors.Invalid):
        lessons.attach(session, course, lesson_id=lesson.id, asset_id=picture.id, now=now)


def test_lessons_keep_their_order_and_their_measured_length(session: Session, now: datetime) -> None:
    course = shelves.draft(session, shelves.institution(session), now=now, durations_ms=(1000, 2000, 3000))
    first, second, third = lessons.in_order(session, course)
    lessons.move(session, course, lesson_id=third.id, by=-1, now=now)
    lessons.move(session, course, lesson_id=first.id, by=-1, now=now)  # already the first
    assert lessons.in_order(session, course) == [first, third, second]
    lessons.remove(session, course, lesson_id=third.id, now=now)
    assert [row.duration_ms for row in facts.lessons(session, course.id)] == [1000, 2000]
    with pytest.raises(errors.NotFound):
        lessons.get(session, course, lesson_id=third.id)


def test_a_lesson_of_another_course_is_not_found(session: Session, now: datetime) -> None:
    owner = shelves.institution(session)
    one, two = shelves.draft(session, owner, now=now), shelves.draft(session, owner, now=now)
    with pytest.raises(errors.NotFound):
        lessons.get(session, one, lesson_id=lessons.in_order(session, two)[0].id)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "长" * 121}, "title"),
        ({"price": Money(-1, "CNY")}, "price"),
        ({"price": Money(100, "USD")}, "price"),
        ({"industries": ["NOWHERE"]}, "industries"),
        ({"language": "fr"}, "language"),
    ],
)
def test_a_bad_fact_is_refused_at_its_field_and_nothing_is_changed(
    session: Session, now: datetime, changes: dict[str, object], field: str
) -> None:
    course = shelves.draft(session, shelves.institution(session), now=now)
    with pytest.raises(errors.Invalid) as refused:
        drafts.change(session, course, now=now, summary="新的", **changes)
    assert refused.value.field == field
    assert course.summary == "进入前通风、检测、监护。"


def test_instructors_stand_in_the_order_given(session: Session, now: datetime) -> None:
    owner = shelves.institution(session)
    course = shelves.draft(session, owner, now=now)
    second = shelves.member(session, owner, role=Role.INSTRUCTOR, name="包雅琴", now=now)
    first = session.query(CourseInstructor).filter_by(course_id=course.id).one().person_id
    drafts.set_instructors(session, course, person_ids=[second.id, first], on=now.date(), now=now)
    assert [row["name"] for row in facts.instructors(session, course.id)] == ["包雅琴", "恽立新"]
