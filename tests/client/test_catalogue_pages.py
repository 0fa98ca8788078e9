"""Finding and reading courses, as everybody does."""

import re
from datetime import datetime
from fractions import Fraction
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import jobs
from courses import policies
from courses.catalogue import drafts, editions, lessons, summaries
from courses.catalogue.models import Course, EditionLesson, WithdrawalRule
from courses.people.organisations import Organisation
from courses.units import Money
from media.assets import Rendition
from tests import shelves, shelves_app


@pytest.fixture
def owner(app: Flask) -> Organisation:
    return shelves_app.institution(app)


def offer(app: Flask, owner: Organisation, now: datetime, **facts: object) -> Course:
    with shelves_app.database(app).writing() as session:
        return shelves.published(session, owner, now=now, **facts)  # type: ignore[arg-type]


def shown(client: FlaskClient, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return unescape(answer.text)


def titles(html: str) -> list[str]:
    found = re.findall(r'course-card__title">(.*?)</h3>', html)
    return [re.sub(r"</?mark>", "", title) for title in found]


def test_nothing_on_offer_says_so(client: FlaskClient) -> None:
    assert "class=\"empty\"" in shown(client, "/catalogue/")


def test_a_chinese_word_finds_its_course_marked(
    app: Flask, client: FlaskClient, owner: Organisation, now: datetime
) -> None:
    offer(app, owner, now, title="有限空间作业安全")
    offer(app, owner, now, title="动火作业", topics=["TECH:fire"], summary="火花")
    html = shown(client, "/catalogue/?q=受限空间")
    assert titles(html) == ["有限空间作业安全"]
    assert "<mark>有限空间</mark>作业安全" in html


def test_filters_narrow_the_list_and_their_counts_are_right(
    app: Flask, client: FlaskClient, owner: Organisation, now: datetime
) -> None:
    offer(app, owner, now, title="甲", industries=["HAZCHEM", "MACH"])
    offer(app, owner, now, title="乙", industries=["MACH"], price=Money(9900, "CNY"))
    offer(app, owner, now, title="丙", industries=["GENERAL"])
    html = shown(client, "/catalogue/")
    for href, count in re.findall(r'facet__item" href="([^"]+)".*?facet__count">(\d+)<', html, re.S):
        assert len(titles(shown(client, href))) == int(count), href
    narrowed = shown(client, "/catalogue/?industry=MACH&price=paid")
    assert titles(narrowed) == ["乙"]
    assert narrowed.count("chosen__item") == 2


def test_an_address_with_nonsense_is_read_as_far_as_it_goes(
    app: Flask, client: FlaskClient, owner: Organisation, now: datetime
) -> None:
    offer(app, owner, now)
    html = shown(client, "/catalogue/?industry=NOWHERE&sort=colour&page=minus&price=cheap")
    assert titles(html) == ["有限空间作业安全"]


def test_no_dead_end(app: Flask, client: FlaskClient, owner: Organisation, now: datetime) -> None:
    offer(app, owner, now)
    assert 'href="/catalogue/"' in shown(client, "/catalogue/?q=无人机")
    assert 'href="/catalogue/?q=%E7%A9%BA%E9%97%B4"' in shown(client, "/catalogue/?q=空间&price=paid")
    assert "empty" in shown(client, "/catalogue/?page=9")


def test_many_courses_come_in_pages(app: Flask, client: FlaskClient, owner: Organisation, now: datetime) -> None:
    with shelves_app.database(app).writing() as session:
        teacher = shelves.member(session, owner, role=shelves.Role.INSTRUCTOR, name="恽立新", now=now)
        for number in range(25):
            shelves.published(session, owner, title=f"课{number}", teacher=teacher, durations_ms=(1000,), now=now)
    first, second = titles(shown(client, "/catalogue/")), titles(shown(client, "/catalogue/?page=2"))
    assert (len(first), len(second)) == (24, 1)
    assert not set(first) & set(second)


def test_a_course_page_tells_what_a_worker_asks(
    app: Flask, client: FlaskClient, owner: Organisation, now: datetime
) -> None:
    course = offer(app, owner, now, durations_ms=(2_700_000, 1_350_000), price=Money(12000, "CNY"))
    html = shown(client, f"/catalogue/courses/{course.id}")
    for text in ("有限空间作业安全", "恽立新", owner.name, "45:00", "22:30", "¥120.00", "进入前通风"):
        assert text in html
    assert '<span class="hours">1.5</span>' in html  # 67.5 minutes, 45 each
    assert f"next=/catalogue/courses/{course.id}" in html  # sign in, and come back


def test_each_quality_of_a_lesson_is_weighed_and_sound_alone_is_none(
    app: Flask, client: FlaskClient, owner: Organisation, now: datetime
) -> None:
    course = offer(app, owner, now)
    with app.extensions["xueshi_db"].writing() as session:
        asset_id = session.scalars(select(EditionLesson.asset_id)).first()
        for name, width, size_bytes in (("720p", 1280, 69_000_001), ("360p", 640, 47_000_000), ("sound", 0, 29_000_000)):
            session.add(
                Rendition(
                    asset_id=asset_id, name=name, width=width, height=width, bandwidth=1,
                    average_bandwidth=1, size_bytes=size_bytes, codecs="x",
                )
            )  # fmt: skip
    html = shown(client, f"/catalogue/courses/{course.id}")
    assert "360p 47 MB · 720p 70 MB" in html
    assert "29 MB" not in html


def test_hours_are_credited_by_the_rule_in_force(
    app: Flask, client: FlaskClient, owner: Organisation, now: datetime
) -> None:
    course = offer(app, owner, now, durations_ms=(2_700_000,))
    with shelves_app.database(app).writing() as session:
        rules = {"ratio": "4/5", "hour_ms": 3_000_000}
        draft = policies.Draft(
            jurisdiction_id="CZ", effective_on=now.date(), title="示例", number="示例〔1〕号", text="示例。",
            rules=rules, is_example=True
        )
        policies.enter(session, draft, entered_by="k", approved_by="l", now=now)
    html = shown(client, f"/catalogue/courses/{course.id}")
    assert "0.9</span>" in html
    assert "0.72</span>" in html
    assert "notice--example" in html


def test_a_withdrawn_course_is_gone_and_a_draft_was_never_there(
    app: Flask, client: FlaskClient, owner: Organisation, now: datetime
) -> None:
    course = offer(app, owner, now)
    shown(client, "/catalogue/")
    with shelves_app.database(app).writing() as session:
        editions.withdraw(
            session, session.get_one(Course, course.id), rule=WithdrawalRule.KEEP_POSTED, reason="过时", by="k", now=now
        )
        draft = shelves.draft(session, owner, now=now)
    shown(client, f"/catalogue/courses/{course.id}", 410)
    shown(client, f"/catalogue/courses/{draft.id}", 404)
    assert titles(shown(client, "/catalogue/")) == []


def test_only_a_preview_can_be_played_by_all(
    app: Flask, client: FlaskClient, owner: Organisation, now: datetime
) -> None:
    with shelves_app.database(app).writing() as session:
        course = shelves.draft(session, owner, now=now)
        first, second = lessons.in_order(session, course)
        lessons.set_preview(session, course, lesson_id=first.id, is_preview=True, now=now)
        shelves.approve(session, course, now=now)
    html = shown(client, f"/catalogue/courses/{course.id}/preview/{first.id}")
    assert f"/{first.asset_id}/master.m3u8" in html
    shown(client, f"/catalogue/courses/{course.id}/preview/{second.id}", 404)


@pytest.mark.parametrize(
    "case",
    [
        (0, True, 'action="/enrolment/"'),
        (12000, True, 'action="/orders/"'),
        (0, False, "/people/regist"),
    ],
)
def test_the_action_is_the_next_step(
    app: Flask, owner: Organisation, now: datetime, case: tuple[int, bool, str]
) -> None:
    price, is_registered, says = case
    course = offer(app, owner, now, price=Money(price, "CNY"))
    learner = shelves_app.signed_in(app, now=now, is_registered=is_registered)
    assert says in shown(learner, f"/catalogue/courses/{course.id}")


def test_who_is_enrolled_goes_on_and_keeps_the_edition(app: Flask, owner: Organisation, now: datetime) -> None:
    course = offer(app, owner, now)
    learner = shelves_app.signed_in(app, now=now)
    assert learner.post("/enrolment/", data={"course_id": course.id}).status_code == 303
    url = f"/catalogue/courses/{course.id}"
    assert "/watch/" in shown(learner, url)
    with shelves_app.database(app).writing() as session:
        again = session.get_one(Course, course.id)
        drafts.begin_edition(session, again, now=now)
        drafts.change(session, again, title="第二版", now=now)
        shelves.approve(session, again, now=now)
    html = shown(learner, url)
    assert "第二版" in html
    assert "/watch/" in html


def test_a_score_shows_from_five_ratings_on(app: Flask, client: FlaskClient, owner: Organisation, now: datetime) -> None:
    course = offer(app, owner, now)
    for count, is_shown in ((4, False), (5, True)):
        with shelves_app.database(app).writing() as session:
            summaries.write_rating(session, course.id, score=Fraction(73, 20), count=count)
        jobs.run_due(app, now)
        html = shown(client, "/catalogue/")
        assert ("course-card__score" in html) is is_shown
    assert "3.7" in html


def test_institution_and_instructor_pages_show_their_courses(
    app: Flask, client: FlaskClient, owner: Organisation, now: datetime
) -> None:
    course = offer(app, owner, now)
    other = shelves_app.institution(app, name="常州示例培训学校")
    offer(app, other, now, title="别家的课")
    html = shown(client, f"/catalogue/institutions/{owner.id}")
    assert titles(html) == ["有限空间作业安全"]
    with shelves_app.database(app).reading() as session:
        edition = editions.current(session, course.id)
        assert edition is not None
        [person_id] = editions.instructor_ids(edition)
    assert titles(shown(client, f"/catalogue/instructors/{person_id}")) == ["有限空间作业安全"]
    shown(client, "/catalogue/instructors/nobody", 404)
    shown(client, "/catalogue/institutions/nobody", 404)


def test_learners_are_no_instructors(app: Flask, client: FlaskClient, owner: Organisation, now: datetime) -> None:
    with shelves_app.database(app).writing() as session:
        clerk = shelves.member(session, owner, role=shelves.Role.INSTITUTION_STAFF, name="秦海燕", now=now)
    shown(client, f"/catalogue/instructors/{clerk.id}", 404)
