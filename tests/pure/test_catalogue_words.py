"""From what somebody types to the terms that courses are found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.catalogue import words
from courses.catalogue.finder import Late
from courses.catalogue.words import Document

CHINESE = st.text(alphabet="有限空间作业安全电工高处动火危化培训复审A1 ，", min_size=1, max_size=12)


def finds(query: str, **texts: str) -> bool:
    """Whether every word stands in one field or another."""
    late = Late([Document("c", 1, texts)])
    required = words.query(query).required
    return bool(required) and all(
        any(late.holding([(field, word.names) for field in words.FIELDS])) for word in required
    )


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("有限空间", "有限空间作业安全"),
        ("空间", "有限空间作业安全"),  # part of a word
        ("限空", "有限空间作业安全"),  # across the cutter's words
        ("电工", "低压电工作业复审"),
        ("电", "低压电工作业复审"),
        ("受限空间", "有限空间作业安全"),  # another name of the same
        ("危化", "危险化学品安全管理"),
        ("危险化学品", "危化企业负责人必修"),
        ("confined space", "有限空间作业安全"),
        ("安全员", "安全生产管理人员初次培训"),
        ("ＡＱ8011", "AQ8011-2023 解读"),  # full width
        ("weld", "Welding safety"),
        ("动火 培训课程", "动火作业"),  # what is said of every course is not required
        ("恽立新", "恽立新讲事故案例"),
    ],
)
def test_is_found(query: str, title: str) -> None:
    assert finds(query, title=title)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("高压电工", "低压电工作业复审"),
        ("动火", "有限空间作业安全"),
        ("有限空间 动火", "有限空间作业安全"),
        ("化危", "危险化学品安全管理"),
        ("elding", "Welding safety"),
    ],
)
def test_is_not_found(query: str, title: str) -> None:
    assert not finds(query, title=title)


def test_a_name_must_stand_in_one_field_but_two_words_may_stand_in_two() -> None:
    assert not finds("电工", title="电", summary="工")
    assert finds("电工 复审", title="电工", summary="复审")


def test_words_that_say_nothing_are_required_when_they_are_all_there_is() -> None:
    assert finds("培训课程", title="培训课程")
    assert not finds("培训课程", title="动火作业")


def test_signs_alone_ask_for_nothing() -> None:
    assert words.query("，。！ ?").words == ()


@given(CHINESE)
def test_a_course_is_found_by_its_own_title(title: str) -> None:
    asked = words.query(title)
    assert not asked.words or finds(title, title=title)


@given(CHINESE, CHINESE)
def test_marking_changes_nothing_but_marks(title: str, query: str) -> None:
    assert "".join(part for part, _hit in words.marked(title, words.query(query))) == title


def test_what_was_asked_is_marked_also_under_its_other_name() -> None:
    parts = words.marked("受限空间：Confined SPACE", words.query("有限空间"))
    assert parts == [("受限空间", True), ("：", False), ("Confined SPACE", True)]
