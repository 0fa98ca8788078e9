"""The pages of hours: the statement explains, officials require."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from courses.ledger import settlement
from courses.ledger.models import Requirement
from tests import ledgers, shelves_app
from tests.conftest import Clock
from tests.ledgers import Learner, Life


@pytest.fixture
def lu(app: Flask, clock: Clock) -> Learner:
    return ledgers.learner(app, now=clock.at)


@pytest.fixture
def life(app: Flask, lu: Learner, clock: Clock) -> Life:
    return ledgers.live(app, lu.subject_key, clock)


def english(client: FlaskClient) -> FlaskClient:
    with client.session_transaction() as kept:
        kept["locale"] = "en"
    return client


def shown(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return answer.get_data(as_text=True)


def test_the_statement_explains_hours_down_to_rule_and_span(lu: Learner, life: Life) -> None:
    page = shown(lu.browser, "/ledger/")
    assert "cz-online@1" in page  # the rule, linked
    assert "/policies/" in page
    assert "ratio 1/2" in page
    assert "Seen before; only new parts earn hours" in page  # the second half watched twice
    assert f"/watch/{life.half.enrolment.id}/{life.half.lessons[0].lesson_id}?at=30000" in page
    assert "灭火器实操" in page
    assert "Still short" in page
    assert "not settled" not in page


def test_what_is_not_settled_yet_is_marked(app: Flask, lu: Learner, clock: Clock) -> None:
    with shelves_app.database(app).writing() as session:
        ledgers.watching.policy(session, now=clock.at)
        course = ledgers.watching.taking(session, lu.subject_key, now=clock.at, durations_ms=(60_000,))
        clock.at = ledgers.watch(session, course, clock.at)
    assert "credited, not settled yet" in shown(lu.browser, "/ledger/")
    with shelves_app.database(app).writing() as session:
        settlement.settle(session, lu.subject_key, now=clock.at)
    assert "not settled" not in shown(lu.browser, "/ledger/")


def test_a_statement_without_anything_tells_what_to_do(lu: Learner) -> None:
    page = shown(lu.browser, "/ledger/")
    assert "Nothing is required of you at present" in page
    assert "You have not taken a course yet" in page


def test_without_a_rule_the_page_says_that_nothing_is_lost(app: Flask, lu: Learner, clock: Clock) -> None:
    with shelves_app.database(app).writing() as session:
        course = ledgers.watching.taking(session, lu.subject_key, now=clock.at, durations_ms=(60_000,))
        clock.at = ledgers.watch(session, course, clock.at)
    page = shown(lu.browser, "/ledger/")
    assert "nothing of it is lost" in page
    assert "Hours cannot be shown: no rule was in force for some of this time." in page


def test_the_downloads_are_the_two_formats(app: Flask, lu: Learner, life: Life) -> None:
    for name in ("statement", "evidence"):
        answer = lu.browser.get(f"/ledger/{name}.json")
        assert answer.json["format"] == f"xueshi-{name}/1"
        assert f"xueshi-{name}.json" in answer.headers["Content-Disposition"]


def test_the_page_is_chinese_by_default(app: Flask, lu: Learner, life: Life) -> None:
    with lu.browser.session_transaction() as kept:
        kept.pop("locale")
    page = shown(lu.browser, "/ledger/")
    assert "我的学时" in page
    assert "Credited" not in page


def test_an_official_enters_and_withdraws_a_requirement(app: Flask, lu: Learner, life: Life, clock: Clock) -> None:
    official = english(shelves_app.district(app, "CZ-TN", now=clock.at))
    path = f"/ledger/learners/{lu.subject_key}/requirements"
    form = {
        "title": "有限空间专项培训", "hours": "4", "kind": "any", "first_on": "2026-06-01",
        "last_on": "2026-06-30", "policy": "cz-online@1", "reason": "专项整治要求",
    }
    assert "cz-online@1" in shown(official, f"{path}/new")
    assert official.post(f"{path}/new", data=form | {"last_on": "2026-05-01"}).status_code == 422
    assert official.post(f"{path}/new", data=form).status_code == 303
    clock.tick(seconds=1)
    page = shown(lu.browser, "/ledger/")
    assert "有限空间专项培训" in page
    with shelves_app.database(app).reading() as session:
        row = session.scalars(select(Requirement).where(Requirement.title == "有限空间专项培训")).one()
    assert shown(official, f"{path}/{row.id}/withdraw")
    assert official.post(f"{path}/{row.id}/withdraw", data={"reason": ""}).status_code == 422
    assert official.post(f"{path}/{row.id}/withdraw", data={"reason": "录入有误"}).status_code == 303
    clock.tick(seconds=1)
    assert "有限空间专项培训" not in shown(lu.browser, "/ledger/")
    looks = shown(lu.browser, "/ledger/accesses")
    assert "专项整治要求" in looks
    assert "录入有误" in looks


def test_an_official_of_another_district_requires_nothing(app: Flask, lu: Learner, life: Life, clock: Clock) -> None:
    other = shelves_app.district(app, "CZ-WJ", now=clock.at)
    path = f"/ledger/learners/{lu.subject_key}/requirements"
    assert other.get(f"{path}/new").status_code == 404
    assert other.post(f"{path}/new", data={}).status_code == 404


def test_the_sweep_settles_what_a_lost_message_left(app: Flask, lu: Learner, clock: Clock) -> None:
    from app import jobs

    with shelves_app.database(app).writing() as session:
        ledgers.watching.policy(session, now=clock.at)
        course = ledgers.watching.taking(session, lu.subject_key, now=clock.at, durations_ms=(60_000,))
        clock.at = ledgers.watch(session, course, clock.at)
    assert jobs.run_due(app, clock.at) >= 1
    with shelves_app.database(app).reading() as session:
        assert settlement.due(session, clock.at) == []
        assert session.get_one(type(course.course), course.course.id).finished_count == 1
