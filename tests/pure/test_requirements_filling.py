"""Which courses fill a requirement: those that fill most first, within the caps, none for practice."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from courses.credit.entries import Entry
from courses.credit.evidence import Requirement
from courses.credit.policy import Policy
from courses.credit.reading_policy import read_policy
from courses.ledger.required import filling
from courses.ledger.required.filling import Candidate, Case


def policy(**rules: Any) -> Policy:
    head = {
        "id": "cz", "version": "1", "issued_at": "2020-01-01T00:00:00+08:00", "document": "",
        "effective_from": "2020-01-01T00:00:00+08:00", "effective_to": None,
    }
    return read_policy({**head, **rules}, "policy")


def case(*, hours: int = 12, kind: str = "any", **rules: Any) -> Case:
    return Case(Requirement("r", Fraction(hours), 0, 1000, "cz@1", kind), policy(**rules), [], 500)


def course(name: str, hours: int) -> Candidate[str]:
    return Candidate(name, name, Fraction(hours), Fraction(hours))


def names(found: filling.Choice[str]) -> list[tuple[str, Fraction]]:
    return [(row.course, row.fills) for row in found.courses]


def test_those_that_fill_most_come_first_and_no_more_than_are_needed() -> None:
    found = filling.choose(case(), [course("small", 1), course("large", 8), course("middle", 5), course("spare", 5)])
    assert names(found) == [("large", 8), ("middle", 5)]
    assert (found.result.total, found.result.short) == (13, 0)


def test_the_share_cap_bounds_what_a_course_fills_and_the_rest_is_told() -> None:
    cap = {"share": "1/2", "base": "required", "measured_on": "credited"}
    found = filling.choose(case(share_cap=cap), [course("large", 8), course("small", 1)])
    assert names(found) == [("large", 6)]
    assert (found.result.online_countable, found.result.surplus, found.result.short) == (6, 2, 6)


def test_where_online_hours_follow_hours_in_person_none_are_offered_before_those() -> None:
    cap = {"share": "1/2", "base": "earned", "measured_on": "credited"}
    empty = case(share_cap=cap)
    assert filling.choose(empty, [course("large", 8)]).courses == []
    lesson = Entry("offline", 100, Fraction(4), "class", "cz@1", is_online=False)
    assert names(filling.choose(replace(empty, entries=[lesson]), [course("large", 8)])) == [("large", 4)]


def test_practical_hours_are_never_filled_online() -> None:
    assert filling.choose(case(kind="practical"), [course("large", 8)]).courses == []
