"""Webhook deliveries as a provider on a bad day sends them: many orders, every order of things, twice and late.

Says for each order what it must have come to; `deliver` and `settle` are the shop's own ways. Used by the
test of some hundred deliveries and by `bench.webhooks` with ten thousand and real kills.
"""

import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from app.orders import provider, twin, webhook
from courses.catalogue import editions
from courses.enrolment import Enrolment
from courses.orders import books, events, placing
from courses.orders.models import Order, Payment, PaymentEvent
from courses.orders.states import STRAY, OrderState
from courses.units import Money
from tests import shelves, watching

PRICE = Money(12_000, "CNY")
FATES = ("paid", "paid_late", "expired", "cancelled", "cancelled_paid", "differs", "twice", "async", "forged", "unknown")


@dataclass
class Plan:
    """What is told of each order, and what must come of it."""

    told: list[dict[str, Any]] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    seats: set[str] = field(default_factory=set)
    paid_minor: int = 0  # all that came in, for something or for nothing
    stray_minor: int = 0


def plan(app: Flask, *, orders: int, seed: int, now: datetime) -> Plan:
    """Open orders of many people, and write the provider's events of each fate."""
    dice = random.Random(seed)
    made = Plan()
    with app.extensions["xueshi_db"].writing() as session:
        place = shelves.institution(session)
        course = shelves.published(session, place, now=now, price=PRICE)
        edition = editions.current(session, course.id)
        assert edition is not None
        line = placing.Wanted(course.id, edition.number, place.id, "用电安全", PRICE)
        for number in range(orders):
            order = placing.place(session, subject_key=watching.person(session, now=now), wanted=[line], now=now)
            order.checkout_id = f"cs_{number}"
            fate = FATES[number % len(FATES)]
            if fate.startswith("cancelled"):
                placing.cancel(session, order)
            told_of(made, order.id, number, fate)
    dice.shuffle(made.told)
    return made


def told_of(made: Plan, order_id: str, number: int, fate: str) -> None:
    """The events of one order, and what they must come to."""
    first = checkout(number, order_id)
    kinds = {
        "paid": [("checkout.session.completed", first)],
        "paid_late": [("checkout.session.expired", first), ("checkout.session.completed", first)],
        "expired": [("checkout.session.expired", first)],
        "cancelled": [("checkout.session.expired", first)],
        "cancelled_paid": [("checkout.session.completed", first)],
        "differs": [("checkout.session.completed", first | {"amount_total": 11_999})],
        "twice": [("checkout.session.completed", first), ("checkout.session.completed", checkout(number, order_id, "b"))],
        "async": [
            ("checkout.session.completed", first | {"payment_status": "unpaid"}),
            ("checkout.session.async_payment_succeeded", first),
        ],
        "forged": [("checkout.session.completed", first)],
        "unknown": [("checkout.session.completed", first | {"client_reference_id": "nobody", "metadata": {}})],
    }[fate]
    for place, (kind, told) in enumerate(kinds):
        event = {"id": f"evt_{number}_{place}", "object": "event", "type": kind, "data": {"object": told}}
        made.told.append({"event": event, "is_forged": fate == "forged"})
    if fate in ("paid", "paid_late", "twice", "async"):
        made.states[order_id] = OrderState.PAID
        made.seats.add(order_id)
        made.paid_minor += PRICE.minor
    elif fate == "expired":
        made.states[order_id] = OrderState.EXPIRED
    else:
        is_cancelled = fate.startswith("cancelled")
        made.states[order_id] = OrderState.CANCELLED if is_cancelled else OrderState.OPEN
    stray = {"cancelled_paid": PRICE.minor, "differs": 11_999, "twice": PRICE.minor, "unknown": PRICE.minor}.get(fate, 0)
    made.paid_minor += stray
    made.stray_minor += stray


def checkout(number: int, order_id: str, twin_letter: str = "") -> dict[str, Any]:
    """A paid checkout of an order, as the provider tells it."""
    return {
        "id": f"cs_{number}{twin_letter}", "object": "checkout.session", "amount_total": PRICE.minor, "currency": "cny",
        "client_reference_id": order_id, "metadata": {"order": order_id}, "payment_status": "paid",
        "payment_intent": f"pi_{number}{twin_letter}",
    }  # fmt: skip


def deliver(app: Flask, one: dict[str, Any]) -> None:
    """Send one event to the shop's address, signed in the provider's scheme or forged."""
    body = json.dumps(one["event"]).encode()
    secret = "whsec_forged" if one["is_forged"] else provider.webhook_secret(app.extensions["xueshi_settings"])
    headers = {"Stripe-Signature": twin.signature(body, secret, int(time.time()))}
    status = app.test_client().post("/orders/webhook", data=body, headers=headers).status_code
    assert status == (400 if one["is_forged"] else 200), status


def settle(app: Flask, now: datetime) -> int:
    """Work what is due once, as the sweep does; returns how many that were."""
    with app.extensions["xueshi_db"].reading() as session:
        found = events.due(session, now=now)
    with app.app_context():
        for event_id in found:
            webhook.work(app, event_id)
    return len(found)


def check(app: Flask, made: Plan) -> dict[str, int]:
    """Every order as it must be, each seat once, every fen in the books; what was counted."""
    with app.extensions["xueshi_db"].reading() as session:
        orders = {row.id: row for row in session.scalars(select(Order))}
        assert {name: orders[name].state for name in made.states} == made.states
        lines = {row.lines[0].id: row.id for row in orders.values()}
        seats = Counter(lines[row.order_line_id or ""] for row in session.scalars(select(Enrolment)))
        assert seats == Counter(made.seats)
        assert session.scalar(select(func.count()).where(PaymentEvent.worked_at.is_(None))) == 0
        stray = session.scalars(select(Payment).where(Payment.outcome.in_(sorted(STRAY)))).all()
        assert sum(row.amount_minor for row in stray) == made.stray_minor
        balances = books.balances(session)
        assert sum(balances.values()) == 0
        assert balances["provider", "CNY"] == made.paid_minor
        assert balances["unassigned", "CNY"] == -made.stray_minor
        return {"orders": len(orders), "seats": len(seats), "events": len(made.told), "stray": len(stray)}
