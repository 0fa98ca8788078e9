"""My account: masked data, devices that can be ended, the password, the language, the employer."""

import re
from collections.abc import Callable
from datetime import datetime
from html import unescape

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from courses.people import accounts, jurisdictions, organisations, persons
from courses.people.organisations import OrganisationKind, Role
from tests.visitors import PASSWORD, PASSWORD_HASH, ApiClient, Visitor

LU, GU, BOSS, RIVAL = "13800000001", "13800000002", "13800000014", "13800000024"
NUMBER = "320400198503120112"


@pytest.fixture(autouse=True)
def places(app: Flask, now: datetime) -> dict[str, str]:
    """Two enterprises with a manager each; 陆思远 and 顾晓岚 have only an account."""
    vault = app.extensions["xueshi_vault"]
    found: dict[str, str] = {}
    with app.extensions["xueshi_db"].writing() as session:
        jurisdictions.seed(session)
        for key, name, code, area in (
            ("chemicals", "常州示例化工有限公司", "91320400MA0T00011Y", "CZ-WJ"),
            ("machines", "常州示例机械有限公司", "91320400MA0T0002XN", "CZ-XB"),
        ):
            found[key] = organisations.create(
                session,
                kind=OrganisationKind.ENTERPRISE,
                name=name,
                supervised_by=area,
                uscc_code=code,
            ).id
        for name, manages in ((LU, ""), (GU, ""), (BOSS, "chemicals"), (RIVAL, "machines")):
            made = accounts.create(session, vault, name=name, password_hash=PASSWORD_HASH, now=now)
            found[name] = made.person_id
            if manages:
                organisations.join(
                    session,
                    person_id=made.person_id,
                    organisation_id=found[manages],
                    role=Role.ENTERPRISE_MANAGER,
                    from_on=jurisdictions.day_of(now),
                )
    return found


def entered(app: Flask, name: str) -> Visitor:
    visitor = Visitor(app)
    assert visitor.sign_in(name).status_code == 303
    return visitor


def register(visitor: Visitor, **changes: str) -> int:
    """Send the last step with everything the earlier ones gave."""
    data = {
        "step": "place",
        "consent_version": "2026-11",
        "name": "陆思远",
        "doc_type": "resident_id",
        "number": NUMBER,
        "belongs": "employer",
        "employer": "91320400MA0T00011Y",
        **changes,
    }
    return visitor.post("/people/register", data).status_code


def carried(html: str) -> dict[str, str]:
    """Hidden fields of a page's form."""
    return {
        name: unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html)
    }


def test_registration_step_by_step(app: Flask, places: dict[str, str]) -> None:
    lu = entered(app, LU)
    first = lu.get("/people/register?next=/catalogue/")
    assert "2026-11" in first.text
    fields = carried(first.text)
    assert fields["next"] == "/catalogue/"
    refused = lu.post("/people/register", fields)
    assert refused.status_code == 422
    second = lu.post("/people/register", {**fields, "agree": "y"})
    assert second.status_code == 200
    fields = carried(second.text)
    wrong = lu.post(
        "/people/register",
        {**fields, "name": "陆思远", "doc_type": "resident_id", "number": "320400198503120113"},
    )
    assert wrong.status_code == 422
    assert 'value="320400198503120113"' in wrong.text
    assert 'value="陆思远"' in wrong.text
    third = lu.post(
        "/people/register",
        {
            **fields,
            "name": "陆思远",
            "doc_type": "resident_id",
            "number": "３２０４００ 19850312 0112",
        },
    )
    assert third.status_code == 200
    fields = carried(third.text)
    back = lu.post("/people/register", {**fields, "go": "back", "employer": "常州示例化工"})
    assert 'value="陆思远"' in back.text
    done = lu.post(
        "/people/register", {**fields, "belongs": "employer", "employer": "常州示例化工有限公司"}
    )
    assert done.status_code == 303
    assert done.location == "/catalogue/"
    page = lu.get("/people/account").text
    assert "陆*远" in page
    assert "3204**********0112" in page
    assert NUMBER not in page
    assert "138****0001" in page
    assert LU not in page
    assert "常州示例化工有限公司" in page


def test_the_number_never_stands_in_the_cookie_or_an_address(app: Flask) -> None:
    lu = entered(app, LU)
    answer = lu.post(
        "/people/register",
        {
            "step": "identity",
            "consent_version": "2026-11",
            "name": "陆思远",
            "doc_type": "resident_id",
            "number": NUMBER,
        },
    )
    assert answer.status_code == 200
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    assert NUMBER not in str(signer.loads(lu.cookie()))
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 303),
        ({"belongs": "district", "employer": "", "district": "CZ-JKQ"}, 303),
        ({"employer": "示例化工"}, 303),
        ({"employer": "常州示例"}, 422),
        ({"employer": "没有这家"}, 422),
        ({"employer": ""}, 422),
        ({"employer": "91320400MA0T00012Y"}, 422),
        ({"belongs": "district", "district": "CZ"}, 422),
        ({"belongs": "district", "district": ""}, 422),
        ({"number": "320400198503120113"}, 422),
        ({"doc_type": "library_card"}, 422),
        ({"doc_type": "passport", "number": "E12345678"}, 422),
        ({"doc_type": "passport", "number": "E12345678", "country": "JPN"}, 303),
        ({"name": "1"}, 422),
        ({"consent_version": "2020-01"}, 422),
        ({"consent_version": ""}, 422),
    ],
)
def test_what_registering_accepts(app: Flask, changes: dict[str, str], status: int) -> None:
    assert register(entered(app, LU), **changes) == status


def test_similar_enterprises_are_offered_to_choose_from(app: Flask, places: dict[str, str]) -> None:
    lu = entered(app, LU)
    data = {
        "step": "place",
        "consent_version": "2026-11",
        "name": "陆思远",
        "doc_type": "resident_id",
        "number": NUMBER,
        "belongs": "employer",
        "employer": "常州示例",
    }
    answer = lu.post("/people/register", data)
    assert places["machines"] in answer.text
    assert places["chemicals"] in answer.text
    assert register(lu, employer="常州示例", employer_id=places["machines"]) == 303


def test_somebody_elses_document_is_refused_with_a_way_to_go_on(app: Flask) -> None:
    assert register(entered(app, LU)) == 303
    gu = entered(app, GU)
    assert register(gu, number=NUMBER) == 409
    answer = gu.post(
        "/people/register",
        {
            "step": "place",
            "consent_version": "2026-11",
            "name": "顾晓岚",
            "doc_type": "resident_id",
            "number": NUMBER,
            "belongs": "district",
            "district": "CZ-WJ",
        },
    )
    assert "应急管理局" in answer.text
    assert "陆思远" not in answer.text
    assert "陆*远" not in answer.text
    assert register(gu, name="顾晓岚", number="320400199011050204") == 303


def test_guessing_documents_is_limited(app: Flask) -> None:
    assert register(entered(app, LU)) == 303
    gu = entered(app, GU)
    answers = [register(gu) for _each in range(11)]
    assert answers == [409] * 10 + [429]


def test_registered_learner_is_led_on(app: Flask) -> None:
    lu = entered(app, LU)
    assert register(lu) == 303
    assert lu.get("/people/register").location == "/people/account"


def test_changing_the_employer_changes_the_jurisdiction(
    app: Flask, places: dict[str, str], now: datetime
) -> None:
    lu = entered(app, LU)
    assert lu.get("/people/place").location == "/people/register"
    register(lu)
    assert "常州示例化工有限公司" in lu.get("/people/place").text
    for data, area in (
        ({"belongs": "employer", "employer": "91320400MA0T0002XN"}, "CZ-XB"),
        ({"belongs": "district", "district": "CZ-LY"}, "CZ-LY"),
    ):
        assert lu.post("/people/place", data).status_code == 303
        with app.extensions["xueshi_db"].reading() as session:
            on = jurisdictions.day_of(now)
            assert persons.jurisdiction_of(session, places[LU], on=on) == area
    assert lu.post("/people/place", {"belongs": "district", "district": "??"}).status_code == 422


def test_devices_are_listed_and_can_be_ended(app: Flask, clock: Callable[..., datetime]) -> None:
    here, there = entered(app, LU), entered(app, LU)
    api = ApiClient(app, LU)
    html = here.get("/people/account").text
    endings = re.findall(r'action="(/people/sign-ins/[a-z2-7]{16}/end)"', html)
    assert len(endings) == 2
    for url in endings:
        assert here.post(url).status_code == 303
    assert there.get("/people/account").status_code == 302
    assert api.call("GET", "/me/enrolments").status_code == 401
    assert here.get("/people/account").status_code == 200


def test_a_strangers_device_cannot_be_ended(app: Flask) -> None:
    here, also = entered(app, LU), entered(app, LU)
    url = re.search(
        r'action="(/people/sign-ins/[a-z2-7]{16}/end)"', here.get("/people/account").text
    )
    assert url is not None
    assert entered(app, GU).post(url[1]).status_code == 404
    assert also.get("/people/account").status_code == 200


def test_all_others_are_ended_at_once(app: Flask) -> None:
    here, there, friend = entered(app, LU), entered(app, LU), entered(app, GU)
    assert here.post("/people/sign-ins/end-others").status_code == 303
    assert there.get("/people/account").status_code == 302
    assert here.get("/people/account").status_code == 200
    assert friend.get("/people/account").status_code == 200


def test_password_change_needs_the_present_one_and_ends_the_others(app: Flask) -> None:
    here, there = entered(app, LU), entered(app, LU)
    new = "another good password"
    wrong = here.post("/people/password", {"former": "wrong", "password": new, "repeat": new})
    assert wrong.status_code == 422
    weak = here.post(
        "/people/password", {"former": PASSWORD, "password": "short", "repeat": "short"}
    )
    assert weak.status_code == 422
    assert (
        here.post(
            "/people/password", {"former": PASSWORD, "password": new, "repeat": new}
        ).status_code
        == 303
    )
    assert here.get("/people/account").status_code == 200
    assert there.get("/people/account").status_code == 302
    assert Visitor(app).sign_in(LU).status_code == 401
    assert Visitor(app).sign_in(LU, new).status_code == 303


def test_guessing_the_present_password_is_limited(app: Flask) -> None:
    here = entered(app, LU)
    data = {
        "former": "wrong",
        "password": "another good password",
        "repeat": "another good password",
    }
    answers = [here.post("/people/password", data).status_code for _each in range(6)]
    assert answers == [422] * 5 + [429]


def test_language_goes_with_the_account(app: Flask) -> None:
    here = entered(app, LU)
    assert here.post("/people/language", {"locale": "en"}).status_code == 303
    assert '<html lang="en"' in here.get("/people/account").text
    assert '<html lang="en"' in entered(app, LU).get("/people/account").text
    here.post("/people/language", {"locale": "xx"})
    assert '<html lang="en"' in here.get("/people/account").text


def test_expired_sign_in_ends(app: Flask, clock: Callable[..., datetime]) -> None:
    here = entered(app, LU)
    clock.tick(days=20)  # type: ignore[attr-defined]
    assert here.get("/people/account").status_code == 200
    clock.tick(days=29)  # type: ignore[attr-defined]
    assert here.get("/people/account").status_code == 200
    clock.tick(days=31)  # type: ignore[attr-defined]
    assert here.get("/people/account").status_code == 302


def test_manager_sees_own_present_staff_by_name_and_masked_number(app: Flask, places: dict[str, str]) -> None:
    lu, boss, rival = entered(app, LU), entered(app, BOSS), entered(app, RIVAL)
    register(lu)
    page = boss.get("/people/staff").text
    assert "陆思远" in page
    assert "3204**********0112" in page
    assert NUMBER not in page
    assert "陆思远" in boss.get("/people/staff?q=0112").text
    assert "陆思远" not in boss.get("/people/staff?q=0113").text
    assert "陆思远" not in rival.get("/people/staff").text
    assert lu.get("/people/staff").status_code == 403


def test_only_the_own_manager_ends_an_employment(app: Flask, places: dict[str, str]) -> None:
    lu, boss, rival = entered(app, LU), entered(app, BOSS), entered(app, RIVAL)
    register(lu)
    url = re.search(r'action="(/people/staff/[a-z2-7]{16}/end)"', boss.get("/people/staff").text)
    assert url is not None
    assert rival.post(url[1]).status_code == 404
    assert "陆思远" in boss.get("/people/staff").text
    assert boss.post(url[1]).status_code == 303
    assert "陆思远" not in boss.get("/people/staff").text


def test_consent_text_can_be_read_by_everybody(app: Flask) -> None:
    assert Visitor(app).get("/people/consent").status_code == 200
    assert Visitor(app).get("/people/consent?version=2026-11").status_code == 200
    assert Visitor(app).get("/people/consent?version=1").status_code == 404
