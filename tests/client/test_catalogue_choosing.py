"""Choosing: what a course gives of what is needed, lists that are kept, courses side by side."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from courses.catalogue import keeping
from courses.catalogue.keeping import ListName
from tests import ledgers, shelves, shelves_app
from tests.conftest import Clock

HOUR_MS = 2_700_000


def text(client: FlaskClient, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def offered(app: Flask, clock: Clock, *titles: str, hours: int = 2) -> list[str]:
    with shelves_app.database(app).writing() as session:
        owner = shelves.institution(session)
        return [
            shelves.published(session, owner, title=title, durations_ms=(hours * HOUR_MS,), now=clock.at).id
            for title in titles
        ]


def keep(client: FlaskClient, course_id: str, on: str = "next", action: str = "keep") -> None:
    sent = {"list": on, "action": action, "back": "mine"}
    assert client.post(f"/catalogue/courses/{course_id}/keep", data=sent).status_code == 303


def test_a_course_says_what_it_gives_of_what_is_still_needed(app: Flask, clock: Clock) -> None:
    learner = ledgers.learner(app, now=clock.at)
    ledgers.live(app, learner.subject_key, clock)
    (course_id,) = offered(app, clock, "动火作业")
    short = re.search(r"You still need ([\d.]+) hours by 2026-12-31", text(learner.browser, "/catalogue/mine"))
    assert short
    told = text(learner.browser, f"/catalogue/courses/{course_id}")
    assert f"gives up to 1 of the {short[1]} hours you still need by 2026-12-31, by the rule of CZ" in told
    assert "hours you still need" not in text(app.test_client(), f"/catalogue/courses/{course_id}")


def test_a_recommendation_says_why_and_leaves_out_what_is_taken(app: Flask, clock: Clock) -> None:
    learner = ledgers.learner(app, now=clock.at)
    life = ledgers.live(app, learner.subject_key, clock)
    named, other = offered(app, clock, "安全管理人员再培训实务", "动火作业")
    html = learner.browser.get("/catalogue/").text
    recommended = re.findall(
        r'href="/catalogue/courses/(\w+)">(?:(?!</li>).)*?course-card__reason">(.*?)</p>', html, re.S
    )
    assert recommended[0][0] == named  # called as the requirement is
    assert {course_id for course_id, _reason in recommended} == {named, other}
    assert life.whole.course.id not in dict(recommended)
    assert all("安全管理人员再培训" in reason or "You learned" in reason for _id, reason in recommended)
    assert "course-card__reason" not in app.test_client().get("/catalogue/").text


def test_lists_are_kept_ordered_and_one_s_own(app: Flask, clock: Clock) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    learner = ledgers.learner(app, now=clock.at)
    friend = ledgers.learner(app, name="陈建国", number="110101199003074610", now=clock.at)
    first, second = offered(app, clock, "甲课", "乙课")
    for course_id in (first, second, second):
        keep(learner.browser, course_id)
    keep(learner.browser, second, action="up")
    keep(learner.browser, first, on="favourites")
    with shelves_app.database(app).reading() as session:
        assert keeping.of_subject(session, learner.subject_key) == {
            ListName.NEXT: [second, first],
            ListName.FAVOURITES: [first],
        }
        assert keeping.of_subject(session, friend.subject_key) == {ListName.NEXT: [], ListName.FAVOURITES: []}
    shown = text(learner.browser, "/catalogue/mine")
    assert shown.index("乙课") < shown.index("甲课")
    keep(learner.browser, first, on="favourites", action="drop")
    assert "keeps it here" in text(learner.browser, "/catalogue/mine")
    bad = learner.browser.post(f"/catalogue/courses/{first}/keep", data={"list": "shelf", "action": "keep"})
    assert bad.status_code == 422
    assert learner.browser.post("/catalogue/courses/nothing/keep", data={"list": "next", "action": "keep"}).status_code == 404


@pytest.mark.parametrize(("count", "words"), [(0, "Nothing to compare yet"), (1, "One course alone")])
def test_one_course_cannot_be_compared(app: Flask, clock: Clock, count: int, words: str) -> None:
    learner = ledgers.learner(app, now=clock.at)
    ids = offered(app, clock, "甲课")[:count]
    assert words in text(learner.browser, "/catalogue/compare?" + "&".join(f"course={one}" for one in ids))


def test_up_to_four_courses_stand_side_by_side(app: Flask, clock: Clock) -> None:
    learner = ledgers.learner(app, now=clock.at)
    ids = offered(app, clock, "甲课", "乙课", "丙课", "丁课", "戊课")
    shown = text(learner.browser, "/catalogue/compare?course=gone&" + "&".join(f"course={one}" for one in ids))
    assert "Four courses fit side by side" in shown
    assert "丁课" in shown
    assert "戊课" not in shown
