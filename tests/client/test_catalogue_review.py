"""The review's pages: whose submissions, six points, and what the institution reads afterwards."""

from datetime import datetime
from html import unescape

import pytest
from flask import Flask

from courses.catalogue import drafts, facts
from courses.catalogue.models import Course
from courses.people.organisations import Organisation
from tests import shelves, shelves_app


@pytest.fixture
def owner(app: Flask) -> Organisation:
    return shelves_app.institution(app)


@pytest.fixture
def submitted(app: Flask, owner: Organisation, now: datetime) -> Course:
    with shelves_app.database(app).writing() as session:
        course = shelves.draft(session, owner, now=now)
        drafts.submit(session, course, on=now.date(), now=now)
    return course


def judgement(app: Flask, course: Course, verdict: str, **points: str) -> dict[str, str]:
    with shelves_app.database(app).reading() as session:
        seen = facts.digest(facts.of_draft(session, session.get_one(Course, course.id))).hex()
    return dict.fromkeys(shelves.all_ok(), "ok") | {"seen": seen, "verdict": verdict} | points


def state(app: Flask, course: Course) -> str:
    with shelves_app.database(app).reading() as session:
        return session.get_one(Course, course.id).state


def test_the_own_district_and_the_city_review_and_the_other_finds_nothing(
    app: Flask, submitted: Course, now: datetime
) -> None:
    url = f"/catalogue/reviews/{submitted.id}"
    for client in (shelves_app.district(app, "CZ-TN", now=now), shelves_app.city(app, now=now)):
        assert submitted.title in client.get("/catalogue/reviews/").text
        assert client.get(url).status_code == 200
    other = shelves_app.district(app, "CZ-WJ", now=now)
    assert submitted.title not in other.get("/catalogue/reviews/").text
    assert other.get(url).status_code == 404
    assert other.post(url, data=judgement(app, submitted, "approve")).status_code == 404
    assert other.get(f"{url}/withdraw").status_code == 404
    assert state(app, submitted) == "submitted"


def test_staff_and_learners_do_not_review(app: Flask, owner: Organisation, submitted: Course, now: datetime) -> None:
    for client in (shelves_app.staff(app, owner, now=now), shelves_app.signed_in(app, now=now)):
        assert client.get(f"/catalogue/reviews/{submitted.id}").status_code == 403


def test_every_lesson_can_be_played_and_every_point_is_asked(app: Flask, submitted: Course, now: datetime) -> None:
    html = unescape(shelves_app.district(app, "CZ-TN", now=now).get(f"/catalogue/reviews/{submitted.id}").text)
    assert html.count("<video") == 2
    for point in ("内容", "形式", "意识形态", "视频格式", "视频质量", "版权"):
        assert point in html


def test_what_is_sent_back_is_read_in_the_studio(
    app: Flask, owner: Organisation, submitted: Course, now: datetime
) -> None:
    district = shelves_app.district(app, "CZ-TN", now=now)
    url = f"/catalogue/reviews/{submitted.id}"
    without_note = district.post(url, data=judgement(app, submitted, "return", copyright="bad"))
    assert without_note.status_code == 200
    assert 'id="copyright-error"' in without_note.text
    answer = district.post(url, data=judgement(app, submitted, "return", copyright="bad", copyright_note="缺少授权书", note="请补"))
    assert answer.status_code == 303
    assert state(app, submitted) == "returned"
    staff = shelves_app.staff(app, owner, now=now)
    for text in ("缺少授权书", "请补", "版权"):
        assert text in unescape(staff.get(f"/catalogue/studio/{submitted.id}").text)
    assert submitted.title in staff.get("/catalogue/studio/").text
    assert "缺少授权书" in unescape(district.get(url).text)


def test_five_points_or_an_open_one_do_not_approve(app: Flask, submitted: Course, now: datetime) -> None:
    district = shelves_app.district(app, "CZ-TN", now=now)
    url = f"/catalogue/reviews/{submitted.id}"
    for form in (
        judgement(app, submitted, "approve", content="bad", content_note="x"),
        {key: value for key, value in judgement(app, submitted, "approve").items() if key != "content"},
    ):
        answer = district.post(url, data=form)
        assert answer.status_code == 200
        assert 'id="content-error"' in answer.text
    assert state(app, submitted) == "submitted"


def test_what_changed_since_it_was_opened_is_not_approved(app: Flask, submitted: Course, now: datetime) -> None:
    form = judgement(app, submitted, "approve")
    with shelves_app.database(app).writing() as session:
        course = session.get_one(Course, submitted.id)
        drafts.take_back(session, course, now=now)
        drafts.change(session, course, summary="换了", now=now)
        drafts.submit(session, course, on=now.date(), now=now)
    district = shelves_app.district(app, "CZ-TN", now=now)
    assert district.post(f"/catalogue/reviews/{submitted.id}", data=form).status_code == 409
    assert district.post(f"/catalogue/reviews/{submitted.id}", data=form | {"seen": "zz"}).status_code == 409


def test_a_regulator_withdraws_by_any_rule(app: Flask, owner: Organisation, now: datetime) -> None:
    with shelves_app.database(app).writing() as session:
        course = shelves.draft(session, owner, now=now)
        shelves.approve(session, course, now=now)
    district = shelves_app.district(app, "CZ-TN", now=now)
    url = f"/catalogue/reviews/{course.id}/withdraw"
    assert district.get(url).status_code == 200
    assert district.post(url, data={"rule": "void", "reason": ""}).status_code == 200
    assert district.post(url, data={"rule": "void", "reason": "内容错误"}).status_code == 303
    assert state(app, course) == "withdrawn"
    assert app.test_client().get(f"/catalogue/courses/{course.id}").status_code == 410
