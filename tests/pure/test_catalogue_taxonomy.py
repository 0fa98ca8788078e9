"""The axes by which courses are found, and the states of a draft, as data."""

import pytest

from courses import errors
from courses.catalogue import taxonomy
from courses.catalogue.models import TRANSITIONS, CourseState


def test_nine_industries_of_which_the_two_inferred_ones_are_marked() -> None:
    nine = ["HAZCHEM", "METAL", "NONFERROUS", "BUILDMAT", "MACH", "LIGHT", "TEXTILE", "TOBACCO", "COMMERCE"]
    terms = taxonomy.INDUSTRY.terms
    assert set(nine) <= set(terms)
    assert [code for code in nine if not terms[code].is_confirmed] == ["TOBACCO", "COMMERCE"]
    assert "GENERAL" in terms


def test_the_special_operations_number_fifty_one_items_and_three_later_ones() -> None:
    items = [code for code in taxonomy.TRAINEE.terms if code.startswith("special_operator:") and "." in code]
    later = {"special_operator:1.4", "special_operator:1.5", "special_operator:1.6"}
    assert len(set(items) - later) == 51
    assert later <= set(items)


def test_every_code_has_both_names_and_an_existing_parent() -> None:
    for axis in taxonomy.AXES.values():
        for code, term in axis.terms.items():
            assert term.code == code
            assert term.zh
            assert term.en.isascii()
            assert term.parent is None or term.parent in axis.terms


def test_whoever_asks_for_the_parent_finds_the_child() -> None:
    assert taxonomy.TOPIC.closure(["TECH:dust"]) == {"TECH", "TECH:dust"}
    assert taxonomy.TRAINEE.closure(["special_operator:1.2"]) == {"special_operator", "special_operator:1.2"}


def test_codes_are_kept_once_and_in_the_axis_order() -> None:
    assert taxonomy.TOPIC.check(["CASE", "LAW", "CASE"]) == ["LAW", "CASE"]


def test_a_code_of_another_axis_is_refused() -> None:
    with pytest.raises(errors.Invalid) as refused:
        taxonomy.TOPIC.check(["LAW", "HAZCHEM"])
    assert refused.value.field == "topics"
    assert refused.value.detail["value"] == "HAZCHEM"


def test_six_points_are_reviewed() -> None:
    names = [term.zh for term in taxonomy.REVIEW_POINTS.values()]
    assert names == ["内容", "形式", "意识形态", "视频格式", "视频质量", "版权"]


def test_nothing_is_published_but_what_was_submitted_and_a_withdrawal_is_the_end() -> None:
    assert {s for s, to in TRANSITIONS.items() if CourseState.PUBLISHED in to} == {CourseState.SUBMITTED}
    assert TRANSITIONS[CourseState.WITHDRAWN] == frozenset()
    assert set(TRANSITIONS) == set(CourseState)
