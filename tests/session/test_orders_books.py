"""The books under random life: orders, coupons, refunds, disputes, fees and payouts always sum to zero."""

import contextlib
import random
from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from courses import errors
from courses.orders import books, coupons, disputes, paying, placing, refunds, repaying, returns
from courses.orders.books import Cause, Leg
from courses.orders.disputes import DisputeState
from courses.orders.models import Order
from courses.orders.placing import Wanted
from courses.orders.returns import Refund, RefundState, Side
from courses.orders.states import Method, OrderState
from courses.people.persons import Person, Subject
from courses.units import Money
from media.base import new_id
from tests import shelves

STEPS = 120


class Life:
    """A market of two institutions, and what it should come to, tallied apart from the books."""

    def __init__(self, session: Session, now: datetime, seed: int) -> None:
        self.session, self.now, self.dice = session, now, random.Random(seed)
        self.courses = []
        for name in ("甲机构", "乙机构"):
            place = shelves.institution(session, name=name)
            made = [shelves.drafts.create(session, organisation_id=place.id, title=f"{name}{n}", now=now) for n in range(3)]
            self.courses += [(row.id, place.id) for row in made]
        self.coupons = [self.coupon(percent=30, place=None), self.coupon(amount=777, place=self.courses[0][1])]
        self.orders: list[Order] = []
        self.given: list[Refund] = []
        self.held: Counter[str] = Counter()  # what provider and bank should hold

    def coupon(self, *, percent: int | None = None, amount: int | None = None, place: str | None) -> coupons.Coupon:
        """A coupon of somebody's."""
        return coupons.create(
            self.session, code=f"C-{new_id()[:8]}", institution_id=place, percent=percent, amount_minor=amount,
            currency="CNY", most_uses=None, most_each=None, from_at=self.now, until_at=None, made_by="x", now=self.now,
        )  # fmt: skip

    def buyer(self) -> str:
        """Somebody new."""
        person = Person(display_name="陆*远", created_at=self.now)
        self.session.add(person)
        self.session.flush()
        subject = Subject(person_id=person.id)
        self.session.add(subject)
        self.session.flush()
        return subject.key

    def buy(self) -> None:
        """An order of some courses, paid one way or the other, perhaps twice, perhaps with another amount."""
        chosen = self.dice.sample(self.courses, self.dice.randint(1, 4))
        wanted = [
            Wanted(course_id, 1, place, "课", Money(self.dice.randint(0, 30_000), "CNY"), self.dice.randint(1, 3))
            for course_id, place in chosen
        ]
        if self.dice.random() < 0.6:
            with contextlib.suppress(errors.Invalid):
                wanted = coupons.apply(self.dice.choice(self.coupons), wanted)
        order = placing.place(self.session, subject_key=self.buyer(), wanted=wanted, now=self.now)
        self.orders.append(order)
        if order.method == Method.FREE:
            paying.free(self.session, order, now=self.now)
            return
        wrong = self.dice.random() < 0.15
        amount = Money(order.amount_minor + wrong, "CNY")
        method = self.dice.choice([Method.PROVIDER, Method.TRANSFER])
        for turn in range(self.dice.randint(1, 2)):
            name = f"{order.id}/{turn}"
            for _told in range(2):
                paying.paid(
                    self.session, order_id=order.id, payment_id=name, intent_id=name, amount=amount, method=method,
                    now=self.now,
                )  # fmt: skip
            self.held[books.PROVIDER if method is Method.PROVIDER else books.BANK] += amount.minor

    def refund(self) -> None:
        """Give a seat back, or something out of goodwill, or a stray payment."""
        order = self.dice.choice(self.orders)
        line = self.dice.choice(order.lines)
        total = self.dice.randint(1, 10_000)
        try:
            if self.dice.random() < 0.7:
                made = refunds.ask_share(
                    self.session, line_id=line.id, enrolment_id=f"{line.id[:12]}{self.dice.randrange(line.quantity)}",
                    covered_ms=Fraction(self.dice.randint(0, 3 * total), 3), total_ms=total,
                    is_posted=self.dice.random() < 0.3, reason="x", by="buyer", now=self.now,
                )  # fmt: skip
                if made.state == RefundState.ASKED:
                    for side, by in ((Side.OPERATOR, "op"), (Side.REGULATOR, "reg")):
                        if made.state == RefundState.ASKED:
                            refunds.decide(
                                self.session, made.id, side=side, is_approved=self.dice.random() < 0.8, note="x", by=by,
                                now=self.now,
                            )  # fmt: skip
            else:
                made = refunds.goodwill(
                    self.session, line_id=line.id, amount_minor=self.dice.randint(1, 5_000), reason="x", by="staff",
                    is_ours=self.dice.random() < 0.5, now=self.now,
                )  # fmt: skip
        except (errors.Conflict, errors.Invalid):
            return
        if made not in self.given:
            self.given.append(made)

    def send(self) -> None:
        """Send what is owed; some of it comes back."""
        for made in self.given:
            if made.state == RefundState.GRANTED:
                repaying.done(self.session, made, provider_id=f"re_{made.id}_{made.round}", now=self.now)
                payment = self.session.get_one(Order, made.order_id)
                self.held[books.PROVIDER if payment.method == Method.PROVIDER else books.BANK] -= made.amount_minor
                if self.dice.random() < 0.2:
                    repaying.failed(self.session, made, provider_id=None, now=self.now)
                    self.held[books.PROVIDER if payment.method == Method.PROVIDER else books.BANK] += made.amount_minor
                    repaying.again(self.session, made)

    def dispute(self) -> None:
        """A payer's bank takes something back, and it is decided; told twice and in any order."""
        order = self.dice.choice(self.orders)
        payment = refunds.payment_of(self.session, order)
        if payment is None or payment.method != Method.PROVIDER:
            return
        states = [DisputeState.OPEN, self.dice.choice([DisputeState.WON, DisputeState.LOST])]
        self.dice.shuffle(states)
        for state in states * 2:
            disputes.told(
                self.session, dispute_id=f"dp_{order.id}", intent_id=payment.intent_id, amount=payment.amount,
                reason="fraudulent", state=state, now=self.now,
            )  # fmt: skip
        if self.session.get_one(disputes.Dispute, f"dp_{order.id}").state == DisputeState.LOST:
            key = f"lost/{order.id}"
            if not self.held[key]:
                self.held[key] = 1
                self.held[books.PROVIDER] -= payment.amount_minor

    def pay_out(self) -> None:
        """The provider's fee, money to the bank, the platform's share, and a payout to an institution."""
        amount = Money(self.dice.randint(0, 3_000), "CNY")
        place = books.owed(self.dice.choice(self.courses)[1])
        moves = [
            (Cause.COST, books.COSTS, books.PROVIDER), (Cause.TRANSIT, books.BANK, books.PROVIDER),
            (Cause.FEE, place, books.FEE), (Cause.PAYOUT, place, books.BANK),
        ]  # fmt: skip
        for cause, debit, credit in moves:
            books.post(self.session, cause=cause, about=new_id(), legs=[Leg(debit, credit, amount)], now=self.now)
            self.held[debit] += amount.minor
            self.held[credit] -= amount.minor


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_happens_the_accounts_sum_to_zero_and_hold_what_was_moved(
    session: Session, now: datetime, seed: int
) -> None:
    life = Life(session, now, seed)
    life.buy()
    for _step in range(STEPS):
        life.now += timedelta(minutes=1)
        life.dice.choices([life.buy, life.refund, life.send, life.dispute, life.pay_out], [4, 5, 2, 1, 2])[0]()
        assert sum(books.balances(session).values()) == 0
    balances = books.balances(session)
    for account in (books.PROVIDER, books.BANK):
        assert balances.get((account, "CNY"), 0) == life.held[account]
    assert balances.get((books.DISPUTED, "CNY"), 0) == 0
    for order in life.orders:
        ended = [row for row in returns.of_order(session, order.id) if row.ended_enrolment_id]
        assert len({row.ended_enrolment_id for row in ended}) == len(ended)
        assert all(returns.left_of(session, line) >= 0 for line in order.lines)
        is_whole = len(ended) == sum(line.quantity for line in order.lines)
        assert (order.state == OrderState.REFUNDED) == is_whole
    assert {"done", "refused"} <= {row.state for row in life.given}


@pytest.mark.parametrize(
    ("price", "covered", "total", "expected"),
    [
        (12_000, 40, 100, 7_200),  # the example of the rule
        (12_000, 1, 3, 8_000),
        (10_001, 1, 3, 6_668),  # 6667.33 up
        (1, 99, 100, 1),
        (12_000, 100, 100, 0),
        (12_000, Fraction(1, 3), 1, 8_000),
        (0, 0, 1, 0),
    ],
)
def test_a_share_is_exact_and_rounded_up(price: int, covered: Fraction | int, total: int, expected: int) -> None:
    assert refunds.share(price, covered_ms=covered, total_ms=total) == expected


@pytest.mark.parametrize(
    ("percent", "amount", "prices", "expected"),
    [
        (33, None, [10_000, 1], [3_300, 0]),
        (100, None, [999], [999]),
        (None, 100, [100, 100, 100], [34, 33, 33]),
        (None, 5_000, [1_000, 500], [1_000, 500]),  # never more than the price
    ],
)
def test_a_coupon_is_spread_to_the_last_unit(
    percent: int | None, amount: int | None, prices: list[int], expected: list[int]
) -> None:
    coupon = coupons.Coupon(id="c", institution_id=None, percent=percent, amount_minor=amount, currency="CNY")
    wanted = [Wanted(f"k{n}", 1, "i", "课", Money(price, "CNY")) for n, price in enumerate(prices)]
    assert [line.discount_minor for line in coupons.apply(coupon, wanted)] == expected
