"""Uploading a roster, mending its bad lines, the invitation, and the yes of whoever is listed."""

import io
from datetime import datetime

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from app import jobs
from courses.people import (
    accounts,
    documents,
    jurisdictions,
    organisations,
    persons,
    roster_imports,
)
from courses.people.organisations import OrganisationKind, Role
from tests.client.test_people_account import carried, entered
from tests.conftest import Clock
from tests.visitors import PASSWORD_HASH

LU, BOSS, RIVAL = "13800000001", "13800000014", "13800000024"
ROSTER = (
    "姓名,证件号码,岗位\n陆思远,320400198503120112,班组长\n顾晓岚,320400199011050205,电工\n"
)


@pytest.fixture(autouse=True)
def works(app: Flask, now: datetime) -> dict[str, str]:
    """Two enterprises with a manager each, and 陆思远 with an account."""
    vault = app.extensions["xueshi_vault"]
    found: dict[str, str] = {}
    with app.extensions["xueshi_db"].writing() as session:
        jurisdictions.seed(session)
        for name in (LU, BOSS, RIVAL):
            person_id = accounts.create(session, vault, name=name, password_hash=PASSWORD_HASH, now=now).person_id
            if name == LU:
                found["learner"] = person_id
                continue
            found[name] = organisations.create(
                session, kind=OrganisationKind.ENTERPRISE, name=f"常州示例{name}厂", supervised_by="CZ-WJ"
            ).id
            organisations.join(
                session, person_id=person_id, organisation_id=found[name], role=Role.ENTERPRISE_MANAGER,
                from_on=jurisdictions.day_of(now),
            )  # fmt: skip
    return found


def upload(app: Flask, works: dict[str, str], text: str = ROSTER) -> str:
    boss = entered(app, BOSS)
    answer = boss.post(
        "/people/staff/roster",
        {"organisation_id": works[BOSS], "file": (io.BytesIO(text.encode("gb18030")), "花名册.csv")},
    )
    assert answer.status_code == 303
    return str(answer.location)


def test_bad_lines_come_back_as_a_sheet_that_can_be_uploaded_once_mended(app: Flask, works: dict[str, str]) -> None:
    page = upload(app, works)
    boss = entered(app, BOSS)
    assert "data-live" in boss.get(page).text
    jobs.run_due(app)
    shown = boss.get(page).text
    assert "data-live" not in shown
    assert "顾晓岚" in shown
    assert "陆思远" in boss.get("/people/staff/roster").text
    assert entered(app, RIVAL).get(page).status_code == 404
    rows = CalamineWorkbook.from_filelike(io.BytesIO(boss.get(page + "/bad.xlsx").data)).get_sheet_by_index(0).to_python()
    assert rows[1][:2] == ["顾晓岚", "320400199011050205"]
    assert "3" in str(rows[1][6])
    mended = "\n".join(",".join(str(cell) for cell in row) for row in rows).replace("11050205", "11050204")
    jobs_page = upload(app, works, mended)
    jobs.run_due(app)
    assert "顾晓岚" not in boss.get(jobs_page).text
    assert "顾晓岚" in boss.get("/people/staff/roster?state=awaited").text


def test_a_file_that_is_no_roster_says_what_to_do(app: Flask, works: dict[str, str]) -> None:
    page = upload(app, works, "姓名,电话\n陆思远,1\n")
    jobs.run_due(app)
    assert "证件号码" in entered(app, BOSS).get(page).text
    assert entered(app, BOSS).post("/people/staff/roster", {"organisation_id": works[BOSS]}).status_code == 422
    other = entered(app, RIVAL).post(
        "/people/staff/roster", {"organisation_id": works[BOSS], "file": (io.BytesIO(b"x"), "x.csv")}
    )
    assert other.status_code == 422


def test_an_invited_worker_registers_there_and_is_on_the_staffs_page(app: Flask, works: dict[str, str]) -> None:
    upload(app, works)
    jobs.run_due(app)
    boss, worker = entered(app, BOSS), entered(app, LU)
    assert boss.post("/people/staff/invitation", {"organisation_id": works[BOSS]}).status_code == 303
    html = boss.get("/people/staff/invitation").text
    link = html.split("/people/join/")[1][:16]
    assert f"常州示例{BOSS}厂" in worker.get(f"/people/join/{link}").text
    assert worker.post(f"/people/join/{link}").location.endswith("/people/register")
    consented = worker.post("/people/register", {"step": "consent", "consent_version": "2026-11", "agree": "y"})
    given = {"name": "陆思远", "doc_type": "resident_id", "number": "320400198503120112"}
    place = worker.post("/people/register", {**carried(consented.text), "step": "identity", **given})
    assert f'value="常州示例{BOSS}厂"' in place.text
    last = {"step": "place", "belongs": "employer", "employer": f"常州示例{BOSS}厂"}
    assert worker.post("/people/register", {**carried(place.text), **last}).status_code == 303
    staff = boss.get("/people/staff").text
    assert "陆思远" in staff
    assert "3204**********0112" in staff
    boss.post("/people/staff/invitation", {"organisation_id": works[BOSS], "go": "end"})
    assert worker.get(f"/people/join/{link}").status_code == 410


def test_whoever_is_listed_is_asked_and_answers(app: Flask, works: dict[str, str], now: datetime) -> None:
    upload(app, works)
    jobs.run_due(app)
    worker = entered(app, LU)
    with app.extensions["xueshi_db"].writing() as session:
        persons.register(
            session, app.extensions["xueshi_vault"], person_id=works["learner"], name="陆思远", doc_type="resident_id",
            country="CHN", number="320400198503120112", consent_version="1", now=now, district_id="CZ-XB",
        )  # fmt: skip
    account = worker.get("/people/account").text
    line = account.split("/people/listed/")[1][:16]
    assert worker.post(f"/people/listed/{line}", {"answer": "yes"}).status_code == 303
    assert "/people/listed/" not in worker.get("/people/account").text
    assert worker.post(f"/people/listed/{line}", {"answer": "no"}).status_code == 404


def test_ten_thousand_lines_are_read_and_a_killed_reading_is_begun_again(
    app: Flask, works: dict[str, str], clock: Clock
) -> None:
    firsts = [f"320400{1960 + number // 1000}0101{number % 1000:03d}" for number in range(10_000)]
    lines = [f"演示员工,{first}{documents.check_digit(first)}" for first in firsts]
    page = upload(app, works, "姓名,证件号码\n" + "\n".join(lines) + "\n")
    database = app.extensions["xueshi_db"]
    with database.writing() as session:
        assert roster_imports.claim(session, page[-16:], now=clock.at)
        assert not roster_imports.claim(session, page[-16:], now=clock.at)
    assert jobs.run_due(app) == 0
    clock.tick(minutes=2)
    jobs.run_due(app)
    with database.reading() as session:
        row = session.get_one(roster_imports.RosterImport, page[-16:])
        assert (row.state, row.added, row.bad, row.attempts, row.file_sealed) == ("done", 10_000, 0, 2, None)
