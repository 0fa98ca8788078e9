"""What was published never changes: not by the studio, not by SQL, not for who enrolled."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db import Database
from courses import errors
from courses.catalogue import drafts, editions, facts, lessons
from courses.catalogue.models import CourseState, WithdrawalRule
from courses.units import Money
from tests import shelves


def test_a_later_change_is_a_new_edition_and_the_old_one_stays(session: Session, now: datetime) -> None:
    course = shelves.published(session, shelves.institution(session), now=now, title="一版", durations_ms=(1000, 2000))
    first = editions.current(session, course.id)
    assert first is not None
    later = now + timedelta(days=1)
    drafts.begin_edition(session, course, now=later)
    drafts.change(session, course, now=later, title="二版", price=Money(12000, "CNY"))
    lessons.remove(session, course, lesson_id=lessons.in_order(session, course)[0].id, now=later)
    assert editions.current(session, course.id) is first  # until the change is approved
    second = shelves.approve(session, course, now=later)
    assert (first.number, second.number) == (1, 2)
    assert [row.duration_ms for row in editions.lessons(session, first.id)] == [1000, 2000]
    assert [row.duration_ms for row in editions.lessons(session, second.id)] == [2000]
    assert (first.facts["title"], editions.price(first).minor) == ("一版", 0)
    assert (second.facts["title"], editions.price(second).minor) == ("二版", 12000)
    assert editions.current(session, course.id) is second
    assert editions.numbered(session, course.id, number=1) is first
    assert editions.get(session, first.id) is first


def test_a_lesson_keeps_its_id_through_editions(session: Session, now: datetime) -> None:
    course = shelves.published(session, shelves.institution(session), now=now)
    first = editions.current(session, course.id)
    drafts.begin_edition(session, course, now=now)
    second = shelves.approve(session, course, now=now)
    assert first is not None
    assert [row.lesson_id for row in editions.lessons(session, first.id)] == [
        row.lesson_id for row in editions.lessons(session, second.id)
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE editions SET facts = '{}'",
        "DELETE FROM editions",
        "UPDATE edition_lessons SET duration_ms = 1",
        "DELETE FROM edition_lessons",
        "UPDATE course_reviews SET verdict = 'returned'",
    ],
)
def test_sql_cannot_change_what_was_published(database: Database, now: datetime, statement: str) -> None:
    with database.writing() as session:
        course = shelves.published(session, shelves.institution(session), now=now)
    with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
        session.execute(text(statement))
    with database.reading() as session:
        edition = editions.current(session, course.id)
        assert edition is not None
        assert editions.is_intact(edition)
        assert len(editions.lessons(session, edition.id)) == 2


def test_the_digest_covers_every_fact_and_every_lesson(session: Session, now: datetime) -> None:
    course = shelves.published(session, shelves.institution(session), now=now)
    edition = editions.current(session, course.id)
    assert edition is not None
    for changed in (
        {**edition.facts, "price": {"amount_minor": 1, "currency": "CNY"}},
        {**edition.facts, "lessons": edition.facts["lessons"][:1]},
    ):
        assert facts.digest(changed) != edition.facts_hash


def test_a_video_that_is_not_ready_is_not_published(session: Session, now: datetime) -> None:
    course = shelves.draft(session, shelves.institution(session), now=now)
    lesson = lessons.add(session, course, title="没有视频", now=now)
    course.state = CourseState.SUBMITTED
    with pytest.raises(errors.Conflict) as refused:
        editions.publish(session, course, now=now)
    assert refused.value.code == "video_not_ready"
    assert lesson.asset_id is None


def test_a_draft_cannot_be_published_past_its_review(session: Session, now: datetime) -> None:
    course = shelves.draft(session, shelves.institution(session), now=now)
    with pytest.raises(errors.Conflict):
        editions.publish(session, course, now=now)


@pytest.mark.parametrize("rule", list(WithdrawalRule))
def test_a_withdrawal_is_dated_ruled_reasoned_and_final(
    session: Session, now: datetime, rule: WithdrawalRule
) -> None:
    course = shelves.published(session, shelves.institution(session), now=now)
    edition = editions.current(session, course.id)
    assert edition is not None
    with pytest.raises(errors.Invalid):
        editions.withdraw(session, course, rule=rule, reason=" ", by="k", now=now)
    editions.withdraw(session, course, rule=rule, reason="内容过时", by="k", now=now)
    assert (course.withdrawn_at, course.withdrawal_rule, course.withdrawn_by) == (now, rule, "k")
    assert editions.current(session, course.id) is None
    assert editions.get(session, edition.id) is edition  # who enrolled still has it
    with pytest.raises(errors.Conflict):
        editions.withdraw(session, course, rule=rule, reason="再一次", by="k", now=now)
    with pytest.raises(errors.Conflict):
        drafts.begin_edition(session, course, now=now)
