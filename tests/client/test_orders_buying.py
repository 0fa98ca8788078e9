"""Buying over HTTP: the twin by Stripe's own library, webhooks signed, forged, repeated and delayed."""

import json
import time
from datetime import datetime
from typing import Any

import pytest
import stripe
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import jobs
from app.orders import provider, twin
from courses.enrolment import Enrolment
from courses.orders.models import Order, PaymentEvent
from courses.orders.states import Outcome
from courses.units import Money
from tests import shelves, shelves_app


class Shop:
    """A priced course, its buyer, and the provider's side of the counter."""

    def __init__(self, app: Flask, now: datetime) -> None:
        self.app = app
        self.now = now
        institution = shelves_app.institution(app)
        with shelves_app.database(app).writing() as session:
            course = shelves.published(session, institution, now=now, price=Money(12_000, "CNY"))
            self.course_id = course.id
        self.buyer: FlaskClient = shelves_app.signed_in(app, now=now)

    def order(self) -> Order:
        """Open an order, as the course page's button does; the checkout is played by hand."""
        with shelves_app.database(self.app).writing() as session:
            found = session.scalars(select(Order)).first()
            if found is not None:
                return found
        self.buyer.post("/orders/", data={"course_id": self.course_id})
        return self.rows(Order)[0]

    def rows(self, model: type[Any]) -> list[Any]:
        """Every row of a table."""
        with shelves_app.database(self.app).reading() as session:
            return list(session.scalars(select(model)))

    def event(self, order: Order, **changes: Any) -> bytes:
        """What Stripe tells of a paid checkout."""
        told = {
            "id": "cs_1", "object": "checkout.session", "amount_total": order.amount_minor, "currency": "cny",
            "client_reference_id": order.id, "metadata": {"order": order.id}, "payment_status": "paid",
        } | changes  # fmt: skip
        return json.dumps(
            {"id": "evt_1", "object": "event", "type": "checkout.session.completed", "data": {"object": told}}
        ).encode()

    def tell(self, body: bytes, *, secret: str = "", at: int | None = None) -> int:
        """Deliver a webhook; returns the status."""
        secret = secret or provider.webhook_secret(self.app.extensions["xueshi_settings"])
        signed = twin.signature(body, secret, int(time.time()) if at is None else at)
        return self.app.test_client().post(
            "/orders/webhook", data=body, headers={"Stripe-Signature": signed}
        ).status_code

    def work(self) -> None:
        """What the worker does."""
        jobs.run_due(self.app)


@pytest.fixture
def shop(app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop; Stripe's library reaches the twin inside this process instead of over a socket."""
    counter = app.test_client()

    class InProcess(stripe.RequestsClient):
        def request_with_retries(self, method: str, url: str, headers: Any, post_data: Any = None, **_more: Any) -> Any:
            path = url[url.index(provider.TWIN_PATH) :]
            answer = counter.open(path, method=method.upper(), headers=dict(headers), data=post_data)
            return answer.text, answer.status_code, dict(answer.headers)

    monkeypatch.setattr(stripe, "RequestsClient", InProcess)
    return Shop(app, now)


def test_buying_leads_to_a_page_that_says_that_no_money_moves(shop: Shop) -> None:
    answer = shop.buyer.post("/orders/", data={"course_id": shop.course_id})
    assert answer.status_code == 303
    page = shop.buyer.get(answer.headers["Location"])
    assert "不会扣款" in page.text
    assert "¥120.00" in page.text


def test_a_signed_event_enrols_once_however_often_it_is_told(shop: Shop) -> None:
    body = shop.event(shop.order())
    assert [shop.tell(body) for _each in range(3)] == [200, 200, 200]
    shop.work()
    assert shop.tell(body) == 200
    shop.work()
    (order,), (taken,) = shop.rows(Order), shop.rows(Enrolment)
    assert (order.state, taken.order_line_id) == ("paid", order.lines[0].id)
    assert len(shop.rows(PaymentEvent)) == 1


def test_two_events_of_one_payment_enrol_once(shop: Shop) -> None:
    body = shop.event(shop.order())
    shop.tell(body)
    shop.tell(body.replace(b"evt_1", b"evt_2").replace(b"checkout.session.completed", b"checkout.session.async_payment_succeeded"))
    shop.work()
    assert len(shop.rows(Enrolment)) == 1
    assert sorted(e.outcome for e in shop.rows(PaymentEvent)) == [Outcome.ALREADY_PAID, Outcome.PAID]


@pytest.mark.parametrize(("secret", "age_s"), [("whsec_forged", 0), ("", 3600)])
def test_a_forged_or_stale_signature_is_refused_and_not_kept(shop: Shop, secret: str, age_s: int) -> None:
    body = shop.event(shop.order())
    assert shop.tell(body, secret=secret, at=int(time.time()) - age_s) == 400
    assert shop.rows(PaymentEvent) == []


def test_an_event_without_a_signature_is_refused(shop: Shop) -> None:
    assert shop.app.test_client().post("/orders/webhook", data=b"{}").status_code == 400


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"amount_total": 1}, Outcome.AMOUNT_DIFFERS),
        ({"currency": "usd"}, Outcome.AMOUNT_DIFFERS),
        ({"client_reference_id": "nobody", "metadata": {}}, Outcome.UNKNOWN_ORDER),
        ({"payment_status": "unpaid"}, Outcome.IGNORED),
    ],
)
def test_what_differs_enrols_nobody(shop: Shop, changes: dict[str, Any], outcome: Outcome) -> None:
    shop.tell(shop.event(shop.order(), **changes))
    shop.work()
    assert shop.rows(Enrolment) == []
    assert shop.rows(PaymentEvent)[0].outcome == outcome


def test_another_persons_order_is_not_found(shop: Shop, now: datetime) -> None:
    order = shop.order()
    stranger = shelves_app.signed_in(shop.app, now=now)
    assert stranger.get(f"/orders/{order.id}").status_code == 404
    assert stranger.post(f"/orders/{order.id}/cancel").status_code == 404


def test_the_order_page_waits_then_leads_to_the_course(shop: Shop) -> None:
    order = shop.order()
    assert "尚未付款" in shop.buyer.get(f"/orders/{order.id}").text
    shop.tell(shop.event(order))
    shop.work()
    assert "课程已开通" in shop.buyer.get(f"/orders/{order.id}").text


def test_a_changed_address_of_the_twins_page_is_not_found(shop: Shop) -> None:
    answer = shop.buyer.post("/orders/", data={"course_id": shop.course_id})
    assert shop.buyer.get(answer.headers["Location"][:-2] + "xx").status_code == 404


def test_the_twin_refuses_a_wrong_key(shop: Shop) -> None:
    answer = shop.app.test_client().post(
        f"{provider.TWIN_PATH}/v1/checkout/sessions", headers={"Authorization": "Bearer sk_live_x"}
    )
    assert answer.status_code == 401


def test_with_a_key_there_is_no_twin(settings: Any) -> None:
    from dataclasses import replace

    from app import create_app

    made = create_app(replace(settings, stripe_key="sk_test_x", stripe_webhook_secret="whsec_x"))
    assert made.test_client().get(f"{provider.TWIN_PATH}/pay/x").status_code == 404
    assert provider.webhook_secret(made.extensions["xueshi_settings"]) == "whsec_x"
