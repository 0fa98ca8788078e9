"""Gates, exams, postings, corrections and reversals: steps 8 to 10 and their fine print."""

from typing import Any

import pytest

from courses.credit import recompute
from tests.pure.credit_cases.writing import (
    MINUTE,
    at,
    course,
    enrolment,
    entries,
    evidence,
    first,
    policy,
    requirement,
    stretch,
)

Row = dict[str, Any]
TENTHS = {"mode": "floor", "quantum": "1/10", "point": "course"}


def exams(*sittings: tuple[float, str], name: str = "E") -> list[Row]:
    return [{"enrolment": name, "at": at(minute), "mark": mark} for minute, mark in sittings]


def verdicts(given: Row) -> list[str]:
    return [row["verdict"] for row in first(given)["exams"]]


def examined(*minutes: float) -> Row:
    return course(*minutes, exam="required")


def under(*stretches: Row, courses: tuple[Row, ...] = (), **fields: Any) -> Row:
    return evidence(*courses, policies=[policy(**fields)], stretches=list(stretches))


# What a posting holds (5.1, 5.3, 5.29, 5.30)


def test_the_gate_opens_at_the_first_whole_millisecond_and_the_rest_is_a_tail() -> None:
    odd = {**stretch(0, 1), "wall_to": at(ms=1000), "media_to_ms": 700}
    given = under(odd, hour_ms=1000, completion_threshold="1/2", speed="media")
    given["courses"][0]["lessons"][0]["duration_ms"] = 1000
    # 500 ms are reached after 714 2/7 ms of wall time; by 715 ms, 500 1/2 ms are effective.
    assert entries(given) == [
        ("posting", at(ms=715), "1001/2000"),
        ("posting", at(ms=1000), "399/2000"),
    ]


def test_time_earned_later_is_posted_when_its_stretch_ends() -> None:
    given = under(stretch(0, 44), stretch(60, 1, 44))
    assert entries(given) == [
        ("posting", at(42, ms=45_000), "19/20"),
        ("posting", at(44), "1/36"),
        ("posting", at(61), "1/45"),
    ]


def test_a_tail_that_rounding_swallows_is_no_entry() -> None:
    given = under(stretch(0, 44), stretch(60, 1, 44), rounding=TENTHS)
    assert entries(given) == [("posting", at(42, ms=45_000), "9/10"), ("posting", at(61), "1/10")]
    assert first(given)["posted_hours"] == "1"


def test_the_gate_needs_coverage_and_exam_whichever_comes_last() -> None:
    given = under(stretch(0, 45), courses=(examined(45),))
    assert entries({**given, "exams": exams((60, "80"))}) == [("posting", at(60), "1")]
    early = {**given, "exams": exams((-60, "80"))}
    assert entries(early)[0] == ("posting", at(42, ms=45_000), "19/20")


def test_before_the_gate_opens_the_amount_is_provisional() -> None:
    given = under(stretch(0, 45), courses=(examined(45),), ratio="1/2", rounding=TENTHS)
    found = first(given)
    assert (found["provisional_hours"], found["posted_hours"]) == ("1/2", "0")
    assert found["gate"] == {"coverage": True, "exam": False}
    half = first({**given, "stretches": [stretch(0, 22)]})
    assert (half["provisional_hours"], half["gate"]["coverage"]) == ("0", False)


def test_a_gate_at_as_of_is_not_there_yet() -> None:
    given = under(stretch(0, 45), completion_threshold="1")
    assert first({**given, "as_of": at(45)})["gate"]["coverage"] is False
    assert first({**given, "as_of": at(45)})["posted_at"] is None
    assert first({**given, "as_of": at(45, ms=1)})["posted_at"] == at(45)


def test_pro_rata_without_exam_posts_each_stretch_when_it_ends() -> None:
    given = under(stretch(0, 9), stretch(20, 18, 9), partial_credit="pro_rata")
    assert entries(given) == [("posting", at(9), "1/5"), ("posting", at(38), "2/5")]
    running = first({**given, "as_of": at(5)})
    assert (running["provisional_hours"], running["posted_at"]) == ("1/9", None)
    assert running["gate"] == {"coverage": True, "exam": True}
    later = first({**given, "as_of": at(30)})
    assert (later["provisional_hours"], later["posted_hours"]) == ("0", "1/5")


def test_pro_rata_with_exam_waits_for_it() -> None:
    given = under(stretch(0, 9), stretch(20, 18, 9), courses=(examined(45),), partial_credit="pro_rata")  # fmt: skip
    assert first(given)["provisional_hours"] == "3/5"
    given["exams"] = exams((29, "80"))
    assert entries(given) == [("posting", at(29), "2/5"), ("posting", at(38), "1/5")]


def test_pro_rata_without_exam_writes_no_zero() -> None:
    coarse = {"mode": "floor", "quantum": "1", "point": "course"}
    given = under(stretch(0, 40), stretch(50, 5, 40), partial_credit="pro_rata", rounding=coarse)
    assert entries(given) == [("posting", at(55), "1")]


def test_the_first_posting_at_a_gate_is_written_even_if_zero() -> None:
    coarse = {"mode": "floor", "quantum": "2", "point": "course"}
    assert entries(under(stretch(0, 45), rounding=coarse)) == [("posting", at(42, ms=45_000), "0")]


# per_lesson (5.2, 5.27)


def test_per_lesson_each_lesson_has_its_own_gate() -> None:
    given = under(
        stretch(0, 45, lesson="L2"),
        stretch(60, 20),
        courses=(course(45, 45),),
        partial_credit="per_lesson",
        completion_threshold="1",
    )
    assert entries(given) == [("posting", at(45), "1")]
    found = first(given)
    assert (found["gate"]["coverage"], found["posted_at"]) == (True, at(45))
    assert found["provisional_hours"] == "0"


def test_per_lesson_with_exam_posts_every_lesson_in_lesson_order() -> None:
    given = under(
        stretch(0, 45, lesson="L2"),
        stretch(60, 45),
        stretch(120, 20, lesson="L3"),
        courses=(examined(45, 45, 45),),
        partial_credit="per_lesson",
        ratio="1/2",
    )
    assert first(given)["provisional_hours"] == "1"
    given["exams"] = exams((200, "80"))
    found = recompute.recompute(given)
    assert entries(given) == [("posting", at(200), "1/2")] * 2
    assert found["enrolments"][0]["posted_hours"] == "1"


def test_per_lesson_writes_a_zero_for_a_lesson_that_rounding_swallows() -> None:
    coarse = {"mode": "floor", "quantum": "2", "point": "course"}
    given = under(
        stretch(0, 45),
        stretch(60, 45, lesson="L2"),
        courses=(course(45, 45),),
        partial_credit="per_lesson",
        completion_threshold="1",
        rounding=coarse,
    )
    assert entries(given) == [("posting", at(45), "0"), ("posting", at(105), "2")]


# Exams (5.7, 5.33)


def test_attempts_within_the_cooldown_are_refused_and_exactly_later_is_allowed() -> None:
    given = under(courses=(examined(45),), exam={"cooldown_ms": 10 * MINUTE})
    given["exams"] = exams((0, "1"), (9, "99"), (10, "2"), (15, "99"), (20, "99"))
    assert verdicts(given) == ["fail", "refused_cooldown", "fail", "refused_cooldown", "pass"]


def test_used_up_attempts_start_the_study_again() -> None:
    given = under(
        stretch(0, 45), stretch(120, 45), courses=(examined(45),), exam={"max_attempts": 2}
    )
    given["exams"] = exams((50, "1"), (60, "1"), (70, "99"), (130, "99"), (170, "81"))
    assert verdicts(given) == ["fail", "fail", "refused_attempts", "refused_attempts", "pass"]
    assert entries(given) == [("posting", at(170), "1")]
    restarted = first({**given, "as_of": at(100)})
    assert (restarted["effective_ms"], restarted["lessons"][0]["covered_ms"]) == (0, [])
    assert restarted["gate"]["coverage"] is False


def test_the_count_begins_again_once_the_coverage_gate_is_open_again() -> None:
    given = under(
        stretch(0, 45), stretch(120, 45), courses=(examined(45),), exam={"max_attempts": 2}
    )
    given["exams"] = exams((50, "1"), (60, "1"), (170, "1"), (180, "80"))
    assert verdicts(given) == ["fail", "fail", "fail", "pass"]


def test_per_lesson_needs_every_lesson_again() -> None:
    given = under(
        stretch(10, 45),
        stretch(100, 45, lesson="L2"),
        courses=(examined(45, 45),),
        partial_credit="per_lesson",
        exam={"max_attempts": 1},
    )
    given["exams"] = exams((0, "1"), (60, "99"), (150, "99"))
    assert verdicts(given) == ["fail", "refused_attempts", "pass"]


def test_a_stretch_that_runs_over_the_last_failure_keeps_what_it_plays_after() -> None:
    given = under(stretch(0, 40), courses=(examined(45),), exam={"max_attempts": 1})
    given["exams"] = exams((30, "1"))
    assert first(given)["lessons"][0]["covered_ms"] == [[30 * MINUTE, 40 * MINUTE]]


def test_the_daily_cap_used_before_a_restart_stays_used() -> None:
    given = under(
        stretch(0, 20),
        stretch(40, 20),
        courses=(examined(45),),
        exam={"max_attempts": 1},
        daily_cap_ms=25 * MINUTE,
    )
    given["exams"] = exams((30, "1"))
    assert first(given)["effective_ms"] == 5 * MINUTE


def test_after_a_pass_nothing_resets_and_attempts_are_listed() -> None:
    given = under(stretch(0, 45), courses=(examined(45),), exam={"max_attempts": 1})
    given["exams"] = exams((50, "80"), (51, "1"), (52, "99"))
    assert verdicts(given) == ["pass", "fail", "pass"]
    assert first(given)["posted_hours"] == "1"


def test_attempts_outside_the_enrolment_have_no_effect() -> None:
    given = under(stretch(0, 45), courses=(examined(45),))
    given["enrolments"] = [enrolment(at=at(-10), expires_at=at(50))]
    given["exams"] = exams((-11, "99"), (51, "99"))
    assert verdicts(given) == ["pass", "pass"]
    assert first(given)["gate"]["exam"] is False
    assert entries(given) == []


def test_an_attempt_at_the_very_end_is_not_after_it() -> None:
    given = under(stretch(0, 45), courses=(examined(45),))
    given["refunds"] = [{"id": "F", "enrolment": "E", "at": at(50)}]
    given["exams"] = exams((50, "99"))
    assert entries(given) == [("posting", at(50), "1"), ("reversal", at(50), "-1")]


def test_without_an_exam_attempts_are_listed_by_mark() -> None:
    given = evidence(exams=exams((0, "79"), (1, "160/2")))
    assert verdicts(given) == ["fail", "pass"]
    assert first(given)["exams"][1]["mark"] == "80"
    assert first(given)["gate"]["exam"] is True


# Which version's ratio (5.4, 5.6, 5.15, 5.31)


def two_versions(binding: str, **second: Any) -> list[Row]:
    """From minute 20 on the ratio is 1/2; both have been known from the beginning."""
    return [
        policy(effective_to=at(20), policy_binding=binding),
        policy(version="2", effective_from=at(20), ratio="1/2", policy_binding=binding, **second),
    ]


@pytest.mark.parametrize(
    ("binding", "hours", "version"),
    [
        ("enrolment", "1", "P@1"),
        ("completion", "1/2", "P@2"),
        ("segment", "13/18", "P@2"),
    ],
)
def test_policy_binding(binding: str, hours: str, version: str) -> None:
    given = evidence(
        stretches=[stretch(0, 45)],
        policies=[dict(row, completion_threshold="1") for row in two_versions(binding)],
    )
    [entry] = recompute.recompute(given)["entries"]
    assert (entry["hours"], entry["raw_hours"], entry["policy"]) == (hours, "1", version)


def test_ratio_steps_replace_hour_and_ratio() -> None:
    steps = [{"at_least_ms": 60 * MINUTE, "hours": "2"}, {"at_least_ms": 30 * MINUTE, "hours": "1"}]
    given = under(
        stretch(0, 29),
        stretch(60, 59, lesson="L2"),
        stretch(200, 60, lesson="L3"),
        courses=(course(29, 59, 60),),
        ratio_steps=steps,
        completion_threshold="1",
        ratio="1/7",
    )
    assert first(given)["posted_hours"] == "3"
    assert first(given)["raw_hours"] == "148/45"


def test_ratio_steps_with_segment_are_of_the_version_of_the_first_effective_piece() -> None:
    steps = [{"at_least_ms": 1, "hours": "7"}]
    given = evidence(
        stretches=[stretch(0, 45)], policies=two_versions("segment", ratio_steps=steps)
    )
    given["policies"] = [dict(row, completion_threshold="1") for row in given["policies"]]
    assert first(given)["posted_hours"] == "13/18"
    given["policies"][0]["ratio_steps"] = steps
    assert first(given)["posted_hours"] == "7"


def test_a_later_issued_version_adds_an_adjustment_at_its_issue() -> None:
    later = policy(version="2", issued_at=at(100), ratio="1/2", completion_threshold="1/2")
    given = evidence(stretches=[stretch(0, 45)], policies=[policy(completion_threshold="1"), later])
    found = recompute.recompute(given)
    assert [(row["kind"], row["at"], row["hours"], row["policy"]) for row in found["entries"]] == [
        ("posting", at(45), "1", "P@1"),
        ("adjustment", at(100), "-1/2", "P@2"),
    ]
    assert found["entries"][1]["raw_hours"] == "0"
    assert found["enrolments"][0]["posted_hours"] == "1/2"


def test_a_posting_knows_what_was_issued_by_its_own_instant() -> None:
    later = policy(version="2", issued_at=at(45), ratio="1/2")
    given = evidence(stretches=[stretch(0, 45)], policies=[policy(completion_threshold="1"), later])
    assert entries(given) == [("posting", at(45), "1/2")]


def test_an_adjustment_of_the_hour_moves_the_raw_hours_too() -> None:
    later = policy(version="2", issued_at=at(100), hour_ms=90 * MINUTE)
    given = evidence(stretches=[stretch(0, 45)], policies=[policy(completion_threshold="1"), later])
    assert recompute.recompute(given)["entries"][1]["raw_hours"] == "-1/2"


def test_completion_counts_gates_not_yet_open_as_opening_just_before_as_of() -> None:
    given = evidence(examined(45), stretches=[stretch(0, 45)], policies=two_versions("completion"))
    assert first(given)["provisional_hours"] == "1/2"


# Ends (5.16 to 5.18, 5.29)


def test_expiry_lets_through_what_was_earned_by_then_and_nothing_after() -> None:
    given = under(stretch(0, 45), completion_threshold="1/2")
    given["enrolments"] = [enrolment(expires_at=at(30))]
    assert entries(given) == [("posting", at(22, ms=30_000), "1/2"), ("posting", at(30), "1/6")]
    unpassed = under(stretch(0, 45), courses=(examined(45),))
    unpassed["enrolments"] = [enrolment(expires_at=at(60))]
    assert first({**unpassed, "as_of": at(60)})["provisional_hours"] == "1"
    assert first(unpassed)["provisional_hours"] == "0"


def withdrawn(rule: str, minute: float, *minutes: float, **fields: Any) -> Row:
    return course(*minutes, withdrawn={"at": at(minute), "rule": rule}, **fields)


def test_keep_posted_keeps_and_gives_nothing_more() -> None:
    rows = (stretch(0, 45), stretch(60, 45, lesson="L2"))
    given = under(*rows, courses=(withdrawn("keep_posted", 200, 45, 45),))
    assert first(given)["posted_hours"] == "2"
    given = under(*rows, courses=(withdrawn("keep_posted", 90, 45, 45),))
    assert entries(given) == []


def test_the_exam_is_waived_for_lessons_at_the_threshold() -> None:
    given = under(
        stretch(0, 45),
        stretch(60, 20, lesson="L2"),
        stretch(100, 44, lesson="L3"),
        courses=(withdrawn("per_lesson_exam_waived", 200, 45, 45, 45, exam="required"),),
    )
    assert entries(given) == [("posting", at(200), "1"), ("posting", at(200), "44/45")]
    assert first(given)["posted_at"] == at(200)
    assert entries({**given, "as_of": at(200)}) == []
    given["refunds"] = [{"id": "F", "enrolment": "E", "at": at(150)}]
    assert entries(given) == []


def test_void_withdrawal_reverses_what_was_posted() -> None:
    given = under(stretch(0, 45), courses=(withdrawn("void", 200, 45),), completion_threshold="1")
    assert entries(given) == [("posting", at(45), "1"), ("reversal", at(200), "-1")]
    assert first(given)["posted_at"] == at(45)


def test_a_refund_reverses_once_and_stops_adjustments() -> None:
    later = policy(version="2", issued_at=at(300), ratio="1/2")
    given = evidence(stretches=[stretch(0, 45)], policies=[policy(completion_threshold="1"), later])
    given["refunds"] = [
        {"id": "F1", "enrolment": "E", "at": at(200)},
        {"id": "F2", "enrolment": "E", "at": at(250)},
    ]
    found = recompute.recompute(given)["entries"]
    assert [(row["kind"], row["at"], row["hours"]) for row in found] == [
        ("posting", at(45), "1"),
        ("reversal", at(200), "-1"),
    ]
    assert found[1]["raw_hours"] == "-1"
    assert entries({**given, "stretches": []}) == []


def test_what_a_cut_stretch_earned_posts_before_the_reversal_at_that_instant() -> None:
    given = under(stretch(0, 45), completion_threshold="1/2")
    given["refunds"] = [{"id": "F", "enrolment": "E", "at": at(30)}]
    assert entries(given) == [
        ("posting", at(22, ms=30_000), "1/2"),
        ("posting", at(30), "1/6"),
        ("reversal", at(30), "-2/3"),
    ]


# Once per course and period (4.9, 5.19, 5.32)


def twice(**fields: Any) -> Row:
    return evidence(
        course(45),
        course(45, edition=2),
        enrolments=[enrolment(), enrolment("F", edition=2)],
        stretches=[stretch(0, 45), stretch(60, 45, enrolment="F", name="f")],
        policies=[policy(completion_threshold="1")],
        **fields,
    )


def test_a_second_completion_in_the_period_posts_zero() -> None:
    given = twice(requirements=[requirement()])
    assert entries(given) == [
        ("posting", at(45), "1"),
        ("posting", at(105), "0", "already_credited"),
    ]
    assert recompute.recompute(given)["enrolments"][1]["posted_at"] == at(105)


def test_without_a_requirement_that_holds_both_there_is_no_limit() -> None:
    assert [row[2] for row in entries(twice())] == ["1", "1"]
    ended = requirement(to=at(100))
    assert [row[2] for row in entries(twice(requirements=[ended]))] == ["1", "1"]


def test_a_first_that_was_reversed_before_does_not_count_and_later_reversal_revives_nothing() -> (
    None
):
    refund = {"id": "R", "enrolment": "E", "at": at(100)}
    given = twice(requirements=[requirement()], refunds=[refund])
    assert [row[2] for row in entries(given)] == ["1", "-1", "1"]
    given["refunds"] = [{**refund, "at": at(105)}]
    assert [row[2:] for row in entries(given)] == [("1",), ("0", "already_credited"), ("-1",)]


def test_a_zeroed_enrolment_posts_nothing_further() -> None:
    given = twice(requirements=[requirement()])
    given["policies"] = [policy(completion_threshold="1/2")]
    assert [row[0] for row in entries(given)].count("posting") == 3


# Corrections (5.39)


def correction(minute: float, hours: str, **fields: Any) -> Row:
    return {"id": f"K{minute}/{hours}", "subject": "E", "at": at(minute), "hours": hours,
            "reason": "appeal 7", **fields}  # fmt: skip


def test_a_correction_stands_beside_and_is_reversed_with_the_rest() -> None:
    given = under(stretch(0, 45), completion_threshold="1")
    given["corrections"] = [correction(100, "-1/4"), correction(400, "5")]
    assert first(given)["posted_hours"] == "23/4"
    given["refunds"] = [{"id": "F", "enrolment": "E", "at": at(300)}]
    assert entries(given) == [
        ("posting", at(45), "1"),
        ("adjustment", at(100), "-1/4", "appeal 7"),
        ("reversal", at(300), "-3/4"),
    ]


def test_a_correction_may_come_without_any_posting() -> None:
    given = under()
    given["corrections"] = [correction(100, "2")]
    found = first(given)
    assert (found["posted_hours"], found["posted_at"]) == ("2", None)
    given["refunds"] = [{"id": "F", "enrolment": "E", "at": at(300)}]
    assert [row[2] for row in entries(given)] == ["2", "-2"]


def test_a_correction_follows_the_adjustment_of_its_instant_in_file_order() -> None:
    later = policy(version="2", issued_at=at(100), ratio="1/2")
    given = evidence(stretches=[stretch(0, 45)], policies=[policy(completion_threshold="1"), later])
    given["corrections"] = [correction(100, "3"), correction(100, "1")]
    assert [row[2] for row in entries(given)] == ["1", "-1/2", "3", "1"]


def test_a_waived_pro_rata_course_without_exam_writes_no_zero() -> None:
    coarse = {"mode": "floor", "quantum": "2", "point": "course"}
    given = under(
        stretch(0, 45),
        courses=(withdrawn("per_lesson_exam_waived", 200, 45),),
        partial_credit="pro_rata",
        rounding=coarse,
    )
    given["policies"].append(
        policy(version="2", issued_at=at(300), partial_credit="pro_rata", ratio="2")
    )
    assert entries(given) == []
    assert first(given)["posted_at"] is None


def test_a_waiver_that_lets_nothing_through_leaves_the_gates_as_they_were() -> None:
    tenths = {"mode": "floor", "quantum": "1/10"}
    binding = {"partial_credit": "pro_rata", "policy_binding": "completion", "rounding": tenths}
    given = under(stretch(0, 4), courses=(withdrawn("per_lesson_exam_waived", 200, 45),), **binding)
    given["policies"].append(
        policy(version="2", effective_from=at(10), hour_ms=4 * MINUTE, **binding)
    )
    assert (first(given)["raw_hours"], first(given)["posted_hours"]) == ("4/45", "0")


def test_a_correction_of_nothing_and_a_reversal_of_a_zero_are_still_on_record() -> None:
    coarse = {"mode": "floor", "quantum": "2", "point": "course"}
    given = under(stretch(0, 45), rounding=coarse, completion_threshold="1")
    given["corrections"] = [correction(100, "0")]
    given["refunds"] = [{"id": "F", "enrolment": "E", "at": at(300)}]
    assert [row[2] for row in entries(given)] == ["0", "0", "0"]
