"""`GET /api/v1/courses` and `/courses/{id}`, to the letter of `watch.md`."""

from datetime import datetime
from fractions import Fraction

import pytest
from flask import Flask
from flask.testing import FlaskClient

from courses.catalogue import editions, lessons
from courses.catalogue.models import Course, WithdrawalRule
from courses.people.organisations import Organisation, Role
from courses.units import Money
from tests import shelves, shelves_app


@pytest.fixture
def owner(app: Flask) -> Organisation:
    return shelves_app.institution(app)


def test_a_course_in_the_list_says_what_the_contract_says(
    app: Flask, client: FlaskClient, owner: Organisation, now: datetime
) -> None:
    with shelves_app.database(app).writing() as session:
        course = shelves.published(
            session, owner, now=now, durations_ms=(2_700_000, 450_000), price=Money(12000, "CNY")
        )
    body = client.get("/api/v1/courses?q=有限空间").get_json()
    assert set(body) >= {"items", "facets", "next"}
    [item] = body["items"]
    assert item["id"] == course.id
    assert item["title"] == "有限空间作业安全"
    assert item["institution"] == owner.name
    assert item["hours"] == str(Fraction(3_150_000, 2_700_000)) == "7/6"
    assert item["price"] == {"amount_minor": 12000, "currency": "CNY"}
    assert body["next"] is None
    assert {"code": "paid", "label": "收费", "count": 1, "chosen": False} in body["facets"]["price"]


def test_one_course_has_its_lessons(app: Flask, client: FlaskClient, owner: Organisation, now: datetime) -> None:
    with shelves_app.database(app).writing() as session:
        course = shelves.draft(session, owner, now=now, durations_ms=(1000, 2000))
        first = lessons.in_order(session, course)[0]
        lessons.set_preview(session, course, lesson_id=first.id, is_preview=True, now=now)
        shelves.approve(session, course, now=now)
    body = client.get(f"/api/v1/courses/{course.id}").get_json()
    assert body["lessons"][0] == {"id": first.id, "title": "第1讲", "duration_ms": 1000, "preview": True}
    assert [lesson["duration_ms"] for lesson in body["lessons"]] == [1000, 2000]


def test_the_cursor_walks_every_course_once(app: Flask, client: FlaskClient, owner: Organisation, now: datetime) -> None:
    with shelves_app.database(app).writing() as session:
        teacher = shelves.member(session, owner, role=Role.INSTRUCTOR, name="恽立新", now=now)
        made = {
            shelves.published(session, owner, title=f"课{n}", teacher=teacher, durations_ms=(1000,), now=now).id
            for n in range(30)
        }
    seen: list[str] = []
    cursor = ""
    while True:
        body = client.get("/api/v1/courses", query_string={"sort": "newest", "cursor": cursor}).get_json()
        seen += [item["id"] for item in body["items"]]
        cursor = body["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 30
    assert set(seen) == made


@pytest.mark.parametrize("query", ["industry=NOWHERE", "price=cheap", "sort=colour", "cursor=x", "q=" + "长" * 201])
def test_what_does_not_exist_is_refused(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/v1/courses?{query}")
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["code"]


def test_filters_take_commas_and_repetition(app: Flask, client: FlaskClient, owner: Organisation, now: datetime) -> None:
    with shelves_app.database(app).writing() as session:
        for code in ("HAZCHEM", "MACH", "LIGHT"):
            shelves.published(session, owner, title=code, industries=[code], now=now)
    for query in ("industry=HAZCHEM,MACH", "industry=HAZCHEM&industry=MACH"):
        items = client.get(f"/api/v1/courses?{query}").get_json()["items"]
        assert {item["title"] for item in items} == {"HAZCHEM", "MACH"}


def test_gone_and_never_there(app: Flask, client: FlaskClient, owner: Organisation, now: datetime) -> None:
    with shelves_app.database(app).writing() as session:
        course = shelves.published(session, owner, now=now)
        editions.withdraw(
            session, session.get_one(Course, course.id), rule=WithdrawalRule.VOID, reason="x", by="k", now=now
        )
    gone = client.get(f"/api/v1/courses/{course.id}")
    assert (gone.status_code, gone.get_json()["code"]) == (410, "course_withdrawn")
    assert client.get("/api/v1/courses/nothing").status_code == 404


def test_the_description_names_both(client: FlaskClient) -> None:
    paths = client.get("/api/v1/openapi.json").get_json()["paths"]
    assert {"q", "industry", "trainee", "occasion", "topic", "price", "sort", "cursor"} <= {
        parameter["name"] for parameter in paths["/api/v1/courses"]["get"]["parameters"]
    }
    assert "200" in paths["/api/v1/courses/{course_id}"]["get"]["responses"]


def test_suggestions_lead_somewhere(app: Flask, client: FlaskClient, owner: Organisation, now: datetime) -> None:
    with shelves_app.database(app).writing() as session:
        shelves.published(session, owner, title="低压电工作业复审", now=now)
    items = client.get("/api/v1/suggestions?q=dydg").get_json()["items"]
    assert ("course", "低压电工作业复审") in {(item["kind"], item["text"]) for item in items}
    items += client.get("/api/v1/suggestions?q=恽").get_json()["items"]
    items += client.get("/api/v1/suggestions?q=常州").get_json()["items"]
    assert {item["kind"] for item in items} >= {"course", "instructor", "institution"}
    for item in items:
        assert client.get(item["url"]).status_code == 200, item
    assert client.get("/api/v1/suggestions").get_json() == {"items": []}


def test_a_correction_is_told(app: Flask, client: FlaskClient, owner: Organisation, now: datetime) -> None:
    with shelves_app.database(app).writing() as session:
        shelves.published(session, owner, title="有限空间作业安全", now=now)
    answer = client.get("/api/v1/courses?q=有限空问").get_json()
    assert (answer["total"], answer["corrected"], answer["loosened"]) == (1, "有限空间", False)
