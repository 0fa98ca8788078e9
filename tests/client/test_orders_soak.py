"""Some hundred webhook deliveries in random order, repeated, with workers that die: every order ends right.

Ten thousand, with processes killed for good, are `make bench-webhooks`.
"""

import random
from datetime import datetime, timedelta

import pytest
from flask import Flask

from app.orders import webhook
from courses.orders import events
from courses.orders.models import PaymentEvent
from tests import soaking
from tests.conftest import Clock


class Killed(Exception):
    """The process ends here."""


@pytest.mark.timeout(300)
def test_every_order_ends_in_the_right_state_and_each_seat_is_given_once(app: Flask, clock: Clock, now: datetime) -> None:
    dice = random.Random(7)
    made = soaking.plan(app, orders=60, seed=7, now=now)
    database = app.extensions["xueshi_db"]
    for one in made.told + dice.choices(made.told, k=120):
        clock.at += timedelta(seconds=dice.randint(0, 40))
        soaking.deliver(app, one)
        chance, event_id = dice.random(), one["event"]["id"]
        if chance < 0.1 and not one["is_forged"]:  # dies between claiming and working
            with database.writing() as session:
                events.claim(session, event_id, now=clock.at)
        elif chance < 0.2 and not one["is_forged"]:  # dies after all was done, before it was durable
            with pytest.raises(Killed), app.app_context(), database.writing() as session:
                webhook.apply(session, session.get_one(PaymentEvent, event_id))
                raise Killed
        elif chance < 0.5:
            soaking.settle(app, clock.at)
    while soaking.settle(app, clock.at):
        clock.at += timedelta(minutes=3)
    clock.at += timedelta(minutes=3)
    soaking.settle(app, clock.at)
    assert soaking.check(app, made)["seats"] == 24
