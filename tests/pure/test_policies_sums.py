"""What a simulation shows never names a person: small groups together, small counts hidden."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from courses.policies import sums
from courses.policies.sums import LEAST, Outcome, Sums


def outcome(district: str, *, falls: bool = False, after: int = 1) -> Outcome:
    return Outcome(district, (), Fraction(2), Fraction(after), falls=falls, rises=False)


def added(*outcomes: Outcome) -> Sums:
    made: Sums = {}
    for one in outcomes:
        sums.add(made, one)
    return made


def test_groups_that_lose_most_stand_first_and_hours_are_exact() -> None:
    found = added(*[outcome("a")] * 6, *[outcome("b", after=0)] * 7)
    assert [(line.key, line.learners, line.difference) for line in sums.lines(found, "district")] == [("b", 7, -14), ("a", 6, -6)]


def test_fewer_than_five_learners_show_nothing() -> None:
    found = added(*[outcome("a")] * 4)
    assert sums.whole(found) is None
    assert sums.lines(found, "district") == []


def test_a_small_group_takes_another_along_so_that_the_total_does_not_tell_it() -> None:
    found = added(*[outcome("a")] * 9, *[outcome("b")] * 6, *[outcome("c")] * 2)
    assert [(line.key, line.learners) for line in sums.lines(found, "district")] == [("a", 9), (sums.TOGETHER, 8)]


def test_one_hidden_count_hides_another() -> None:
    found = added(
        *[outcome("a", falls=True)] * 3, *[outcome("a")] * 9, *[outcome("b", falls=True)] * 8, *[outcome("c", falls=True)] * 9
    )
    told = {line.key: line.falls for line in sums.lines(found, "district")}
    assert told == {"a": None, "b": None, "c": 9}
    assert sums.whole(found).falls == 20  # type: ignore[union-attr]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=60))
def test_no_shown_figure_and_no_difference_to_the_total_is_of_fewer_than_five(people: list[tuple[str, bool]]) -> None:
    found = added(*(outcome(district, falls=falls) for district, falls in people))
    lines = sums.lines(found, "district")
    assert all(line.learners >= LEAST for line in lines)
    left_out = len(people) - sum(line.learners for line in lines)
    assert left_out == 0 or (left_out == len(people) < LEAST)
    hidden = [line for line in lines if line.falls is None]
    assert all(line.falls is None or line.falls == 0 or line.falls >= LEAST for line in lines)
    assert len(lines) == 1 or len(hidden) != 1
