"""A district may tighten what the city set: each field's order as a table, and that tighter is never more hours."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.credit import recompute
from courses.credit.evidence import Course, Enrolment, Evidence, Lesson, Stretch
from courses.policies import rules, sense, strictness
from courses.policies.strictness import Order

CASES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("ratio", {"ratio": "1/3"}, {"ratio": "1/2"}, "stricter"),
    ("ratio", {"ratio": "2/3"}, {"ratio": "1/2"}, "looser"),
    ("hour_ms", {"hour_ms": 3_600_000}, {}, "stricter"),
    ("hour_ms", {"hour_ms": 2_400_000}, {}, "looser"),
    ("completion_threshold", {"completion_threshold": "1"}, {}, "stricter"),
    ("completion_threshold", {"completion_threshold": "1/2"}, {"partial_credit": "pro_rata"}, "same"),
    ("partial_credit", {"partial_credit": "none"}, {"partial_credit": "pro_rata"}, "stricter"),
    ("partial_credit", {"partial_credit": "per_lesson"}, {}, "unlike"),
    ("exam", {"exam": {"pass_mark": "90", "max_attempts": 3}}, {}, "stricter"),
    ("exam", {"exam": {"pass_mark": "90"}}, {"exam": {"max_attempts": 3}}, "looser"),
    ("speed", {"speed": "reject"}, {"speed": "wall"}, "stricter"),
    ("speed", {"speed": "media"}, {"speed": "wall"}, "looser"),
    ("rate_tolerance", {"speed": "reject", "rate_tolerance": "1/4"}, {"speed": "reject"}, "looser"),
    ("seek_forward", {"seek_forward": "blocked"}, {}, "stricter"),
    ("concurrency", {"concurrency": "void_overlap"}, {}, "stricter"),
    ("concurrency", {"concurrency": "first_wins"}, {}, "unlike"),
    ("daily_cap_ms", {"daily_cap_ms": 3_600_000}, {}, "stricter"),
    ("daily_cap_ms", {}, {"daily_cap_ms": 3_600_000}, "looser"),
    ("heartbeat_gap_ms", {"heartbeat_gap_ms": 60_000}, {"heartbeat_gap_ms": 300_000}, "stricter"),
    ("gap_grant", {"heartbeat_gap_ms": 60_000, "gap_grant": "allowance"}, {"heartbeat_gap_ms": 60_000}, "looser"),
    ("presence", {"presence": {"on_fail": "void_course"}}, {}, "stricter"),
    ("policy_binding", {"policy_binding": "segment"}, {}, "unlike"),
    ("rounding", {"rounding": {"mode": "floor", "quantum": "1/2"}}, {}, "stricter"),
    ("rounding", {"rounding": {"mode": "floor", "quantum": "1/2"}}, {"rounding": {"mode": "floor", "quantum": "1/10"}}, "stricter"),
    ("rounding", {"rounding": {"mode": "floor", "quantum": "1/2"}}, {"rounding": {"mode": "floor", "quantum": "1/3"}}, "unlike"),
    ("rounding", {"rounding": {"mode": "half_up", "quantum": "1/2"}}, {}, "unlike"),
    ("rounding", {"rounding": {"mode": "ceil", "quantum": "1/2"}}, {}, "looser"),
    ("share_cap", {"share_cap": {"share": "1/3"}}, {"share_cap": {"share": "1/2"}}, "stricter"),
    ("share_cap", {}, {"share_cap": {"share": "1/2"}}, "looser"),
    ("share_cap", {"share_cap": {"base": "earned"}}, {"share_cap": {}}, "unlike"),
    ("validity_months", {"validity_months": 12}, {}, "stricter"),
    ("transfer_applies_ratio", {"ratio": "1/2", "transfer_applies_ratio": True}, {}, "stricter"),
    ("practical_online", {"practical_online": True}, {}, "looser"),
    ("ratio_steps", {"ratio_steps": [{"at_least_ms": 2_700_000, "hours": "1"}]}, {}, "stricter"),
    ("ratio_steps", {"ratio_steps": [{"at_least_ms": 1_800_000, "hours": "1"}]}, {}, "looser"),
    ("ratio_steps", {}, {"ratio_steps": [{"at_least_ms": 2_700_000, "hours": "1"}]}, "looser"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "own", "city", "order"), CASES)
def test_each_field_has_its_order(field: str, own: dict[str, Any], city: dict[str, Any], order: str) -> None:
    one, other = rules.typed(own), rules.typed(city)
    assert strictness.compared(one, other, None, None)[field] == order
    if order == "unlike":
        assert strictness.unlike(field, "cz-online@1").sentence
    assert set(strictness.compared(one, one, None, None).values()) == {Order.SAME}


def test_prompts_are_stricter_where_they_come_more_often() -> None:
    tap = {"every_ms": 900_000, "answer_within_ms": 60_000, "way": "tap"}
    assert strictness.compared(rules.typed({}), rules.typed({}), tap, None)["prompts"] is Order.STRICTER
    assert strictness.compared(rules.typed({}), rules.typed({}), None, tap)["prompts"] is Order.LOOSER
    seldom = tap | {"every_ms": 1_200_000}
    assert strictness.compared(rules.typed({}), rules.typed({}), seldom, tap)["prompts"] is Order.LOOSER
    asked, photo = tap | {"way": "question"}, tap | {"way": "face"}
    assert strictness.compared(rules.typed({}), rules.typed({}), asked, photo)["prompts"] is Order.UNLIKE


CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "ratio": st.sampled_from(["1/3", "1/2", "1", "4/3"]),
        "hour_ms": st.sampled_from([2_400_000, 2_700_000, 3_600_000]),
        "ratio_steps": st.sampled_from([None, [{"at_least_ms": 600_000, "hours": "1/5"}, {"at_least_ms": 2_400_000, "hours": "1"}]]),
        "completion_threshold": st.sampled_from(["1/2", "19/20", "1"]),
        "partial_credit": st.sampled_from(["none", "per_lesson", "pro_rata"]),
        "speed": st.sampled_from(["wall", "media", "reject"]),
        "seek_forward": st.sampled_from(["allowed", "blocked"]),
        "concurrency": st.sampled_from(["latest_wins", "first_wins", "void_overlap"]),
        "daily_cap_ms": st.sampled_from([None, 1_200_000, 3_000_000]),
        "rounding": st.sampled_from(
            [{"mode": mode, "quantum": quantum, "point": point} for mode in ("floor", "ceil", "half_up")
             for quantum in ("1/10", "1/5", "1/4") for point in ("lesson", "course")]
        ),
    },
)  # fmt: skip
# Lesson, minute of the clock, rate; each plays the third of its lesson that is named last, once.
THIRDS = [(lesson, third) for lesson in (0, 1) for third in range(3)]
PLAYED = st.lists(
    st.tuples(st.sampled_from(THIRDS), st.integers(0, 60), st.sampled_from([1, 2])),
    min_size=1, max_size=6, unique_by=lambda row: row[0],
)  # fmt: skip
Played = list[tuple[tuple[int, int], int, int]]


def hours(chosen: dict[str, Any], played: Played) -> Fraction:
    """What two lessons of 45 minutes earn, whose thirds are played at a minute of the clock and a rate."""
    minute = 60_000
    day = 1_590_940_800_000
    stretches = [
        Stretch(f"{place}", "e", str(lesson), f"p{place}", day + at * minute, day + at * minute + 15 * minute // rate,
                third * 15 * minute, (third + 1) * 15 * minute)
        for place, ((lesson, third), at, rate) in enumerate(played)
    ]  # fmt: skip
    evidence = Evidence(
        learner="l", as_of=day + 10**9, policies=[rules.typed(chosen)],
        courses=[Course("c", 1, "none", [Lesson("0", 45 * minute), Lesson("1", 45 * minute)])],
        enrolments=[Enrolment("e", "c", 1, day - 1)], stretches=stretches,
    )  # fmt: skip
    return recompute.statement(evidence).enrolments[0].posted_hours


@given(CHOICES, CHOICES, st.sets(st.integers(0, 9), max_size=3), PLAYED)
def test_what_is_stricter_in_every_field_never_gives_more_hours(
    city: dict[str, Any], other: dict[str, Any], changed: set[int], played: Played
) -> None:
    """Of what is watched once: time that a stricter rule voids may be watched again, and counts then."""
    own = city | {name: value for place, (name, value) in enumerate(other.items()) if place in changed}
    orders = set(strictness.compared(rules.typed(own), rules.typed(city), None, None).values())
    if orders <= {Order.SAME, Order.STRICTER}:
        assert hours(own, played) <= hours(city, played)


SLIPS: list[tuple[dict[str, Any], Any, str, bool]] = [
    ({"ratio": "0"}, None, "ratio_nothing", False),
    ({"ratio": "3/2"}, None, "ratio_above_one", False),
    ({"ratio": "1/2", "ratio_steps": [{"at_least_ms": 2_700_000, "hours": "1"}]}, None, "ratio_unused", False),
    ({"hour_ms": 45_000}, None, "hour_unusual", False),
    ({"rounding": {"mode": "ceil", "quantum": "1/10"}}, None, "rounds_up", False),
    ({"rounding": {"mode": "floor", "quantum": "2"}}, None, "rounds_coarsely", False),
    ({"ratio_steps": []}, None, "steps_empty", True),
    ({"ratio_steps": [{"at_least_ms": 0, "hours": "1"}, {"at_least_ms": 9, "hours": "1/2"}]}, None, "steps_fall", True),
    ({"ratio_steps": [{"at_least_ms": 600_000, "hours": "1"}]}, None, "steps_above_time", False),
    ({"speed": "reject", "rate_tolerance": "1"}, None, "tolerance_wide", False),
    ({"rate_tolerance": "1/4"}, None, "tolerance_unused", False),
    ({"daily_cap_ms": 0}, None, "cap_zero", True),
    ({"daily_cap_ms": 86_400_000}, None, "cap_unreachable", False),
    ({"heartbeat_gap_ms": 0}, None, "gap_zero", True),
    ({"heartbeat_gap_ms": 20_000}, None, "gap_short", False),
    ({"gap_grant": "allowance"}, None, "grant_unused", False),
    ({"partial_credit": "pro_rata", "completion_threshold": "1/2"}, None, "threshold_unused", False),
    ({"exam": {"pass_mark": "101"}}, None, "mark_unreachable", True),
    ({"exam": {"pass_mark": "0"}}, None, "mark_nothing", False),
    ({"share_cap": {"share": "1"}}, None, "share_never_bites", False),
    ({"share_cap": {"share": "0"}}, None, "share_nothing", False),
    ({"validity_months": 0}, None, "validity_nothing", False),
    ({"presence": {"on_fail": "void_course"}}, None, "presence_never_asked", False),
    ({}, {"every_ms": 60_000, "answer_within_ms": 60_000}, "prompts_overlap", False),
]  # fmt: skip


@pytest.mark.parametrize(("chosen", "prompts", "code", "is_error"), SLIPS)
def test_contradictions_and_slips_are_found_each_alone(
    chosen: dict[str, Any], prompts: Any, code: str, is_error: bool
) -> None:
    found = {one.said.code: one.is_error for one in sense.of(rules.typed(chosen), prompts)}
    assert found[code] is is_error
    assert list(sense.of(rules.typed({"ratio": "1/2", "daily_cap_ms": 21_600_000}), None)) == []
