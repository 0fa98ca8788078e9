"""Giving courses back over HTTP: at once before hours, by two sides after, and never twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import jobs
from app.orders import seating, twin, twin_memory
from courses import enrolment
from courses.catalogue import editions
from courses.certificates.models import Certificate, Revocation
from courses.enrolment import Enrolment
from courses.ledger import progress, settlement
from courses.ledger.cases.notices import Notice
from courses.orders import books, paying, placing
from courses.orders.models import Order
from courses.orders.returns import Refund
from courses.people import persons
from courses.people.organisations import Membership, Organisation, OrganisationKind, Role
from courses.people.organisations import create as organisation
from courses.units import Money
from tests import ledgers, shelves, shelves_app, watching
from tests.client.test_orders_buying import in_process
from tests.conftest import Clock

PRICE = Money(12_000, "CNY")
TEN_MINUTES_MS = 600_000


@dataclass
class Sale:
    """A course of ten minutes that a learner bought for 120.00."""

    app: Flask
    buyer: ledgers.Learner
    order_id: str
    line_id: str
    seat_id: str
    institution_id: str

    def rows(self, model: type[Any]) -> list[Any]:
        """Every row of a table."""
        with shelves_app.database(self.app).reading() as session:
            return list(session.scalars(select(model)))

    def balances(self) -> dict[tuple[str, str], int]:
        """The books."""
        with shelves_app.database(self.app).reading() as session:
            return books.balances(session)

    def watch(self, now: datetime, length_ms: int) -> datetime:
        """Watch so much of the course, and settle."""
        with shelves_app.database(self.app).writing() as session:
            taking = enrolment.taking(session, session.get_one(Enrolment, self.seat_id))
            done = ledgers.watch(session, taking, now, length_ms=length_ms)
            settlement.settle(session, self.buyer.subject_key, now=done)
        return done

    def give_back(self) -> Any:
        """The buyer's form."""
        return self.buyer.browser.post(
            f"/orders/{self.order_id}/lines/{self.line_id}/refund", data={"reason": "No longer needed."}
        )

    def posted(self) -> Any:
        """Hours that stand in the ledger."""
        with shelves_app.database(self.app).reading() as session:
            return progress.posted(session, self.seat_id)


@pytest.fixture
def sale(app: Flask, now: datetime, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Sale:
    """Bought and paid for through the twin's books."""
    in_process(app, monkeypatch)
    buyer = ledgers.learner(app, now=now)
    with shelves_app.database(app).writing() as session:
        watching.policy(session, now=now, hour_ms=60_000, completion_threshold="1/2")
        institution = shelves.institution(session)
        course = shelves.published(session, institution, now=now, price=PRICE, durations_ms=(TEN_MINUTES_MS,))
        edition = editions.current(session, course.id)
        assert edition is not None
        wanted = placing.Wanted(course.id, edition.number, institution.id, "用电安全", PRICE)
        order = placing.place(session, subject_key=buyer.subject_key, wanted=[wanted], now=now)
        order_id, line_id, institution_id = order.id, order.lines[0].id, institution.id
    pay(app, order_id, now)
    with shelves_app.database(app).reading() as session:
        [seat] = enrolment.of_lines(session, [line_id])
        return Sale(app, buyer, order_id, line_id, seat.id, institution_id)


def pay(app: Flask, order_id: str, now: datetime) -> None:
    """Pay at the twin, as its page does, and take the payment in."""
    with app.test_request_context():
        with shelves_app.database(app).reading() as session:
            order = session.get_one(Order, order_id)
        facts = {"order": order_id, "amount": order.amount_minor, "currency": "cny", "name": "x",
                 "success_url": "http://localhost/", "cancel_url": "http://localhost/"}  # fmt: skip
        told = twin_memory.keep(twin.folder(), "checkout.session", twin.session_object(facts, "paid", "complete"))
        with shelves_app.database(app).writing() as session:
            _outcome, paid = paying.paid(
                session, order_id=order_id, payment_id=told["id"], intent_id=told["payment_intent"],
                amount=order.price, now=now,
            )  # fmt: skip
            assert paid is not None
            assert seating.give(session, paid, now=now)


def test_at_40_percent_watched_72_of_120_come_back_and_provisional_hours_are_void(
    sale: Sale, now: datetime, clock: Clock
) -> None:
    clock.at = sale.watch(now, TEN_MINUTES_MS * 4 // 10) + timedelta(minutes=1)
    page = sale.buyer.browser.get(f"/orders/{sale.order_id}/lines/{sale.line_id}/refund")
    assert "¥72.00" in page.text
    assert sale.give_back().status_code == 303
    assert sale.give_back().status_code == 409  # told twice
    jobs.run_due(sale.app)
    jobs.run_due(sale.app)
    [refund], [order] = sale.rows(Refund), sale.rows(Order)
    assert (refund.amount_minor, refund.state, order.state) == (7_200, "done", "refunded")
    assert sale.balances() == {
        ("provider", "CNY"): 4_800, (books.owed(sale.institution_id), "CNY"): -4_800, ("refunds", "CNY"): 0,
    }  # fmt: skip
    assert sale.posted() == 0
    taking = sale.rows(Enrolment)[0]
    assert not taking.is_open(clock.at)
    assert [row.kind for row in sale.rows(Notice)] == ["refunded"]


def test_unwatched_the_whole_price_comes_back(sale: Sale, now: datetime, clock: Clock) -> None:
    clock.at = now + timedelta(minutes=1)
    assert sale.give_back().status_code == 303
    assert sale.rows(Refund)[0].amount_minor == 12_000


def test_after_hours_nothing_changes_until_platform_and_bureau_agree(
    sale: Sale, app: Flask, now: datetime, clock: Clock
) -> None:
    clock.at = sale.watch(now, TEN_MINUTES_MS * 6 // 10) + timedelta(minutes=1)
    hours = sale.posted()
    assert hours > 0
    certificate_id = certified(sale, clock.at)
    boss = employer(sale, clock.at)
    sale.give_back()
    sale.give_back()
    [refund] = sale.rows(Refund)
    assert (refund.state, refund.amount_minor, sale.posted()) == ("asked", 4_800, hours)
    operator, officer, stranger = officials(app, clock.at)
    said = {"verdict": "approve", "note": "属实。"}
    assert officer.post(f"/orders/refunds/{refund.id}", data=said).status_code == 409  # the operator first
    assert operator.post(f"/orders/desk/refunds/{refund.id}", data=said).status_code == 303
    assert stranger.get(f"/orders/refunds/{refund.id}").status_code == 404
    assert sale.posted() == hours
    assert officer.post(f"/orders/refunds/{refund.id}", data=said).status_code == 303
    assert officer.post(f"/orders/refunds/{refund.id}", data=said).status_code == 409  # told twice
    jobs.run_due(app)
    assert sale.posted() == 0
    assert [row.certificate_id for row in sale.rows(Revocation)] == [certificate_id]
    told = {row.subject_key: row.kind for row in sale.rows(Notice)}
    assert told[sale.buyer.subject_key] == "refunded"
    assert told[boss] == "hours_revoked"
    assert len(told) == 3  # and the officer of the district
    assert sale.balances()["provider", "CNY"] == 12_000 - 4_800


@pytest.mark.parametrize("refusing", ["operator", "officer"])
def test_if_one_side_refuses_nothing_changes(
    sale: Sale, app: Flask, now: datetime, clock: Clock, refusing: str
) -> None:
    clock.at = sale.watch(now, TEN_MINUTES_MS * 6 // 10) + timedelta(minutes=1)
    hours, before = sale.posted(), sale.balances()
    sale.give_back()
    [refund] = sale.rows(Refund)
    operator, officer, _stranger = officials(app, clock.at)
    verdict = {"operator": "approve", "officer": "approve"} | {refusing: "refuse"}
    operator.post(f"/orders/desk/refunds/{refund.id}", data={"verdict": verdict["operator"], "note": "看过。"})
    officer.post(f"/orders/refunds/{refund.id}", data={"verdict": verdict["officer"], "note": "看过。"})
    jobs.run_due(app)
    assert sale.rows(Refund)[0].state == "refused"
    assert (sale.posted(), sale.balances()) == (hours, before)
    assert sale.rows(Enrolment)[0].refunded_at is None
    assert [row.kind for row in sale.rows(Notice)] == ["refund_refused"]


def test_goodwill_gives_money_back_and_touches_no_hours(sale: Sale, app: Flask, now: datetime, clock: Clock) -> None:
    clock.at = sale.watch(now, TEN_MINUTES_MS * 6 // 10) + timedelta(minutes=1)
    hours = sale.posted()
    with shelves_app.database(app).reading() as session:
        place = session.get_one(Organisation, sale.institution_id)
    staff = shelves_app.staff(app, place, now=clock.at)
    rival = shelves_app.staff(app, shelves_app.institution(app, name="常州示例培训学校"), now=clock.at)
    form = {"line": sale.line_id, "amount": "20.00", "reason": "画面中断致歉。"}
    assert rival.post("/orders/studio/goodwill", data=form).status_code == 422
    assert staff.post("/orders/studio/goodwill", data=form | {"amount": "120.01"}).status_code == 422
    assert staff.post("/orders/studio/goodwill", data=form).status_code == 303
    jobs.run_due(app)
    assert (sale.posted(), sale.rows(Order)[0].state) == (hours, "paid")
    assert sale.balances()[books.owed(sale.institution_id), "CNY"] == -10_000
    assert sale.balances()["provider", "CNY"] == 10_000


def certified(sale: Sale, now: datetime) -> str:
    """A statement that used the hours."""
    with shelves_app.database(sale.app).writing() as session:
        row = Certificate(
            subject_key=sale.buyer.subject_key, kind="statement", about="", hours_num=1, hours_den=1, facts={},
            commitment=bytes(32), issued_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def employer(sale: Sale, now: datetime) -> str:
    """The buyer works for an enterprise; returns its manager's subject key."""
    with shelves_app.database(sale.app).writing() as session:
        works = organisation(session, kind=OrganisationKind.ENTERPRISE, name="常州示例化工", supervised_by="CZ-TN")
        boss = shelves.member(session, works, role=Role.ENTERPRISE_MANAGER, name="周明", now=now)
        worker = persons.person_of(session, sale.buyer.subject_key)
        session.add(Membership(person_id=worker.id, organisation_id=works.id, role=Role.EMPLOYEE, from_on=shelves.SINCE))
        return persons.subject_of(session, boss.id)


def officials(app: Flask, now: datetime) -> tuple[FlaskClient, FlaskClient, FlaskClient]:
    """An operator, the officer of the learner's district, and one of another district."""
    with shelves_app.database(app).writing() as session:
        body = organisation(session, kind=OrganisationKind.OPERATOR, name="平台运营单位", supervised_by="CZ")
    return (
        shelves_app.signed_in(app, now=now, role=Role.OPERATOR, at=body),
        shelves_app.district(app, "CZ-TN", now=now),
        shelves_app.district(app, "CZ-WJ", now=now),
    )

