"""Claims, appeals and corrections on their pages: from the learner through two officers into the statement."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import jobs
from courses.people.organisations import Role
from tests import ledgers, shelves_app
from tests.conftest import Clock
from tests.ledgers import Learner

PDF = b"%PDF-1.7 certificate"


def shown(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    return answer.get_data(as_text=True)


@pytest.fixture
def lu(app: Flask, clock: Clock) -> Learner:
    made = ledgers.learner(app, now=clock.at)
    ledgers.live(app, made.subject_key, clock)
    clock.tick(seconds=1)
    return made


def officer(app: Flask, clock: Clock, *, place: str = "CZ-TN") -> FlaskClient:
    """A district's officer, or one of the city's."""
    role = Role.CITY_REGULATOR if place == "CZ" else Role.DISTRICT_REGULATOR
    client = shelves_app.signed_in(app, now=clock.at, role=role, at=shelves_app.authority(app, place))
    with client.session_transaction() as kept:
        kept["locale"] = "en"
    return client


def test_a_claim_is_filed_decided_and_told(app: Flask, lu: Learner, clock: Clock) -> None:
    form = {"from_where": "国家平台", "title": "有限空间", "taken_on": "2026-05-01", "hours": "4", "minutes": "45", "kind": "classroom"}
    bare = lu.browser.post("/claims/new", data=form)
    assert bare.status_code == 422
    assert "Add a certificate or another proof." in bare.get_data(as_text=True)
    path = lu.browser.post("/claims/new", data=form | {"file": (BytesIO(PDF), "证书.pdf")}).location
    claim_id = path.rpartition("/")[2]
    official = officer(app, clock)
    assert shown(officer(app, clock, place="CZ-WJ"), f"/claims/review/{claim_id}", 404)
    review = f"/claims/review/{claim_id}"
    assert "factor 1/2, " in shown(official, f"{review}?factor=1/2")
    decision = {"factor": "1/2", "note": "证书核对无误", "verdict": "accept"}
    assert official.post(review, data=decision | {"factor": "2"}).status_code == 422
    assert official.post(review, data=decision).status_code == 303
    jobs.run_due(app, clock.at)
    clock.tick(seconds=1)
    assert "1 thing was decided about your hours." in shown(lu.browser, "/ledger/")
    assert "Your hours from elsewhere are accepted" in shown(lu.browser, "/ledger/notices")
    assert "证书核对无误" in shown(lu.browser, path)
    assert "Decision on hours claimed from 国家平台" in shown(lu.browser, "/ledger/accesses")
    assert lu.browser.post("/ledger/notices").status_code == 303
    assert "was decided about your hours" not in shown(lu.browser, "/ledger/")


def test_an_appeal_is_filed_upheld_by_two_officers_and_followed(app: Flask, lu: Learner, clock: Clock) -> None:
    link = re.search(r'href="(/appeals/new/[^"]+)"', shown(lu.browser, "/ledger/"))
    assert link is not None
    assert "Seen before" in shown(lu.browser, link[1])
    path = lu.browser.post(link[1], data={"words": "第一次网络断了"}).location
    assert lu.browser.post(link[1], data={"words": "再说一次"}).status_code == 409
    appeal_id = path.rpartition("/")[2]
    district, city = officer(app, clock), officer(app, clock, place="CZ")
    clock.tick(hours=3)
    assert "late" in shown(district, "/appeals/review/")
    assert district.post(f"/appeals/review/{appeal_id}/acknowledge").status_code == 303
    page = shown(district, f"/appeals/review/{appeal_id}")
    assert "第一次网络断了" in page
    frozen = district.get(f"/appeals/review/{appeal_id}/evidence.json")
    assert frozen.data == lu.browser.get(f"{path}/evidence.json").data
    assert frozen.json["format"] == "xueshi-appeal/1"
    proposal = {"kind": "adjust", "hours": "1/90", "reason_code": "appeal_upheld", "note": "日志证实断网"}
    assert district.post(f"/corrections/appeals/{appeal_id}", data=proposal).status_code == 303
    found = re.search(r'href="(/corrections/(?!entries|appeals)[a-z2-7]{16})"', shown(city, "/corrections/"))
    assert found is not None
    approval = {"verdict": "approve", "note": "属实"}
    assert district.post(found[1], data=approval).status_code == 403
    assert city.post(found[1], data=approval).status_code == 303
    jobs.run_due(app, clock.at + timedelta(seconds=1))
    clock.tick(seconds=2)
    page = shown(lu.browser, path)
    assert "Upheld by a correction" in page
    assert "An appeal was upheld" in shown(lu.browser, "/ledger/")


def test_a_row_in_person_is_taken_back_from_the_record(app: Flask, lu: Learner, clock: Clock) -> None:
    district, city = officer(app, clock), officer(app, clock, place="CZ")
    record = f"/oversight/learners/{lu.subject_key}"
    district.post(f"{record}/open", data={"reason": "核对线下学时"})
    links = re.findall(r'href="(/corrections/entries/[^"]+)"', shown(district, record))
    forms = {link: shown(district, link) for link in links}
    (whole,) = [link for link, page in forms.items() if "taken back whole" in page]
    assert district.post(whole, data={"kind": "void", "reason_code": "attendance_false", "note": "代签"}).status_code == 303
    assert district.post(whole, data={"kind": "void", "reason_code": "attendance_false", "note": "代签"}).status_code == 409
    found = re.search(r'href="(/corrections/(?!entries|appeals)[a-z2-7]{16})"', shown(city, "/corrections/"))
    assert found is not None
    assert city.post(found[1], data={"verdict": "approve", "note": "属实"}).status_code == 303
    jobs.run_due(app, clock.at)
    clock.tick(seconds=1)
    assert "A row of your hours was taken back" in shown(lu.browser, "/ledger/notices")
    assert "taken back" in shown(lu.browser, "/ledger/")
