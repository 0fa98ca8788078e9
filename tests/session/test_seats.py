"""Seats and assignments: as many as were bought, each held by one, given back when nothing was begun."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from courses import enrolment, errors, seats
from courses.catalogue import editions
from courses.catalogue.models import Edition
from courses.people import organisations, persons
from courses.people.organisations import Actor, Grant, OrganisationKind, Role
from courses.people.vault import Vault
from courses.seats import Assigned, Seat
from courses.units import Money
from tests import shelves

TODAY = date(2026, 6, 1)


@pytest.fixture
def edition(session: Session, now: datetime) -> Edition:
    institution = shelves.institution(session)
    course = shelves.published(session, institution, price=Money(12_000, "CNY"), now=now)
    found = editions.current(session, course.id)
    assert found is not None
    return found


@pytest.fixture
def works(session: Session, edition: Edition) -> str:
    return organisations.create(
        session, kind=OrganisationKind.ENTERPRISE, name="常州示例化工厂", supervised_by="CZ-WJ"
    ).id


def manager(works: str) -> Actor:
    return Actor("a", "p", "boss", grants=(Grant(Role.ENTERPRISE_MANAGER, works, "CZ-WJ"),))


NUMBERS = ("320400198503120112", "320400199011050204", "320405197808210001")


def employ(session: Session, vault: Vault, works: str, now: datetime, *, count: int = 3) -> list[str]:
    keys = []
    for number in NUMBERS[:count]:
        person = persons.create(session, now=now)
        persons.register(
            session, vault, person_id=person.id, name="演示员工", doc_type="resident_id", country="CHN",
            number=number, consent_version="1", now=now, employer_id=works,
        )  # fmt: skip
        keys.append(persons.subject_of(session, person.id))
    return keys


def assign(
    session: Session, works: str, edition: Edition, keys: list[str], now: datetime, *, due_on: date | None = None
) -> Assigned:
    return seats.assign(
        session, manager(works), organisation_id=works, edition=edition, is_free=False, subject_keys=keys,
        due_on=due_on, on=TODAY, now=now,
    )  # fmt: skip


def bought(session: Session, works: str, edition: Edition, quantity: int = 2, line: str = "line") -> None:
    seats.grant(
        session, organisation_id=works, course_id=edition.course_id, edition_id=edition.id, order_line_id=line,
        quantity=quantity,
    )  # fmt: skip


def take(session: Session, key: str, edition: Edition, now: datetime) -> enrolment.Enrolment:
    return enrolment.enrol(
        session, subject_key=key, course_id=edition.course_id, edition=edition, jurisdiction_id="CZ-WJ",
        seat=seats.held(session, key, course_id=edition.course_id), now=now,
    )  # fmt: skip


def test_a_paid_line_told_twice_gives_its_seats_once(session: Session, works: str, edition: Edition) -> None:
    for _time in range(3):
        bought(session, works, edition, quantity=5)
    [stock] = seats.stock(session, manager(works))
    assert (stock.free, stock.bought) == (5, 5)


def test_seats_go_to_the_first_and_the_rest_are_told_that_one_lacks(
    session: Session, vault: Vault, works: str, edition: Edition, now: datetime
) -> None:
    keys = employ(session, vault, works, now)
    bought(session, works, edition)
    done = assign(session, works, edition, keys, now)
    assert (len(done.new), done.already, done.lacking) == (2, 0, 1)
    assert seats.held(session, keys[2], course_id=edition.course_id) is None
    bought(session, works, edition, quantity=1, line="more")
    again = assign(session, works, edition, keys, now)
    assert (len(again.new), again.already, again.lacking) == (1, 2, 0)
    [stock] = seats.stock(session, manager(works))
    assert (stock.free, stock.held, stock.used) == (0, 3, 0)


def test_a_seat_not_begun_can_be_given_to_another_and_one_in_use_cannot(
    session: Session, vault: Vault, works: str, edition: Edition, now: datetime
) -> None:
    keys = employ(session, vault, works, now)
    bought(session, works, edition)
    first, second = assign(session, works, edition, keys[:2], now).new
    made = take(session, keys[0], edition, now)
    assert made.seat_id is not None
    assert not seats.withdraw(session, manager(works), first.id, now=now)
    assert seats.withdraw(session, manager(works), second.id, now=now)
    assert seats.held(session, keys[1], course_id=edition.course_id) is None
    assert len(assign(session, works, edition, keys[2:], now).new) == 1
    assert session.get_one(enrolment.Enrolment, made.id).is_open(now)


def test_a_seat_taken_back_between_page_and_tap_is_refused(
    session: Session, vault: Vault, works: str, edition: Edition, now: datetime
) -> None:
    [key] = employ(session, vault, works, now, count=1)
    bought(session, works, edition)
    [one] = assign(session, works, edition, [key], now).new
    held = seats.held(session, key, course_id=edition.course_id)
    assert held is not None
    seats.withdraw(session, manager(works), one.id, now=now)
    with pytest.raises(errors.Conflict, match="seat_gone"):
        seats.use(session, held, subject_key=key, now=now)


def test_whoever_leaves_keeps_what_they_began_and_gives_back_the_rest(
    session: Session, vault: Vault, works: str, edition: Edition, now: datetime
) -> None:
    keys = employ(session, vault, works, now, count=2)
    bought(session, works, edition)
    assign(session, works, edition, keys, now)
    take(session, keys[0], edition, now)
    tomorrow = TODAY + timedelta(days=1)
    for key in keys:
        [held] = organisations.memberships(session, persons.person_of(session, key).id, on=TODAY)
        organisations.leave(held, on=tomorrow)
    session.flush()
    assert seats.left(session, on=TODAY) == []
    for assignment_id in seats.left(session, on=tomorrow):
        seats.part(session, assignment_id, on=tomorrow, now=now)
    assert seats.left(session, on=tomorrow) == []
    [stock] = seats.stock(session, manager(works))
    assert (stock.free, stock.held, stock.used) == (1, 0, 1)
    assert seats.of_subject(session, keys[0], on=tomorrow) == []


def test_reminders_come_a_week_and_a_day_before_and_a_day_after(
    session: Session, vault: Vault, works: str, edition: Edition, now: datetime
) -> None:
    keys = employ(session, vault, works, now, count=1)
    bought(session, works, edition)
    last = TODAY + timedelta(days=10)
    [one] = assign(session, works, edition, keys, now, due_on=last).new
    days = []
    for ahead in range(20):
        on = TODAY + timedelta(days=ahead)
        for assignment_id in seats.to_remind(session, on=on):
            assert seats.remind(session, assignment_id, on=on) is one
            assert seats.remind(session, assignment_id, on=on) is None
            days.append((on - last).days)
    assert days == [-7, -1, 1]


def test_other_enterprises_and_strangers_are_left_out(
    session: Session, vault: Vault, works: str, edition: Edition, now: datetime
) -> None:
    keys = employ(session, vault, works, now, count=1)
    other = organisations.create(session, kind=OrganisationKind.ENTERPRISE, name="另一家", supervised_by="CZ-TN").id
    bought(session, other, edition)
    with pytest.raises(errors.NotFound):
        seats.assign(
            session, manager(works), organisation_id=other, edition=edition, is_free=False, subject_keys=keys,
            due_on=None, on=TODAY, now=now,
        )  # fmt: skip
    assert assign(session, other, edition, keys, now) == Assigned([], 0, 0)
    bought(session, works, edition, line="own")
    [one] = assign(session, works, edition, keys, now).new
    with pytest.raises(errors.NotFound):
        seats.withdraw(session, manager(other), one.id, now=now)
    with pytest.raises(errors.Invalid, match="due_past"):
        assign(session, works, edition, keys, now, due_on=TODAY - timedelta(days=1))


def test_a_refund_takes_back_only_seats_that_nobody_uses(
    session: Session, vault: Vault, works: str, edition: Edition, now: datetime
) -> None:
    keys = employ(session, vault, works, now, count=2)
    bought(session, works, edition, quantity=3)
    assign(session, works, edition, keys, now)
    take(session, keys[0], edition, now)
    assert seats.end_unused(session, "line", now=now) == 2
    assert seats.end_unused(session, "line", now=now) == 0
    [stock] = seats.stock(session, manager(works))
    assert (stock.free, stock.held, stock.used) == (0, 0, 1)
    assert seats.held(session, keys[1], course_id=edition.course_id) is None
    assert session.query(Seat).count() == 3
