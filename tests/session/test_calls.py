"""Calls for courses: sealed until the last day is over, judged by two, bought for an area's workers."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from courses import calls, errors
from courses.calls import Call, CallAnswer
from courses.catalogue.models import Course
from courses.people.organisations import Actor, Grant, Organisation, Role
from courses.units import Money
from tests import shelves

TODAY = date(2026, 6, 1)
AFTER = TODAY + timedelta(days=8)
NEXT_YEAR = date(2027, 6, 1)


def officer(key: str, area: str = "CZ-WJ", role: Role = Role.DISTRICT_REGULATOR) -> Actor:
    return Actor(key, key, key, grants=(Grant(role, "bureau", area),))


@pytest.fixture
def institution(session: Session) -> Organisation:
    return shelves.institution(session)


@pytest.fixture
def course(session: Session, institution: Organisation, now: datetime) -> Course:
    return shelves.published(session, institution, price=Money(12_000, "CNY"), now=now)


@pytest.fixture
def call(session: Session, course: Course, now: datetime) -> Call:
    return calls.make(
        session, officer("one"), jurisdiction_id="CZ-WJ", title="有限空间", wanted="事故案例", last_on=TODAY + timedelta(days=7),
        on=TODAY, now=now,
    )  # fmt: skip


def offer(session: Session, institution: Organisation, course: Course, call: Call, now: datetime) -> CallAnswer:
    return calls.answer(
        session, shelves.staff(institution), call, course_id=course.id, words="案例多", price=Money(500_000, "CNY"),
        on=TODAY, now=now,
    )  # fmt: skip


def marks(session: Session, answer: CallAnswer, key: str, mark: int, now: datetime) -> None:
    given = dict.fromkeys(calls.CRITERIA, mark)
    calls.score(session, officer(key), answer.id, marks=given, note="", on=AFTER, now=now)


def decide(session: Session, call: Call, winners: list[str], now: datetime, key: str = "one") -> Call:
    return calls.decide(
        session, officer(key), call.id, winners=winners, from_on=AFTER, until_on=NEXT_YEAR, reason="评分最高", on=AFTER, now=now
    )


def test_answers_are_sealed_until_the_last_day_is_over(
    session: Session, institution: Organisation, course: Course, call: Call, now: datetime
) -> None:
    offer(session, institution, course, call, now)
    last = TODAY + timedelta(days=7)
    assert calls.answers(session, officer("one"), call, on=last) == []
    assert calls.answers(session, None, call, on=AFTER) == []
    assert len(calls.answers(session, shelves.staff(institution), call, on=last)) == 1
    assert len(calls.answers(session, officer("one"), call, on=AFTER)) == 1
    assert calls.answers(session, officer("one", "CZ-TN"), call, on=AFTER) == []


def test_answering_again_changes_the_answer_and_late_answers_are_refused(
    session: Session, institution: Organisation, course: Course, call: Call, now: datetime
) -> None:
    first = offer(session, institution, course, call, now)
    assert offer(session, institution, course, call, now) is first
    with pytest.raises(errors.Conflict, match="call_closed"):
        calls.take_back(session, shelves.staff(institution), first.id, on=AFTER)
    other = shelves.institution(session, name="另一家")
    with pytest.raises(errors.NotFound):
        calls.take_back(session, shelves.staff(other), first.id, on=TODAY)
    with pytest.raises(errors.NotFound):
        calls.answer(
            session, shelves.staff(other), call, course_id=course.id, words="", price=Money(0, "CNY"), on=TODAY, now=now
        )
    calls.take_back(session, shelves.staff(institution), first.id, on=TODAY)
    assert calls.answers(session, officer("one"), call, on=AFTER) == []


def test_two_officers_must_have_given_marks_and_a_winner_is_free_for_the_area_only(
    session: Session, institution: Organisation, course: Course, call: Call, now: datetime
) -> None:
    answer = offer(session, institution, course, call, now)
    with pytest.raises(errors.Conflict, match="call_open"):
        calls.score(session, officer("one"), answer.id, marks={}, note="", on=TODAY, now=now)
    marks(session, answer, "one", 5, now)
    marks(session, answer, "one", 4, now)
    with pytest.raises(errors.Conflict, match="too_few_jurors"):
        decide(session, call, [answer.id], now)
    marks(session, answer, "two", 5, now)
    [judged] = calls.answers(session, officer("one"), call, on=AFTER)
    assert judged.mean == pytest.approx(4.5)
    with pytest.raises(errors.NotFound):
        calls.decide(
            session, officer("x", "CZ-TN"), call.id, winners=[answer.id], from_on=AFTER, until_on=NEXT_YEAR, reason="x",
            on=AFTER, now=now,
        )  # fmt: skip
    decide(session, call, [answer.id], now)
    with pytest.raises(errors.Conflict, match="call_decided"):
        decide(session, call, [], now)
    with pytest.raises(errors.Conflict, match="call_decided"):
        marks(session, answer, "two", 1, now)

    def free(area: str | None, on: date) -> bool:
        return calls.licence_for(session, course.id, jurisdiction_id=area, on=on) is not None

    assert free("CZ-WJ", AFTER)
    assert not free("CZ-TN", AFTER)
    assert not free(None, AFTER)
    assert not free("CZ-WJ", AFTER - timedelta(days=1))
    assert not free("CZ-WJ", NEXT_YEAR)
    assert len(calls.answers(session, None, call, on=AFTER)) == 1


def test_what_the_city_buys_is_free_in_every_district(
    session: Session, institution: Organisation, course: Course, now: datetime
) -> None:
    city = officer("one", "CZ", Role.CITY_REGULATOR)
    made = calls.make(session, city, jurisdiction_id="CZ", title="全市", wanted="", last_on=TODAY, on=TODAY, now=now)
    answer = offer(session, institution, course, made, now)
    after = TODAY + timedelta(days=1)
    for key in ("one", "two"):
        juror = officer(key, "CZ", Role.CITY_REGULATOR)
        calls.score(session, juror, answer.id, marks=dict.fromkeys(calls.CRITERIA, 3), note="", on=after, now=now)
    calls.decide(
        session, city, made.id, winners=[answer.id], from_on=after, until_on=NEXT_YEAR, reason="好", on=after, now=now
    )
    assert calls.licence_for(session, course.id, jurisdiction_id="CZ-TN", on=after) is not None
