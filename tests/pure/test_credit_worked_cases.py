"""The worked cases of `credit-rules.md` 7: the numbers of the contract, and the whole statements."""

import json
from pathlib import Path
from typing import Any

import pytest

from courses.credit.recompute import recompute

CASES = Path(__file__).parent / "credit_cases"
NAMES = sorted(path.stem for path in CASES.glob("*.json") if ".expected" not in path.name)


def statement(name: str) -> dict[str, Any]:
    return recompute(json.loads((CASES / f"{name}.json").read_text("utf-8")))


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_statement_is_as_written(name: str) -> None:
    expected = json.loads((CASES / f"{name}.expected.json").read_text("utf-8"))
    assert statement(name) == expected
    assert json.dumps(statement(name)) == json.dumps(expected)  # the order of keys too


def test_case_a_baseline() -> None:
    found = statement("A")
    [enrolment], [requirement] = found["enrolments"], found["requirements"]
    assert enrolment["effective_ms"] == 16_200_000
    assert (enrolment["raw_hours"], enrolment["posted_hours"]) == ("6", "3")
    assert enrolment["posted_at"] == "2020-05-07T20:45:00+08:00"
    assert requirement == {
        "id": "R",
        "required": "12",
        "online_posted": "3",
        "online_countable": "3",
        "surplus": "0",
        "offline": "9",
        "total": "12",
        "short": "0",
        "met": True,
    }


@pytest.mark.parametrize(
    ("name", "posted"),
    [
        ("B-exact", "1573/810"),
        ("B-course-floor-tenth", "19/10"),
        ("B-course-floor-half", "3/2"),
        ("B-lesson-floor-tenth", "9/5"),
        ("B-lesson-half-up-tenth", "2"),
    ],
)
def test_case_b_exact_fractions(name: str, posted: str) -> None:
    [enrolment] = statement(name)["enrolments"]
    assert (enrolment["raw_hours"], enrolment["posted_hours"]) == ("1573/540", posted)


@pytest.mark.parametrize(
    ("partial", "provisional"), [("none", "0"), ("per-lesson", "14/5"), ("pro-rata", "3")]
)
def test_case_c_partial(partial: str, provisional: str) -> None:
    [enrolment] = statement(f"C-partial-{partial}")["enrolments"]
    assert (enrolment["provisional_hours"], enrolment["posted_hours"]) == (provisional, "0")


def test_case_c_failed_and_passed_at_last() -> None:
    found = statement("C-third-attempt")
    [enrolment], [entry] = found["enrolments"], found["entries"]
    assert [row["verdict"] for row in enrolment["exams"]] == [
        "fail",
        "refused_cooldown",
        "fail",
        "pass",
    ]
    assert (entry["hours"], entry["at"]) == ("4", "2020-06-03T11:00:00+08:00")


def test_case_c_attempts_used_up_and_studied_again() -> None:
    [enrolment] = statement("C-second-study")["enrolments"]
    assert enrolment["posted_hours"] == "4"


@pytest.mark.parametrize(
    ("name", "total", "short"),
    [
        ("D-completed", "61/5", "0"),
        ("D-refunded", "9", "3"),
        ("D-told-twice", "9", "3"),
        ("D-completed-again", "61/5", "0"),
    ],
)
def test_case_d_refund(name: str, total: str, short: str) -> None:
    [requirement] = statement(name)["requirements"]
    assert (requirement["total"], requirement["short"]) == (total, short)
    assert requirement["met"] == (short == "0")
