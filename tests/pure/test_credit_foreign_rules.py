"""Rule sets of other regimes as policies of ours, each with a result worked out by hand.

Figures and marks are those of the fact sheet's sections 1.7 and 1.8; `docs/foreign-rules.md` shows the
table, and says of each what our fields cannot express. None of them is law here.
"""

from pathlib import Path

import pytest

from courses.credit import recompute
from tests.pure.credit_cases.writing import (
    MINUTE,
    Row,
    at,
    course,
    enrolment,
    evidence,
    policy,
    stretch,
)

HOUR_50, HOUR_60 = 50 * MINUTE, 60 * MINUTE
PAGE = Path(__file__).parents[2] / "docs" / "foreign-rules.md"
WHOLE = {"completion_threshold": "1"}

RULES: dict[str, Row] = {
    "IACET CEU": {**WHOLE, "hour_ms": HOUR_60, "ratio": "1/10", "rounding": {"mode": "half_up", "quantum": "1/10"}},
    "NASBA CPE, group internet": {
        "hour_ms": HOUR_50, "partial_credit": "pro_rata", "rounding": {"mode": "floor", "quantum": "1/5"},
    },
    "NASBA nano": {**WHOLE, "ratio_steps": [{"at_least_ms": 10 * MINUTE, "hours": "1/5"}], "seek_forward": "blocked"},
    "Montana CPA, unregistered self-study": {**WHOLE, "hour_ms": HOUR_50, "ratio": "1/2"},
    "OSHA Outreach online": {**WHOLE, "hour_ms": HOUR_60, "daily_cap_ms": 450 * MINUTE},
    "California DRE": {
        "hour_ms": HOUR_50, "completion_threshold": "9/10", "rounding": {"mode": "floor", "quantum": "1"},
        "exam": {"pass_mark": "70", "max_attempts": 2},
    },
    "Texas TREC": {"hour_ms": HOUR_50, "completion_threshold": "2/3", "daily_cap_ms": 720 * MINUTE},
    "Driver education (OAC style)": {**WHOLE, "hour_ms": HOUR_60, "daily_cap_ms": 240 * MINUTE},
    "Accounting, Fujian": {**WHOLE, "ratio": "3", "exam": {"pass_mark": "60"}},
    "National notice of 2020": {},
}  # fmt: skip


def posted(name: str, *watched: Row, minutes: float, **fields: object) -> tuple[str, str | None]:
    """Posted hours and when, of one lesson of `minutes` under a rule set."""
    exam = str(fields.pop("exam", "none"))
    file = evidence(
        course(minutes, exam=exam), stretches=list(watched), policies=[policy(**RULES[name])], **fields
    )
    found = recompute.recompute(file)["enrolments"][0]
    return found["posted_hours"], found["posted_at"]


def test_iacet_rounds_to_the_nearest_tenth_of_ten_hours() -> None:
    name = "IACET CEU"
    assert posted(name, stretch(-240, 30), minutes=30)[0] == "1/10"  # 0.05 goes up
    assert posted(name, stretch(-240, 17 * 60), minutes=17 * 60)[0] == "17/10"
    assert posted(name, stretch(-240, 17 * 60 + 48), minutes=17 * 60 + 48)[0] == "9/5"  # 1.78


def test_nasba_group_internet_goes_down_to_a_fifth() -> None:
    name = "NASBA CPE, group internet"
    assert posted(name, stretch(0, 119), minutes=150)[0] == "11/5"  # 2.38
    assert posted(name, stretch(0, 130), minutes=150)[0] == "13/5"
    unanswered = {"playback": "pL1/0/0", "at": at(60), "kind": "prompt", "result": "missed"}
    assert posted(name, stretch(0, 130), minutes=150, presence=[unanswered])[0] == "6/5"  # of 60 minutes


def test_nano_is_a_fifth_or_nothing_and_skips_nothing() -> None:
    name = "NASBA nano"
    assert posted(name, stretch(0, 12), minutes=12)[0] == "1/5"
    assert posted(name, stretch(0, 9), minutes=9)[0] == "0"
    assert posted(name, stretch(0, 2), stretch(5, 7, 5), minutes=12)[0] == "0"


def test_montana_counts_a_half() -> None:
    assert posted("Montana CPA, unregistered self-study", stretch(0, 100), minutes=100)[0] == "1"


def test_osha_ends_the_day_after_seven_and_a_half_hours() -> None:
    name = "OSHA Outreach online"
    first = stretch(-240, 600)  # 08:00 to 18:00 of one day
    assert posted(name, first, minutes=600) == ("0", None)
    second = stretch(20 * 60, 150, 450)  # 08:00 of the next
    assert posted(name, first, second, minutes=600) == ("10", "2020-05-07T10:30:00+08:00")
    late = enrolment(at=at(days=-200), expires_at=at(days=-20))  # 180 days are over
    assert posted(name, first, second, minutes=600, enrolments=[late]) == ("0", None)


def test_california_gives_whole_hours_for_nine_tenths_and_two_attempts() -> None:
    name = "California DRE"
    exams = [{"enrolment": "E", "at": at(200), "mark": "70"}]
    watched = stretch(0, 155)
    assert posted(name, watched, minutes=160, exam="required", exams=exams)[0] == "3"  # 155 / 50 is 3.1
    assert posted(name, stretch(0, 143), minutes=160, exam="required", exams=exams)[0] == "0"
    twice = [{"enrolment": "E", "at": at(200 + 10 * n), "mark": mark} for n, mark in enumerate(("60", "65", "90"))]
    assert posted(name, watched, minutes=160, exam="required", exams=twice) == ("0", None)


def test_texas_passes_two_thirds_and_caps_at_twelve_hours() -> None:
    name = "Texas TREC"
    assert posted(name, stretch(0, 100), minutes=150)[0] == "2"
    assert posted(name, stretch(0, 99), minutes=150)[0] == "0"
    assert posted(name, stretch(-720, 800), minutes=800)[0] == "72/5"  # 720 minutes of the day


def test_driver_education_takes_six_days_for_1440_minutes() -> None:
    name = "Driver education (OAC style)"
    days = [stretch(day * 1440, 240, day * 240) for day in range(6)]
    assert posted(name, *days, minutes=1440) == ("24", "2020-05-11T16:00:00+08:00")
    assert posted(name, stretch(-720, 1440), minutes=1440) == ("0", None)


def test_accounting_credits_three_for_an_hour() -> None:
    exams = [{"enrolment": "E", "at": at(100), "mark": "60"}]
    assert posted("Accounting, Fujian", stretch(0, 45), minutes=45, exam="required", exams=exams)[0] == "3"


def test_the_notice_of_2020_counts_one_to_one() -> None:
    assert posted("National notice of 2020", stretch(0, 90), minutes=90)[0] == "2"


@pytest.mark.parametrize("name", RULES)
def test_the_page_has_a_row_for_each(name: str) -> None:
    assert f"| {name} |" in PAGE.read_text("utf-8")
