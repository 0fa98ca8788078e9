"""Orders and events in the database: told twice, paid once; whatever differs waits for a person."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors, orders
from courses.orders import Order, OrderState, Outcome, PaymentEvent
from courses.people.persons import Person, Subject
from courses.units import Money
from tests import shelves

PRICE = Money(12_000, "CNY")


@pytest.fixture
def buyer(session: Session, now: datetime) -> str:
    """A subject who buys."""
    person = Person(display_name="陆*远", created_at=now)
    session.add(person)
    session.flush()
    subject = Subject(person_id=person.id)
    session.add(subject)
    session.flush()
    return subject.key


@pytest.fixture
def course_id(session: Session, now: datetime) -> str:
    """A course at an institution."""
    institution = shelves.institution(session)
    made = shelves.drafts.create(session, organisation_id=institution.id, title="用电安全", now=now)
    return made.id


def ordered(session: Session, buyer: str, course_id: str, now: datetime, price: Money = PRICE) -> Order:
    """An open order with its checkout page."""
    order = orders.open_order(
        session, subject_key=buyer, course_id=course_id, edition=1, title="用电安全", price=price, now=now
    )
    order.checkout_id = f"cs_{order.id}"
    session.flush()
    return order


def paid(session: Session, order: Order, now: datetime, amount: Money = PRICE, checkout_id: str = "") -> Outcome:
    """What a payment of `amount` does to an order."""
    outcome, _order = orders.paid(
        session, order_id=order.id, checkout_id=checkout_id or f"cs_{order.id}", amount=amount, now=now
    )
    return outcome


def test_a_payment_told_twice_pays_once(session: Session, buyer: str, course_id: str, now: datetime) -> None:
    order = ordered(session, buyer, course_id, now)
    assert paid(session, order, now) is Outcome.PAID
    assert paid(session, order, now + timedelta(seconds=5)) is Outcome.ALREADY_PAID
    assert (order.state, order.paid_at) == (OrderState.PAID, now)


def test_a_second_payment_for_one_order_waits_for_a_person(
    session: Session, buyer: str, course_id: str, now: datetime
) -> None:
    order = ordered(session, buyer, course_id, now)
    paid(session, order, now)
    assert paid(session, order, now, checkout_id="cs_other") is Outcome.PAID_TWICE


@pytest.mark.parametrize("amount", [Money(11_999, "CNY"), Money(12_001, "CNY"), Money(12_000, "USD")])
def test_an_amount_that_differs_changes_nothing(
    session: Session, buyer: str, course_id: str, now: datetime, amount: Money
) -> None:
    order = ordered(session, buyer, course_id, now)
    assert paid(session, order, now, amount) is Outcome.AMOUNT_DIFFERS
    assert order.state == OrderState.OPEN


def test_a_payment_for_a_cancelled_order_waits_for_a_person(
    session: Session, buyer: str, course_id: str, now: datetime
) -> None:
    order = ordered(session, buyer, course_id, now)
    orders.cancel(session, order.id, subject_key=buyer)
    assert paid(session, order, now) is Outcome.ORDER_CANCELLED
    assert order.state == OrderState.CANCELLED


def test_a_payment_that_arrives_after_expiry_still_buys_the_course(
    session: Session, buyer: str, course_id: str, now: datetime
) -> None:
    order = ordered(session, buyer, course_id, now)
    assert orders.expired(session, order_id=order.id, checkout_id=f"cs_{order.id}") is Outcome.EXPIRED
    assert paid(session, order, now) is Outcome.PAID


def test_an_expired_page_does_not_close_an_order_with_a_newer_page(
    session: Session, buyer: str, course_id: str, now: datetime
) -> None:
    order = ordered(session, buyer, course_id, now)
    assert orders.expired(session, order_id=order.id, checkout_id="cs_older") is Outcome.IGNORED
    assert order.state == OrderState.OPEN


def test_money_for_an_order_nobody_knows_is_kept_for_a_person(session: Session, now: datetime) -> None:
    outcome, order = orders.paid(session, order_id="nosuchorder", checkout_id="cs", amount=PRICE, now=now)
    assert (outcome, order) == (Outcome.UNKNOWN_ORDER, None)


def test_the_same_course_at_the_same_price_is_the_same_order(
    session: Session, buyer: str, course_id: str, now: datetime
) -> None:
    first = ordered(session, buyer, course_id, now)
    assert ordered(session, buyer, course_id, now + timedelta(hours=1)).id == first.id
    dearer = ordered(session, buyer, course_id, now, Money(15_000, "CNY"))
    assert dearer.id != first.id


def test_an_order_once_paid_is_not_sold_again(
    session: Session, buyer: str, course_id: str, now: datetime
) -> None:
    paid(session, ordered(session, buyer, course_id, now), now)
    with pytest.raises(errors.Conflict) as refused:
        ordered(session, buyer, course_id, now)
    assert refused.value.code == "already_paid"


def test_another_persons_order_does_not_exist(
    session: Session, buyer: str, course_id: str, now: datetime
) -> None:
    order = ordered(session, buyer, course_id, now)
    with pytest.raises(errors.NotFound):
        orders.get(session, order.id, subject_key="somebodyelse")


def test_an_event_is_kept_once(session: Session, now: datetime) -> None:
    told = {"id": "evt_1", "type": "x", "data": {"object": {}}}
    assert orders.store_event(session, event_id="evt_1", kind="x", payload=told, now=now)
    assert not orders.store_event(session, event_id="evt_1", kind="x", payload=told, now=now)
    assert len(session.scalars(select(PaymentEvent)).all()) == 1


def test_an_event_has_one_worker_until_its_lease_ends(session: Session, now: datetime) -> None:
    orders.store_event(session, event_id="evt_1", kind="x", payload={}, now=now)
    assert orders.claim(session, "evt_1", now=now)
    assert not orders.claim(session, "evt_1", now=now + timedelta(seconds=60))
    assert orders.due_events(session, now=now + timedelta(seconds=60)) == []
    later = now + orders.LEASE + timedelta(seconds=1)
    assert orders.due_events(session, now=later) == ["evt_1"]
    assert orders.claim(session, "evt_1", now=later)
    orders.finish(session, "evt_1", Outcome.IGNORED, now=later)
    assert orders.due_events(session, now=later + timedelta(days=1)) == []
    assert not orders.claim(session, "evt_1", now=later + timedelta(days=1))
