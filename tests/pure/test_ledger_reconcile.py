"""Reconciling the ledger's rows with the engine's entries: sums agree, and told twice is once."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from courses.ledger import reconcile
from courses.ledger.reconcile import Line, Written

START = datetime(2026, 6, 1, tzinfo=UTC)
LATER = START + timedelta(days=30)
LINES = st.builds(
    Line,
    kind=st.sampled_from(("posting", "adjustment", "offline")),
    about=st.sampled_from("ab"),
    at=st.integers(0, 3).map(lambda n: START + timedelta(days=n)),
    hours=st.fractions(-2, 2, max_denominator=3),
    raw_hours=st.none() | st.fractions(-2, 2, max_denominator=3),
    policy=st.sampled_from(("p@1", "p@2")),
    reason=st.none(),
)


def settled(rows: list[Written], computed: list[Line], names: "count[int]") -> list[Written]:
    """The rows after writing what reconciling asks for."""
    found = reconcile.reconciled(computed, reconcile.standing(rows))
    made = [
        Written(str(next(names)), reconcile.against(row, at=LATER), row.id) for row in found.stale
    ]
    made += [Written(str(next(names)), line) for line, row in found.lines if row is None]
    return [*rows, *made]


def sums(lines: list[Line]) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for line in lines:
        found[line.about] = found.get(line.about, Fraction(0)) + line.hours
    return {about: hours for about, hours in found.items() if hours}


@given(st.lists(st.lists(LINES, max_size=6), min_size=1, max_size=5))
def test_after_any_history_the_rows_sum_to_what_is_computed(history: list[list[Line]]) -> None:
    rows: list[Written] = []
    names = count()
    for computed in history:
        before = list(rows)
        rows = settled(rows, computed, names)
        assert rows[: len(before)] == before  # only ever appended
        assert sums([row.line for row in rows]) == sums(computed)
        assert settled(rows, computed, names) == rows


def test_a_row_that_no_longer_holds_is_cancelled_by_one_that_points_back() -> None:
    line = Line("posting", "a", START, Fraction(2), Fraction(4), "p@1", None)
    rows = settled([], [line], count())
    rows = settled(rows, [], count(1))
    assert rows[1].cancels_id == rows[0].id
    assert (rows[1].line.hours, rows[1].line.raw_hours) == (Fraction(-2), Fraction(-4))
    assert reconcile.standing(rows) == []


def test_two_equal_entries_need_two_rows() -> None:
    line = Line("posting", "a", START, Fraction(1), None, "p@1", None)
    rows = settled([Written("x", line)], [line, line], count())
    assert [row.line for row in rows] == [line, line]


def test_what_comes_back_after_a_cancellation_is_a_new_row() -> None:
    line = Line("posting", "a", START, Fraction(1), None, "p@1", None)
    names = count()
    rows = settled(settled(settled([], [line], names), [], names), [line], names)
    assert len(rows) == 3
    assert [row.line for row in reconcile.standing(rows)] == [line]
