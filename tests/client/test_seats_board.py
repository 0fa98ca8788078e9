"""Assigning a course to staff, beginning it on a seat, and the board that tells how far everybody is."""

import io
from datetime import datetime

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from app.orders import seating
from courses import enrolment, seats
from courses.catalogue import editions
from courses.orders import paying
from courses.orders.states import Method
from courses.people import accounts, jurisdictions, organisations, persons
from courses.people.organisations import Membership, OrganisationKind, Role
from courses.units import Money
from tests import shelves
from tests.client.test_people_account import entered
from tests.visitors import PASSWORD_HASH

LU, GU, BOSS = "13800000001", "13800000002", "13800000014"
STAFF = ((LU, "陆思远", "320400198503120112"), (GU, "顾晓岚", "320400199011050204"))


@pytest.fixture(autouse=True)
def town(app: Flask, now: datetime) -> dict[str, str]:
    """An enterprise with a manager, two of its staff, a priced course, and one seat of it."""
    vault = app.extensions["xueshi_vault"]
    found: dict[str, str] = {}
    with app.extensions["xueshi_db"].writing() as session:
        jurisdictions.seed(session)
        works = organisations.create(
            session, kind=OrganisationKind.ENTERPRISE, name="常州示例化工厂", supervised_by="CZ-WJ"
        ).id
        boss = accounts.create(session, vault, name=BOSS, password_hash=PASSWORD_HASH, now=now).person_id
        organisations.join(
            session, person_id=boss, organisation_id=works, role=Role.ENTERPRISE_MANAGER,
            from_on=jurisdictions.day_of(now),
        )  # fmt: skip
        for account, name, number in STAFF:
            person_id = accounts.create(session, vault, name=account, password_hash=PASSWORD_HASH, now=now).person_id
            persons.register(
                session, vault, person_id=person_id, name=name, doc_type="resident_id", country="CHN", number=number,
                consent_version="1", now=now, employer_id=works,
            )  # fmt: skip
            found[account] = session.scalars(select(Membership.id).where(Membership.person_id == person_id)).one()
        course = shelves.published(
            session, shelves.institution(session), price=Money(12_000, "CNY"), title="受限空间作业", now=now
        )
        edition = editions.current(session, course.id)
        assert edition is not None
        seats.grant(
            session, organisation_id=works, course_id=course.id, edition_id=edition.id, order_line_id="line", quantity=1
        )
        found |= {"course": course.id, "works": works}
    return found


def test_from_the_managers_tick_to_the_board(app: Flask, town: dict[str, str]) -> None:
    boss, worker = entered(app, BOSS), entered(app, LU)
    wrong = boss.post("/seats/assign", {"course": town["course"], "who": [town[LU]], "due_on": "2026-05-01"})
    assert wrong.status_code == 422
    assert f'value="{town[LU]}" checked' in " ".join(wrong.text.split())
    sent = {"course": town["course"], "who": [town[LU], town[GU]], "due_on": "2026-06-30"}
    assert boss.post("/seats/assign", sent).status_code == 303
    board = boss.get("/seats/").text
    assert "陆思远" in board
    assert "受限空间作业" in worker.get("/enrolment/").text
    assert "受限空间作业" in worker.get("/ledger/notices").text
    assert entered(app, GU).post("/enrolment/", {"course_id": town["course"]}).location.endswith(town["course"])
    assert "/watch/" in worker.post("/enrolment/", {"course_id": town["course"]}).location
    with app.extensions["xueshi_db"].reading() as session:
        [made] = session.scalars(select(enrolment.Enrolment)).all()
        assert made.seat_id is not None
    rows = CalamineWorkbook.from_filelike(io.BytesIO(boss.get("/seats/board.xlsx").data)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == ["陆思远"]
    assert str(rows[1][5]).startswith("2026-06-30")


def test_a_former_employee_is_on_no_board(app: Flask, town: dict[str, str]) -> None:
    boss = entered(app, BOSS)
    boss.post("/seats/assign", {"course": town["course"], "who": [town[LU]]})
    assert "陆思远" in boss.get("/seats/").text
    boss.post(f"/people/staff/{town[LU]}/end")
    shown = boss.get("/seats/")
    assert (shown.status_code, "陆思远" in shown.text) == (200, False)


def test_seats_are_there_once_paid_however_often_it_is_told(app: Flask, town: dict[str, str]) -> None:
    boss = entered(app, BOSS)
    page = boss.get(f"/orders/seats/new?course={town['course']}&quantity=3").text
    assert "360.00" in page
    sent = {"course": town["course"], "quantity": "3", "organisation_id": town["works"], "method": "transfer"}
    assert boss.post("/orders/seats/new", sent).status_code == 422
    show = boss.post("/orders/seats/new", {**sent, "agreed": "y"}).location
    assert boss.get(show).status_code == 200
    assert entered(app, LU).get(show).status_code == 403
    with app.app_context(), app.extensions["xueshi_db"].writing() as session:
        for _time in range(2):
            outcome, order = paying.paid(
                session, order_id=show[-16:], payment_id="bank/1", amount=Money(36_000, "CNY"),
                method=Method.TRANSFER, now=app.extensions["xueshi_clock"](),
            )  # fmt: skip
            assert order is not None
            assert seating.give(session, order, now=app.extensions["xueshi_clock"]())
    assert outcome == "already_paid"
    assert boss.post("/seats/assign", {"course": town["course"], "who": [town[LU], town[GU]]}).status_code == 303
    assert boss.get("/seats/").text.count("受限空间作业") > 2
