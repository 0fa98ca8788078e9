"""My learning and the learning page, as a signed-in browser sees them."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import jobs
from app.db import Database
from courses import enrolment
from courses.catalogue import drafts
from courses.catalogue.models import Course
from courses.people import accounts, sign_ins
from courses.people.persons import Person
from courses.people.sign_ins import SignInKind
from courses.people.vault import Vault
from courses.units import Money
from courses.watch.models import Playback
from tests import shelves, watching
from tests.conftest import Clock
from tests.running import beat

S = 1_000


@pytest.fixture
def course_id(database: Database, clock: Clock) -> str:
    with database.writing() as session:
        watching.policy(session, now=clock.at)
        course = shelves.published(
            session, shelves.institution(session), now=clock.at, durations_ms=(60_000, 90_000)
        )
        return course.id


@pytest.fixture
def browser(app: Flask, database: Database, clock: Clock, vault: Vault) -> FlaskClient:
    """A browser in which Lu, registered, is signed in."""
    app.config["WTF_CSRF_ENABLED"] = False
    with database.writing() as session:
        shelves.jurisdictions(session)
        account = accounts.create(
            session, vault, name="13900000001", password_hash="-", now=clock.at, locale="en"
        )
        person = session.get_one(Person, account.person_id)
        person.registered_at, person.district_id = clock.at, "CZ-TN"
        token = sign_ins.begin(
            session, account, kind=SignInKind.BROWSER, agent="", lasts=timedelta(days=9), now=clock.at
        ).token
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["sign_in"], kept["locale"] = token, "en"
    return client


def enrol(browser: FlaskClient, course_id: str) -> str:
    answer = browser.post("/enrolment/", data={"course_id": course_id})
    assert answer.status_code == 303
    assert answer.location.startswith("/watch/"), answer.location
    return str(answer.location)


def config(page: str) -> dict[str, Any]:
    found = re.search(r'id="watch-config">(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found.group(1)))


def test_enrolling_in_a_free_course_leads_to_its_first_lesson(
    browser: FlaskClient, course_id: str
) -> None:
    page = browser.get(enrol(browser, course_id)).text
    assert "第1讲" in page
    assert config(page)["durationMs"] == 60_000


def test_enrolling_again_leads_to_the_same_place(browser: FlaskClient, course_id: str) -> None:
    assert enrol(browser, course_id) == enrol(browser, course_id)


def test_a_priced_course_is_not_given_away(
    browser: FlaskClient, database: Database, clock: Clock
) -> None:
    with database.writing() as session:
        priced = shelves.published(
            session, shelves.institution(session), now=clock.at, price=Money(9_900, "CNY")
        )
    answer = browser.post("/enrolment/", data={"course_id": priced.id})
    assert answer.location == f"/catalogue/courses/{priced.id}"
    with database.reading() as session:
        assert session.query(enrolment.Enrolment).count() == 0


def test_who_is_not_registered_is_led_to_registration(
    browser: FlaskClient, database: Database, course_id: str
) -> None:
    with database.writing() as session:
        for person in session.query(Person):
            person.registered_at = None
    answer = browser.post("/enrolment/", data={"course_id": course_id})
    assert "register" in answer.location


def test_my_learning_without_courses_shows_the_way(browser: FlaskClient) -> None:
    assert "You are not taking any course yet" in browser.get("/enrolment/").text


def test_my_learning_shows_how_far_i_am(browser: FlaskClient, course_id: str) -> None:
    enrol(browser, course_id)
    page = browser.get("/enrolment/").text
    assert "有限空间作业安全" in page
    assert "0 of 2 lessons" in page


def test_the_page_carries_what_is_covered(
    browser: FlaskClient, course_id: str, database: Database, clock: Clock
) -> None:
    where = enrol(browser, course_id)
    with database.writing() as session:
        mine = session.query(enrolment.Enrolment).one()
        phone = watching.Device(session, enrolment.taking(session, mine))
        phone.open(clock.at)
        phone.tell(clock.tick(seconds=30), (0, 30 * S, 0, 30 * S))
    page = browser.get(where).text
    assert config(page)["covered"] == [[0, 30 * S]]
    assert 'width="500.0"' in page
    assert "0:30 of 1:00 of this lesson counts." in page


def test_a_piece_that_came_too_late_says_so_after_a_reload(
    app: Flask, browser: FlaskClient, course_id: str, clock: Clock
) -> None:
    address = enrol(browser, course_id)
    opening = config(browser.get(address).text)["openUrl"]
    opened = browser.post(opening, json={"device": "phone"}).json
    clock.tick(seconds=20)
    rows = [beat(1, (0, 10 * S, 0, 10 * S)), beat(2, (10 * S, 20 * S, 10 * S, 20 * S))]
    beats = f"/api/v1/playbacks/{opened['id']}/beats"
    assert browser.post(beats, json=rows[0]).status_code == 200
    clock.tick(minutes=16)
    assert browser.post(beats, json=rows[1]).status_code == 410
    assert pieces(browser.get(address).text) == [
        ("0:10 – 0:20", "it was not sent in time"), ("0:20 – 1:00", "not watched yet")
    ]  # fmt: skip
    with browser.session_transaction() as kept:
        kept["locale"] = "zh_CN"
    assert pieces(browser.get(address).text)[0] == ("0:10 – 0:20", "没有及时上传")
    again = browser.post(opening, json={"device": "phone"}).json
    assert again["lost_ms"] == [[10 * S, 20 * S, "late"]]
    clock.tick(seconds=10)
    answer = browser.post(f"/api/v1/playbacks/{again['id']}/beats", json=beat(1, (10 * S, 20 * S, 0, 10 * S)))
    assert answer.json["covered_ms"] == [[0, 20 * S]]
    assert [why for _span, why in pieces(browser.get(address).text)] == ["还没看"]
    assert browser.delete(f"/api/v1/playbacks/{again['id']}").status_code == 204
    clock.tick(hours=1)
    jobs.run_due(app)
    with app.extensions["xueshi_db"].reading() as session:
        assert [one.cuts for one in session.query(Playback)] == [None, None]


def pieces(page: str) -> list[tuple[str, str]]:
    """What the page says is missing, and why."""
    found = re.findall(r'missing__button" href="[^"]*">([^<]*)<span class="missing__why">([^<]*)<', page)
    return [(span.strip(), why) for span, why in found]


def test_nobody_elses_lesson_is_shown(
    browser: FlaskClient, course_id: str, database: Database, clock: Clock
) -> None:
    with database.writing() as session:
        theirs = watching.taking(session, watching.person(session, now=clock.at), now=clock.at)
    where = f"/watch/{theirs.enrolment.id}/{theirs.lessons[0].lesson_id}"
    assert browser.get(where).status_code == 404


def test_a_visitor_is_asked_to_sign_in(
    app: Flask, browser: FlaskClient, course_id: str
) -> None:
    where = enrol(browser, course_id)
    answer = app.test_client().get(where, headers={"Accept": "text/html"})
    assert answer.status_code == 302
    assert f"next={where}" in answer.location


def test_the_page_says_that_watching_needs_javascript(browser: FlaskClient, course_id: str) -> None:
    assert "<noscript>" in browser.get(enrol(browser, course_id)).text


def test_learners_keep_the_edition_they_enrolled_in(
    browser: FlaskClient, course_id: str, database: Database, clock: Clock
) -> None:
    where = enrol(browser, course_id)
    with database.writing() as session:
        course = session.get_one(Course, course_id)
        drafts.begin_edition(session, course, now=clock.at)
        drafts.change(session, course, now=clock.at, title="有限空间作业安全（新版）")
        shelves.approve(session, course, now=clock.at)
    page = browser.get(where).text
    assert "有限空间作业安全" in page
    assert "新版" not in page
