"""Transfers, offline hours and requirements: steps 11 and 12 and their fine print; the writing."""

from datetime import date
from typing import Any

import pytest

from courses.credit import exact, instants, recompute
from tests.pure.credit_cases.writing import (
    MINUTE,
    at,
    course,
    enrolment,
    entries,
    evidence,
    policy,
    requirement,
    stretch,
)

Row = dict[str, Any]


def transfer(name: str = "T", minute: float = 0, **fields: Any) -> Row:
    return {
        "id": name,
        "from": "Wuxi",
        "taken_on": "2020-01-31",
        "applied_at": at(minute),
        "hours": "4",
        "hour_ms": 45 * MINUTE,
        "kind": "online",
        "factor": "1",
        "evidence_ok": True,
        **fields,
    }


def offline(hours: str, name: str = "O", **fields: Any) -> Row:
    return {"id": name, "on": "2020-06-15", "hours": hours, "kind": "classroom", **fields}


def filled(given: Row) -> Row:
    found: Row = recompute.recompute(given)["requirements"][0]
    return found


# Transfers (4.11, 5.21)


def test_transferred_hours_are_converted_by_hour_factor_and_ratio() -> None:
    given = evidence(
        policies=[policy(ratio="1/2")],
        transfers=[transfer(hour_ms=60 * MINUTE, factor="3/4")],
    )
    [entry] = recompute.recompute(given)["entries"]
    assert (entry["hours"], entry["raw_hours"]) == ("4", "4")
    given["policies"] = [policy(ratio="1/2", transfer_applies_ratio=True)]
    assert recompute.recompute(given)["entries"][0]["hours"] == "2"
    given["transfers"] = [transfer(kind="classroom")]
    [entry] = recompute.recompute(given)["entries"]
    assert (entry["hours"], "raw_hours" in entry) == ("4", False)


def test_a_transfer_expires_after_the_day_so_many_months_later() -> None:
    def applied(day: str) -> list[tuple[str, ...]]:
        return entries(
            evidence(
                policies=[policy(validity_months=1)],
                transfers=[transfer(applied_at=day)],
                as_of="2021-01-01T00:00:00Z",
            )
        )

    assert applied("2020-02-29T23:59:59+08:00")[0][2] == "4"  # January 31 and a month, clipped
    [late] = applied("2020-03-01T00:00:00+08:00")
    assert late[2:] == ("0", "expired")


def test_a_duplicate_is_the_same_from_day_and_hours() -> None:
    given = evidence(transfers=[transfer("b", 5), transfer("a", 5), transfer("c", 6, hours="5")])
    assert [row[2:] for row in entries(given)] == [("4",), ("0", "duplicate"), ("5",)]
    assert [row["subject"] for row in recompute.recompute(given)["entries"]] == ["a", "b", "c"]


def test_duplicates_are_sought_among_accepted_transfers_only() -> None:
    given = evidence(transfers=[transfer("a", 5, evidence_ok=False), transfer("b", 6)])
    assert [row[2:] for row in entries(given)] == [("0", "evidence_missing"), ("4",)]


def test_one_credited_fingerprint_refuses_the_whole_transfer() -> None:
    lessons = [{"id": "L1", "duration_ms": 45 * MINUTE, "fingerprint": "f1"}]
    given = evidence(
        course(lessons=lessons),
        policies=[policy(completion_threshold="1")],
        stretches=[stretch(0, 45)],
        transfers=[
            transfer("early", 10, fingerprints=["f1", "f2"], hours="1"),
            transfer("late", 45, fingerprints=["f1"], hours="2"),
            transfer("again", 50, fingerprints=["f2"], hours="3"),
        ],
    )
    reasons = [row[2:] for row in entries(given) if row[0] == "transfer"]
    assert reasons == [("1",), ("0", "duplicate_content"), ("0", "duplicate_content")]
    given["transfers"] = [transfer("late", 45, fingerprints=["f1"])]
    given["refunds"] = [{"id": "F", "enrolment": "E", "at": at(45)}]
    assert entries(given)[-1][2:] == ("4",)


def test_content_that_was_not_posted_yet_refuses_nothing() -> None:
    lessons = [{"id": "L1", "duration_ms": 45 * MINUTE, "fingerprint": "f1"}]
    coarse = {"mode": "floor", "quantum": "2", "point": "course"}
    given = evidence(
        course(lessons=lessons),
        policies=[policy(partial_credit="pro_rata", rounding=coarse)],
        stretches=[stretch(0, 45)],
        transfers=[transfer(minute=60, fingerprints=["f1"])],
    )
    assert [row[2:] for row in entries(given)] == [("4",)]


def test_content_that_rounding_swallowed_after_a_posting_was_credited() -> None:
    lessons = [
        {"id": "L1", "duration_ms": 45 * MINUTE},
        {"id": "L2", "duration_ms": 5 * MINUTE, "fingerprint": "f2"},
    ]
    given = evidence(
        course(lessons=lessons),
        policies=[
            policy(
                completion_threshold="9/10",
                rounding={"mode": "floor", "quantum": "1", "point": "course"},
            )
        ],
        stretches=[stretch(0, 45), stretch(60, 5, lesson="L2")],
        transfers=[transfer(minute=90, fingerprints=["f2"])],
    )
    assert [row[2:] for row in entries(given)] == [("1",), ("0", "duplicate_content")]


def test_study_after_an_accepted_transfer_is_not_refused() -> None:
    lessons = [{"id": "L1", "duration_ms": 45 * MINUTE, "fingerprint": "f1"}]
    given = evidence(
        course(lessons=lessons),
        policies=[policy(completion_threshold="1")],
        stretches=[stretch(0, 45)],
        transfers=[transfer(minute=-5, fingerprints=["f1"])],
    )
    assert [row[2:] for row in entries(given)] == [("4",), ("1",)]


# Requirements (4.12, 5.20, 5.33)


def studied(hours: int, **fields: Any) -> Row:
    """So many online hours, each a lesson of its own enrolment and day."""
    names = [f"E{index}" for index in range(hours)]
    return evidence(
        *[course(45, id=name) for name in names],
        enrolments=[enrolment(name, course=name) for name in names],
        stretches=[
            {**stretch(0, 45, name=name), "enrolment": name, "wall_from": at(days=day),
             "wall_to": at(45, days=day)}
            for day, name in enumerate(names)
        ],
        **fields,
    )  # fmt: skip


def capped(given: Row, requirements: list[Row], **cap: str) -> Row:
    rule = policy(completion_threshold="1", ratio="1/2", share_cap=cap)
    return filled({**given, "policies": [rule], "requirements": requirements})


def test_online_hours_count_up_to_the_share_of_the_required() -> None:
    found = capped(studied(10), [requirement("6", policy="P@1")], share="1/2")
    assert (found["online_posted"], found["online_countable"]) == ("5", "3")
    assert (found["surplus"], found["total"], found["short"]) == ("2", "3", "3")


def test_online_hours_count_up_to_a_share_of_all_counted_hours() -> None:
    given = studied(10, offline=[offline("4")])
    assert capped(given, [requirement("6")], share="1/2", base="earned")["online_countable"] == "4"
    assert capped(given, [requirement("6")], share="1/3", base="earned")["online_countable"] == "2"
    assert capped(given, [requirement("6")], share="1", base="earned")["online_countable"] == "5"


def test_a_raw_cap_is_taken_by_date_at_each_subjects_own_rate() -> None:
    given = studied(2, transfers=[transfer(minute=-60)])
    found = capped(given, [requirement("10")], share="1/2", measured_on="raw")
    # The transfer takes 4 of 5 raw hours at 1 each, the first lesson the fifth at 1/2.
    assert (found["online_posted"], found["online_countable"]) == ("5", "9/2")


def test_a_negative_amount_counts_whole_and_frees_room_for_later_groups_only() -> None:
    given = studied(3, refunds=[{"id": "F", "enrolment": "E0", "at": at(60)}])
    later = requirement("2", **{"from": at(50)})
    found = capped(given, [later], share="1/2", measured_on="raw")
    # -1 raw makes room for two of the one raw hour allowed.
    assert (found["online_posted"], found["online_countable"]) == ("1/2", "1/2")


def test_each_entry_counts_in_the_period_that_holds_it() -> None:
    given = studied(1, refunds=[{"id": "F", "enrolment": "E0", "at": at(60)}])
    given["requirements"] = [
        requirement("1", to=at(60)),
        requirement("1", id="S", **{"from": at(60)}),
    ]
    given["policies"] = [policy(completion_threshold="1")]
    found = recompute.recompute(given)["requirements"]
    assert [row["online_posted"] for row in found] == ["1", "-1"]
    assert [row["short"] for row in found] == ["0", "2"]


def test_practical_requirements_take_practical_hours_only() -> None:
    given = studied(
        2,
        offline=[offline("3"), offline("4", "Q", kind="practical")],
        transfers=[transfer(kind="practical", hours="1")],
        requirements=[requirement("9", kind="practical")],
    )
    found = filled(given)
    assert (found["online_countable"], found["surplus"], found["offline"]) == ("0", "2", "5")
    given["policies"] = [policy(practical_online=True)]
    assert (filled(given)["online_countable"], filled(given)["total"]) == ("2", "7")


# Writing (5.22, 5.23)


def test_entries_stand_by_instant_kind_and_subject() -> None:
    given = studied(1, offline=[offline("1", on="2020-05-07")])
    given["transfers"] = [transfer(applied_at="2020-05-07T00:00:00+08:00")]
    given["corrections"] = [
        {"id": "K", "subject": "E0", "at": "2020-05-06T16:00:00Z", "hours": "1", "reason": "x"}
    ]
    given["policies"] = [policy(completion_threshold="1")]
    assert [row[0] for row in entries(given)] == ["posting", "adjustment", "transfer", "offline"]


def test_instants_are_written_with_the_offset_of_the_zone() -> None:
    given = evidence(policies=[policy(timezone="-03:30")], as_of="2020-06-30T00:00:00.050Z")
    assert recompute.recompute(given)["as_of"] == "2020-06-29T20:30:00.050-03:30"


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1970-01-01T08:00:00+08:00", 0),
        ("1970-01-01T00:00Z", 0),
        ("1969-12-31T23:59:59.9Z", -100),
        ("1970-01-01T00:00:00,001-00:30", 1_800_001),
    ],
)
def test_instants_are_read_to_the_millisecond(text: str, at_ms: int) -> None:
    assert instants.parse(text) == at_ms


def test_shanghai_is_eight_hours_in_every_year() -> None:
    zone = instants.zone("Asia/Shanghai")
    assert instants.text(instants.parse("1988-07-01T00:00:00Z"), zone).endswith("08:00:00+08:00")


def test_the_edges_of_the_calendar_are_written_not_refused() -> None:
    zone = instants.zone("+14:00")
    last = instants.parse("9999-12-31T23:59:59-14:00")
    assert instants.text(last, zone) == "10000-01-02T03:59:59+14:00"
    assert instants.later_by_months(date(9999, 12, 31), 10**15) == date.max
    assert instants.later_by_months(date(2019, 11, 30), 3) == date(2020, 2, 29)


def test_a_number_too_long_for_python_is_written_whole() -> None:
    number = 10**9000 + 7
    assert exact.text(number) == "1" + "0" * 8999 + "7"
    assert exact.text(-number) == "-1" + "0" * 8999 + "7"
