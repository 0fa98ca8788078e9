"""Review before a course goes live: who may, six points, and exactly what was read."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from courses import errors
from courses.catalogue import drafts, lessons, reviews
from courses.catalogue.models import Course, CourseInstructor, CourseState
from courses.people.organisations import Actor, Grant, Role
from tests import shelves


def submitted(session: Session, now: datetime, supervised_by: str = "CZ-TN") -> Course:
    owner = shelves.institution(session, supervised_by=supervised_by)
    course = shelves.draft(session, owner, now=now)
    drafts.submit(session, course, on=now.date(), now=now)
    return course


def bad(code: str, note: str) -> dict[str, reviews.Point]:
    return shelves.all_ok() | {code: reviews.Point(False, note)}


def test_a_district_sees_its_own_submissions_and_the_city_sees_all(session: Session, now: datetime) -> None:
    here, there = submitted(session, now), submitted(session, now, "CZ-WJ")

    def waiting(actor: Actor) -> set[str]:
        return {course.id for course, _institution in reviews.queue(session, actor)}

    assert waiting(shelves.district("CZ-TN")) == {here.id}
    assert waiting(shelves.district("CZ-WJ")) == {there.id}
    assert waiting(shelves.city()) == {here.id, there.id}
    with pytest.raises(errors.NotFound):
        reviews.for_reviewer(session, shelves.district("CZ-WJ"), course_id=here.id)


def test_a_draft_that_was_never_submitted_is_nobody_elses_business(session: Session, now: datetime) -> None:
    course = shelves.draft(session, shelves.institution(session), now=now)
    with pytest.raises(errors.NotFound):
        reviews.for_reviewer(session, shelves.city(), course_id=course.id)


def test_six_points_in_order_publish(session: Session, now: datetime) -> None:
    course = submitted(session, now)
    edition = reviews.approve(
        session, shelves.district(), course=course, points=shelves.all_ok(), seen=shelves.seen(session, course), now=now
    )
    assert (course.state, course.current_edition, edition.number) == (CourseState.PUBLISHED, 1, 1)
    [review] = reviews.of_course(session, course.id)
    assert (review.verdict, review.edition, review.draft_hash) == ("approved", 1, edition.facts_hash)


def test_one_open_point_or_five_points_publish_nothing(session: Session, now: datetime) -> None:
    course = submitted(session, now)
    five = shelves.all_ok()
    del five["copyright"]
    for points in (bad("copyright", "无授权"), five):
        with pytest.raises(errors.Invalid) as refused:
            reviews.approve(
                session, shelves.city(), course=course, points=points, seen=shelves.seen(session, course), now=now
            )
        assert refused.value.field == "copyright"
    assert course.state == CourseState.SUBMITTED


def test_a_return_says_what_has_to_change(session: Session, now: datetime) -> None:
    course = submitted(session, now)
    seen = shelves.seen(session, course)
    for points, field in ((bad("content", " "), "content"), (shelves.all_ok(), "note")):
        with pytest.raises(errors.Invalid) as refused:
            reviews.send_back(session, shelves.city(), course=course, points=points, seen=seen, now=now)
        assert refused.value.field == field
    reviews.send_back(session, shelves.city(), course=course, points=bad("content", "缺少救援内容"), seen=seen, now=now)
    assert course.state == CourseState.RETURNED
    [review] = reviews.of_course(session, course.id)
    assert review.points["content"] == {"ok": False, "note": "缺少救援内容"}
    drafts.change(session, course, now=now, summary="补上了")
    drafts.submit(session, course, on=now.date(), now=now)


def test_what_changed_after_it_was_read_is_not_approved(session: Session, now: datetime) -> None:
    course = submitted(session, now)
    seen = shelves.seen(session, course)
    drafts.take_back(session, course, now=now)
    lessons.rename(
        session, course, lesson_id=lessons.in_order(session, course)[0].id, title="另一讲", now=now
    )
    drafts.submit(session, course, on=now.date(), now=now)
    with pytest.raises(errors.Conflict) as refused:
        reviews.approve(session, shelves.city(), course=course, points=shelves.all_ok(), seen=seen, now=now)
    assert refused.value.code == "changed_since_read"


def test_a_submission_is_judged_once(session: Session, now: datetime) -> None:
    course = submitted(session, now)
    seen = shelves.seen(session, course)
    reviews.approve(session, shelves.city(), course=course, points=shelves.all_ok(), seen=seen, now=now)
    with pytest.raises(errors.Conflict) as refused:
        reviews.approve(session, shelves.city(), course=course, points=shelves.all_ok(), seen=seen, now=now)
    assert refused.value.code == "not_submitted"


def test_who_belongs_to_the_institution_or_teaches_does_not_review(session: Session, now: datetime) -> None:
    course = submitted(session, now)
    teacher = session.query(CourseInstructor).filter_by(course_id=course.id).one().person_id
    both = Actor("a", "p", "k", True, (
        Grant(Role.CITY_REGULATOR, "bureau-CZ", "CZ"),
        Grant(Role.INSTITUTION_STAFF, course.organisation_id, "CZ-TN"),
    ))
    for actor in (both, shelves.actor(Role.CITY_REGULATOR, "bureau-CZ", "CZ", teacher)):
        with pytest.raises(errors.Forbidden):
            reviews.approve(
                session, actor, course=course, points=shelves.all_ok(), seen=shelves.seen(session, course), now=now
            )
