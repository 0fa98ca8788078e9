"""The studio: from the first title to an edition, and nobody else's business."""

from datetime import datetime
from html import unescape

import pytest
from flask import Flask

from courses.catalogue import editions, facts, lessons
from courses.catalogue.models import Course, CourseInstructor
from courses.people.organisations import Organisation, Role
from media.assets import AssetState
from tests import shelves, shelves_app


@pytest.fixture
def owner(app: Flask) -> Organisation:
    return shelves_app.institution(app)


def read(app: Flask, course_id: str) -> Course:
    with shelves_app.database(app).reading() as session:
        return session.get_one(Course, course_id)


def test_from_the_first_title_to_the_public_page(app: Flask, owner: Organisation, now: datetime) -> None:
    staff = shelves_app.staff(app, owner, now=now)
    with shelves_app.database(app).writing() as session:
        teacher = shelves.member(session, owner, role=Role.INSTRUCTOR, name="恽立新", now=now)
        videos = [shelves.asset(session, owner, duration_ms=ms, now=now) for ms in (90_000, 120_000)]
    made = staff.post("/catalogue/studio/new", data={"title": "有限空间作业安全", "organisation_id": owner.id})
    assert made.status_code == 303
    studio_url = made.location.removesuffix("/facts")
    course_id = studio_url.rsplit("/", 1)[1]

    page = unescape(staff.get(studio_url).text)
    assert page.count("<li>", page.index("checklist"), page.index("</ul>", page.index("checklist"))) == 7
    refused = staff.post(f"{studio_url}/submit", follow_redirects=True)
    assert "flash--error" in refused.text
    assert read(app, course_id).state == "draft"

    answer = staff.post(f"{studio_url}/facts", data={
        "seen": read(app, course_id).changed_at.isoformat(),
        "title": "有限空间作业安全", "summary": "进入前通风、检测、监护。",
        "industries": ["GENERAL"], "trainees": ["special_operator"], "items": ["special_operator:1.2"],
        "topics": ["TECH:confined_space"], "occasions": ["cert_review"],
        "instructors": [teacher.id], "language": "zh_CN", "price": "120.00",
    })
    assert answer.status_code == 303
    course = read(app, course_id)
    assert course.trainees == ["special_operator", "special_operator:1.2"]
    assert course.price_minor == 12000

    for title, video in zip(("识别", "救援"), videos, strict=True):
        added = staff.post(f"{studio_url}/lessons", data={"title": title})
        assert staff.post(added.location, data={"title": title, "asset_id": video.id, "is_preview": "y"}).status_code == 303
    with shelves_app.database(app).reading() as session:
        second = lessons.in_order(session, course)[1]
    staff.post(f"{studio_url}/lessons/{second.id}/move", data={"to": "up"})
    with shelves_app.database(app).reading() as session:
        rows = facts.lessons(session, course_id)
    assert [(row.lesson.title, row.duration_ms) for row in rows] == [("救援", 120_000), ("识别", 90_000)]

    staff.post(f"{studio_url}/submit")
    assert read(app, course_id).state == "submitted"
    district = shelves_app.district(app, "CZ-TN", now=now)
    with shelves_app.database(app).reading() as session:
        seen = facts.digest(facts.of_draft(session, read(app, course_id))).hex()
    form = dict.fromkeys(shelves.all_ok(), "ok") | {"seen": seen, "verdict": "approve"}
    assert district.post(f"/catalogue/reviews/{course_id}", data=form).status_code == 303
    assert "救援" in app.test_client().get(f"/catalogue/courses/{course_id}").text


def test_staff_of_another_institution_find_nothing(app: Flask, owner: Organisation, now: datetime) -> None:
    other = shelves_app.institution(app, name="常州示例培训学校")
    with shelves_app.database(app).writing() as session:
        course = shelves.draft(session, owner, now=now)
        lesson = lessons.in_order(session, course)[0]
        person_id = session.query(CourseInstructor).filter_by(course_id=course.id).one().person_id
    base = f"/catalogue/studio/{course.id}"
    pages = [
        base, f"{base}/facts", f"{base}/withdraw", f"{base}/lessons/{lesson.id}",
        f"/catalogue/studio/instructors/{person_id}",
    ]
    posts = [
        f"{base}/facts", f"{base}/submit", f"{base}/take-back", f"{base}/new-edition", f"{base}/withdraw",
        f"{base}/lessons", f"{base}/lessons/{lesson.id}", f"{base}/lessons/{lesson.id}/move",
        f"{base}/lessons/{lesson.id}/remove", f"/catalogue/studio/instructors/{person_id}",
    ]
    mine, theirs = shelves_app.staff(app, owner, now=now), shelves_app.staff(app, other, now=now)
    for url in pages:
        assert mine.get(url).status_code == 200, url
        assert theirs.get(url).status_code == 404, url
    for url in posts:
        assert theirs.post(url, data={"title": "x", "name": "x", "rule": "keep_posted", "reason": "x"}).status_code == 404, url
    assert course.title not in theirs.get("/catalogue/studio/").text
    assert course.title in mine.get("/catalogue/studio/").text


def test_learners_have_no_studio(app: Flask, now: datetime) -> None:
    assert shelves_app.signed_in(app, now=now).get("/catalogue/studio/").status_code == 403
    asked = app.test_client().get("/catalogue/studio/", headers={"Accept": "text/html"})
    assert (asked.status_code, "sign" in asked.location) == (302, True)


def test_a_course_cannot_be_made_for_another_institution(app: Flask, owner: Organisation, now: datetime) -> None:
    other = shelves_app.institution(app, name="常州示例培训学校")
    answer = shelves_app.staff(app, owner, now=now).post(
        "/catalogue/studio/new", data={"title": "x", "organisation_id": other.id}
    )
    assert answer.status_code == 200  # the form again
    with shelves_app.database(app).reading() as session:
        assert session.query(Course).count() == 0


def test_a_refused_fact_stands_at_its_field_and_nothing_typed_is_lost(
    app: Flask, owner: Organisation, now: datetime
) -> None:
    staff = shelves_app.staff(app, owner, now=now)
    with shelves_app.database(app).writing() as session:
        course = shelves.draft(session, owner, now=now)
    url = f"/catalogue/studio/{course.id}/facts"
    for price in ("-1", "1.005", "viel", "100000.01"):
        html = unescape(staff.post(url, data={
            "seen": course.changed_at.isoformat(), "title": "另一个", "summary": "写了很多",
            "language": "zh_CN", "price": price,
        }).text)
        assert 'id="price-error"' in html, price
        assert "写了很多" in html
    assert read(app, course.id).title != "另一个"


def test_who_saves_second_is_told_of_the_first(app: Flask, owner: Organisation, now: datetime, clock: object) -> None:
    staff = shelves_app.staff(app, owner, now=now)
    with shelves_app.database(app).writing() as session:
        course = shelves.draft(session, owner, now=now)
    seen = course.changed_at.isoformat()
    data = {"seen": seen, "title": "一", "language": "zh_CN", "price": "0"}
    clock.tick(seconds=1)  # type: ignore[attr-defined]
    assert staff.post(f"/catalogue/studio/{course.id}/facts", data=data).status_code == 303
    assert staff.post(f"/catalogue/studio/{course.id}/facts", data=data | {"title": "二"}).status_code == 409
    assert read(app, course.id).title == "一"


def test_a_published_course_gets_a_new_edition(app: Flask, owner: Organisation, now: datetime) -> None:
    staff = shelves_app.staff(app, owner, now=now)
    with shelves_app.database(app).writing() as session:
        course = shelves.published(session, owner, now=now)
    url = f"/catalogue/studio/{course.id}"
    assert staff.post(f"{url}/new-edition").status_code == 303
    assert staff.post(f"{url}/new-edition").status_code == 409
    assert staff.get(f"/catalogue/courses/{course.id}").status_code == 200
    staff.post(f"{url}/submit")
    assert staff.post(f"{url}/take-back").status_code == 303
    assert read(app, course.id).state == "draft"


def test_an_institution_withdraws_but_never_takes_hours_back(app: Flask, owner: Organisation, now: datetime) -> None:
    staff = shelves_app.staff(app, owner, now=now)
    with shelves_app.database(app).writing() as session:
        course = shelves.published(session, owner, now=now)
    url = f"/catalogue/studio/{course.id}/withdraw"
    assert staff.post(url, data={"rule": "void", "reason": "x"}).status_code == 200  # the form again
    assert staff.post(url, data={"rule": "keep_posted", "reason": "内容过时"}).status_code == 303
    gone = read(app, course.id)
    assert (gone.state, gone.withdrawal_rule, gone.withdrawn_at) == ("withdrawn", "keep_posted", now)
    assert "内容过时" in staff.get(f"/catalogue/studio/{course.id}").text


def test_a_video_that_failed_or_waits_is_told_at_its_lesson(app: Flask, owner: Organisation, now: datetime) -> None:
    staff = shelves_app.staff(app, owner, now=now)
    with shelves_app.database(app).writing() as session:
        course = shelves.draft(session, owner, now=now)
        for state in (AssetState.WAITING, AssetState.FAILED):
            lesson = lessons.add(session, course, title=state, now=now)
            asset = shelves.asset(session, owner, state=state, now=now)
            lessons.attach(session, course, lesson_id=lesson.id, asset_id=asset.id, now=now)
    html = staff.get(f"/catalogue/studio/{course.id}").text
    assert "state--waiting" in html
    assert html.count("state--bad") == 1


def test_an_instructor_is_presented_and_new_editions_carry_the_name(
    app: Flask, owner: Organisation, now: datetime
) -> None:
    staff = shelves_app.staff(app, owner, now=now)
    with shelves_app.database(app).writing() as session:
        course = shelves.published(session, owner, now=now)
        person_id = session.query(CourseInstructor).filter_by(course_id=course.id).one().person_id
    answer = staff.post(
        f"/catalogue/studio/instructors/{person_id}", data={"name": "恽老师", "title": "高级工程师", "introduction": "二十年"}
    )
    assert answer.status_code == 303
    assert "高级工程师" in staff.get(f"/catalogue/instructors/{person_id}").text
    with shelves_app.database(app).reading() as session:
        edition = editions.current(session, course.id)
        assert edition is not None
        assert edition.facts["instructors"][0]["name"] == "恽立新"
        assert facts.of_draft(session, course)["instructors"][0]["name"] == "恽老师"
