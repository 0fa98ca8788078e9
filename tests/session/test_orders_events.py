"""Orders, payments and events in the database: told twice, paid once; whatever differs waits for a person."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors
from courses.catalogue.models import Course
from courses.orders import books, events, paying, placing
from courses.orders.models import Order, Payment, PaymentEvent
from courses.orders.placing import Wanted
from courses.orders.states import TRANSITIONS, OrderState, Outcome
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
    institution_id = session.get_one(Course, course_id).organisation_id
    line = Wanted(course_id, 1, institution_id, "用电安全", price)
    order = placing.place(session, subject_key=buyer, wanted=[line], now=now)
    order.checkout_id = f"cs_{order.id}"
    session.flush()
    return order


def paid(session: Session, order: Order, now: datetime, amount: Money = PRICE, checkout_id: str = "") -> Outcome:
    """What a payment of `amount` does to an order."""
    outcome, _order = paying.paid(
        session, order_id=order.id, payment_id=checkout_id or f"cs_{order.id}", amount=amount, now=now
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
    placing.cancel(session, order)
    assert paid(session, order, now) is Outcome.ORDER_CANCELLED
    assert order.state == OrderState.CANCELLED


def test_a_payment_that_arrives_after_expiry_still_buys_the_course(
    session: Session, buyer: str, course_id: str, now: datetime
) -> None:
    order = ordered(session, buyer, course_id, now)
    assert paying.expired(session, order_id=order.id, checkout_id=f"cs_{order.id}") is Outcome.EXPIRED
    assert paid(session, order, now) is Outcome.PAID


def test_an_expired_page_does_not_close_an_order_with_a_newer_page(
    session: Session, buyer: str, course_id: str, now: datetime
) -> None:
    order = ordered(session, buyer, course_id, now)
    assert paying.expired(session, order_id=order.id, checkout_id="cs_older") is Outcome.IGNORED
    assert order.state == OrderState.OPEN


def test_money_for_an_order_nobody_knows_is_kept_for_a_person(session: Session, now: datetime) -> None:
    outcome, order = paying.paid(session, order_id="nosuchorder", payment_id="cs", amount=PRICE, now=now)
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
        placing.get(session, order.id, subject_key="somebodyelse")


def test_an_event_is_kept_once(session: Session, now: datetime) -> None:
    told = {"id": "evt_1", "type": "x", "data": {"object": {}}}
    assert events.store(session, event_id="evt_1", kind="x", payload=told, now=now)
    assert not events.store(session, event_id="evt_1", kind="x", payload=told, now=now)
    assert len(session.scalars(select(PaymentEvent)).all()) == 1


def test_an_event_has_one_worker_until_its_lease_ends(session: Session, now: datetime) -> None:
    events.store(session, event_id="evt_1", kind="x", payload={}, now=now)
    assert events.claim(session, "evt_1", now=now)
    assert not events.claim(session, "evt_1", now=now + timedelta(seconds=60))
    assert events.due(session, now=now + timedelta(seconds=60)) == []
    later = now + events.LEASE + timedelta(seconds=1)
    assert events.due(session, now=later) == ["evt_1"]
    assert events.claim(session, "evt_1", now=later)
    events.finish(session, "evt_1", Outcome.IGNORED, now=later)
    assert events.due(session, now=later + timedelta(days=1)) == []
    assert not events.claim(session, "evt_1", now=later + timedelta(days=1))


def test_what_is_paid_is_owed_to_the_institution_of_each_line(
    session: Session, buyer: str, course_id: str, now: datetime
) -> None:
    other = shelves.institution(session, name="常州示例培训学校")
    theirs = shelves.drafts.create(session, organisation_id=other.id, title="高处作业", now=now)
    own = session.get_one(Course, course_id).organisation_id
    order = placing.place(
        session,
        subject_key=buyer,
        wanted=[
            Wanted(course_id, 1, own, "用电安全", PRICE, quantity=3, discount_minor=1_000),
            Wanted(theirs.id, 1, other.id, "高处作业", Money(5_050, "CNY")),
        ],
        now=now,
    )
    paying.paid(session, order_id=order.id, payment_id="cs_1", amount=order.price, now=now)
    assert books.balances(session) == {
        ("provider", "CNY"): 40_050,
        (books.owed(own), "CNY"): -35_000,
        (books.owed(other.id), "CNY"): -5_050,
    }


def test_money_that_buys_nothing_stands_in_the_books_until_it_is_sent_back(
    session: Session, buyer: str, course_id: str, now: datetime
) -> None:
    order = ordered(session, buyer, course_id, now)
    for _told in range(2):
        paying.paid(session, order_id=order.id, payment_id="cs_1", amount=Money(1, "USD"), now=now)
        paying.paid(session, order_id=None, payment_id="cs_2", amount=PRICE, now=now)
    assert books.balance(session, books.UNASSIGNED, currency="CNY") == -12_000
    assert books.balance(session, books.UNASSIGNED, currency="USD") == -1
    assert {row.outcome for row in session.scalars(select(Payment))} == {"amount_differs", "unknown_order"}


def test_a_cause_is_posted_once_and_never_otherwise(session: Session, now: datetime) -> None:
    legs = [books.Leg("bank", "provider", PRICE), books.Leg("costs", "provider", Money(0, "CNY"))]
    for _told in range(2):
        books.post(session, cause=books.Cause.TRANSIT, about="po_1", legs=legs, now=now)
    assert books.balances(session) == {("bank", "CNY"): 12_000, ("provider", "CNY"): -12_000}
    with pytest.raises(ValueError, match="otherwise"):
        books.post(session, cause=books.Cause.TRANSIT, about="po_1", legs=[books.Leg("bank", "provider", Money(1, "CNY"))], now=now)


def test_an_order_of_nothing_to_pay_is_paid_at_once(
    session: Session, buyer: str, course_id: str, now: datetime
) -> None:
    order = ordered(session, buyer, course_id, now, Money(0, "CNY"))
    paying.free(session, order, now=now)
    assert (order.state, order.method, books.balances(session)) == (OrderState.PAID, "free", {})


@pytest.mark.parametrize("state", list(OrderState))
def test_orders_move_by_the_table_alone(
    session: Session, buyer: str, course_id: str, now: datetime, state: OrderState
) -> None:
    order = ordered(session, buyer, course_id, now)
    for target in OrderState:
        order.state = state
        if target in TRANSITIONS[state]:
            order.move(target)
        else:
            with pytest.raises(errors.Conflict, match="order"):
                order.move(target)
