"""Which time counts: steps 2 to 6 of the pipeline and their fine print (`credit-rules.md` 5)."""

import itertools
from typing import Any

import pytest

from courses.credit import reading, recompute
from tests.pure.credit_cases.writing import (
    MINUTE,
    at,
    course,
    enrolment,
    evidence,
    first,
    lost,
    policy,
    stretch,
)

Row = dict[str, Any]


def effective(given: Row) -> int | str:
    """Effective minutes (or fraction text of milliseconds) of the first enrolment."""
    found: int | str = first(given)["effective_ms"]
    return found // MINUTE if isinstance(found, int) and found % MINUTE == 0 else found


def covered(given: Row) -> list[list[float]]:
    """Covered minutes of the first lesson."""
    spans = first(given)["lessons"][0]["covered_ms"]
    return [[low / MINUTE, high / MINUTE] for low, high in spans]


def check(result: str, minute: float, playback: str = "p", **fields: Any) -> Row:
    return {"playback": playback, "at": at(minute), "kind": "prompt", "result": result, **fields}


def under(*stretches: Row, **fields: Any) -> Row:
    """Evidence under the one policy with some fields."""
    return evidence(policies=[policy(**fields)], stretches=list(stretches))


# Malformed and bad (5.8), as_of (5.14)


@pytest.mark.parametrize(
    ("fields", "wall_ms"),
    [
        ({"wall_to": at(0)}, None),
        ({"wall_to": at(-5)}, None),
        ({"media_to_ms": 0}, MINUTE),
        ({"media_from_ms": 90_000}, MINUTE),
        ({"media_from_ms": -1}, MINUTE),
    ],
)
def test_a_malformed_stretch_is_bad_with_its_whole_wall_time(fields: Row, wall_ms: int) -> None:
    given = evidence(stretches=[{**stretch(0, 1), **fields}])
    assert effective(given) == 0
    assert lost(given) == ({} if wall_ms is None else {"bad_stretch": wall_ms})


def test_media_outside_the_lesson_is_cut_off() -> None:
    given = evidence(stretches=[stretch(0, 10, 40)])
    assert covered(given) == [[40, 45]]
    assert lost(given) == {"bad_stretch": 5 * MINUTE}
    beyond = evidence(stretches=[stretch(0, 10, 50)])
    assert lost(beyond) == {"bad_stretch": 10 * MINUTE}


def test_time_before_the_enrolment_is_bad() -> None:
    given = evidence(stretches=[stretch(-5, 15)], enrolments=[enrolment(at=at(0))])
    assert covered(given) == [[5, 15]]
    assert lost(given) == {"bad_stretch": 5 * MINUTE}


@pytest.mark.parametrize("ending", ["expiry", "refund", "withdrawal"])
def test_time_from_the_end_of_the_enrolment_on_is_bad(ending: str) -> None:
    given = evidence(stretches=[stretch(0, 15)])
    if ending == "expiry":
        given["enrolments"][0]["expires_at"] = at(10)
    elif ending == "refund":
        given["refunds"] = [
            {"id": "F2", "enrolment": "E", "at": at(12)},
            {"id": "F1", "enrolment": "E", "at": at(10)},
        ]
    else:
        given["courses"][0]["withdrawn"] = {"at": at(10), "rule": "keep_posted"}
    assert covered(given) == [[0, 10]]
    assert lost(given) == {"bad_stretch": 5 * MINUTE}


def test_rows_repeated_word_for_word_count_once() -> None:
    once = evidence(
        stretches=[stretch(0, 20)],
        presence=[check("fail", 10, "pL1/0/0")],
        exams=[{"enrolment": "E", "at": at(30), "mark": "80"}],
        offline=[{"id": "O", "on": "2020-06-01", "hours": "1", "kind": "practical"}],
    )
    lists = {key: value * 2 for key, value in once.items() if isinstance(value, list)}
    assert recompute.recompute({**once, **lists}) == recompute.recompute(once)


def test_as_of_is_exclusive_and_cuts_what_runs_over_it() -> None:
    given = evidence(stretches=[stretch(0, 15), stretch(20, 5, 15)], as_of=at(10))
    assert covered(given) == [[0, 10]]
    assert covered({**given, "as_of": at(20)}) == [[0, 15]]


def test_a_version_issued_at_as_of_is_not_seen() -> None:
    later = policy(version="2", issued_at=at(60), hour_ms=60 * MINUTE)
    given = evidence(stretches=[stretch(0, 45)], policies=[policy(), later])
    assert first({**given, "as_of": at(60)})["raw_hours"] == "1"
    assert first({**given, "as_of": at(60, ms=1)})["raw_hours"] == "3/4"


# Presence (5.12)


def test_after_a_failed_check_time_is_void_until_the_next_pass() -> None:
    given = evidence(
        stretches=[stretch(0, 30, playback="p")],
        presence=[check("fail", 5), check("missed", 8), check("pass", 10), check("pass", 12)],
    )
    assert covered(given) == [[0, 5], [10, 30]]
    assert lost(given) == {"presence_failed": 5 * MINUTE}


def test_rollback_reaches_the_last_pass_or_the_start() -> None:
    rule = {"on_fail": "rollback_to_last_pass"}
    given = under(stretch(0, 30, playback="p"), presence=rule)
    given["presence"] = [check("pass", 5), check("fail", 10), check("pass", 12), check("fail", 20)]
    assert covered(given) == [[0, 5]]
    given["presence"] = [check("fail", 10), check("pass", 12)]
    assert covered(given) == [[12, 30]]


def test_void_course_takes_the_whole_enrolment() -> None:
    given = under(
        stretch(0, 10), stretch(20, 10, 20, playback="p"), presence={"on_fail": "void_course"}
    )
    given["presence"] = [check("fail", 25), check("pass", 26)]
    assert effective(given) == 0
    assert lost(given) == {"presence_failed": 20 * MINUTE}


def test_an_unknown_playback_is_ignored() -> None:
    given = under(stretch(0, 10), presence={"on_fail": "void_course"})
    assert effective({**given, "presence": [check("fail", 5, "nobody")]}) == 10


def test_checks_at_one_instant_stand_in_the_order_of_the_file() -> None:
    given = evidence(stretches=[stretch(0, 10, playback="p")])
    assert effective({**given, "presence": [check("fail", 5), check("pass", 5)]}) == 10
    assert effective({**given, "presence": [check("pass", 5), check("fail", 5)]}) == 5


# Heartbeats (5.13)


def beats(*minutes: float) -> list[Row]:
    return [{"playback": "p", "at": at(minute)} for minute in minutes]


@pytest.mark.parametrize(
    ("grant", "spans"), [("none", [[0, 5], [9, 30]]), ("allowance", [[0, 7], [9, 30]])]
)
def test_a_gap_between_heard_beats_is_void(grant: str, spans: list[list[float]]) -> None:
    given = under(stretch(0, 30, playback="p"), heartbeat_gap_ms=2 * MINUTE, gap_grant=grant)
    given["beats_heard"] = beats(3, 5, 9, 11, 13)
    assert covered(given) == spans
    assert set(lost(given)) == {"heartbeat_gap"}


def test_exactly_the_gap_is_no_gap_and_the_ends_are_open() -> None:
    given = under(stretch(0, 30, playback="p"), heartbeat_gap_ms=2 * MINUTE)
    assert effective({**given, "beats_heard": beats(10, 12)}) == 30
    assert effective({**given, "beats_heard": []}) == 30


# Concurrency (5.10, 5.34)


@pytest.mark.parametrize(
    ("rule", "spans", "wall_ms"),
    [
        ("latest_wins", [[0, 10], [20, 30], [100, 110]], 10),
        ("first_wins", [[0, 30]], 10),
        ("void_overlap", [[0, 10], [20, 30]], 20),
    ],
)
def test_who_holds_an_instant(rule: str, spans: list[list[float]], wall_ms: int) -> None:
    given = under(stretch(0, 30), stretch(10, 10, 100), concurrency=rule)
    given["courses"] = [course(200)]
    assert covered(given) == spans
    assert lost(given) == {"other_playback": wall_ms * MINUTE}


@pytest.mark.parametrize("rule", ["latest_wins", "first_wins"])
def test_on_a_tie_the_lower_id_wins_under_both_rules(rule: str) -> None:
    given = under(stretch(0, 10, 20, name="b"), stretch(0, 10, 0, name="a"), concurrency=rule)
    assert covered(given) == [[0, 10]]


def test_void_time_holds_nothing() -> None:
    given = under(stretch(0, 30), stretch(10, 10, 100, playback="p"), concurrency="latest_wins")
    given["courses"] = [course(200)]
    given["presence"] = [check("fail", 15)]
    assert covered(given) == [[0, 10], [15, 30], [100, 105]]


def test_an_instant_counts_once_over_all_courses() -> None:
    given = evidence(
        course(45),
        course(45, id="D"),
        enrolments=[enrolment(), enrolment("F", course="D")],
        stretches=[stretch(0, 20), stretch(10, 20, enrolment="F", name="f")],
    )
    found = recompute.recompute(given)["enrolments"]
    assert [row["effective_ms"] for row in found] == [10 * MINUTE, 20 * MINUTE]


def test_anomalies_are_maximal_spans_of_one_set_of_playbacks() -> None:
    given = evidence(
        course(200),
        stretches=[
            stretch(0, 20, 0, playback="x"),
            stretch(10, 5, 30, playback="b"),
            stretch(15, 15, 35, playback="b"),
            stretch(18, 20, 90, playback="a"),
        ],
    )
    found = recompute.recompute(given)["anomalies"]
    assert [(row["from"], row["to"], row["playbacks"]) for row in found] == [
        (at(10), at(18), ["b", "x"]),
        (at(18), at(20), ["a", "b", "x"]),
        (at(20), at(30), ["a", "b"]),
    ]


def test_two_stretches_of_one_playback_are_no_anomaly_but_hold_one_minute() -> None:
    given = evidence(stretches=[stretch(0, 20, playback="p"), stretch(10, 20, 20, playback="p")])
    assert recompute.recompute(given)["anomalies"] == []
    assert effective(given) == 30


def test_anomaly_edges_between_milliseconds_are_widened() -> None:
    fast = {**stretch(0, 1, name="f"), "wall_to": at(ms=100), "media_to_ms": 301}
    given = evidence(course(1), stretches=[fast, stretch(-1, 2, playback="x")])
    given["courses"][0]["lessons"][0]["duration_ms"] = 200  # reached at 66 + 134/301 ms
    [found] = recompute.recompute({**given, "stretches": [fast, _short(20)]})["anomalies"]
    assert (found["from"], found["to"]) == (at(ms=20), at(ms=67))


def _short(ms: int) -> Row:
    return {**stretch(0, 1, name="s"), "wall_from": at(ms=ms), "wall_to": at(ms=ms + 100),
            "media_to_ms": 100}  # fmt: skip


# Seek and new media (5.9)


def test_a_forward_seek_is_void_where_blocked() -> None:
    rows = [stretch(0, 10), stretch(20, 5, 11), stretch(30, 5, 10), stretch(40, 5, 2)]
    given = under(*rows, seek_forward="blocked")
    assert covered(given) == [[0, 15]]
    assert lost(given) == {"forward_seek": 5 * MINUTE, "seen_before": 5 * MINUTE}
    assert covered(under(*rows)) == [[0, 16]]


def test_a_forward_seek_is_decided_once_per_stretch() -> None:
    # The second stretch begins beyond what is covered; by its later pieces it would not be.
    given = under(
        stretch(0, 60, 20, name="a"), stretch(10, 30, 0, name="b"), seek_forward="blocked"
    )
    given["courses"] = [course(100)]
    assert covered(given) == [[0, 30]]
    assert lost(given) == {"other_playback": 30 * MINUTE, "forward_seek": 30 * MINUTE}


def test_what_was_seen_before_earns_nothing() -> None:
    given = evidence(stretches=[stretch(0, 10, 5), stretch(20, 20, 0)])
    assert effective(given) == 20
    assert lost(given) == {"seen_before": 10 * MINUTE}


# Speed (5.11)


@pytest.mark.parametrize(
    ("speed", "rate", "minutes"),
    [
        ("wall", 2, 10),
        ("wall", 0.5, 5),
        ("media", 2, 20),
        ("media", 0.5, 5),
        ("reject", 1.05, 10),
        ("reject", 0.5, 5),
        ("reject", 2, 0),
    ],
)
def test_what_a_rate_counts(speed: str, rate: float, minutes: int) -> None:
    assert effective(under(stretch(0, 10, rate=rate), speed=speed)) == minutes


def test_too_fast_covers_nothing() -> None:
    given = under(stretch(0, 10, rate=1.1), speed="reject")
    assert covered(given) == []
    assert lost(given) == {"too_fast": 10 * MINUTE}
    assert effective(under(stretch(0, 10, rate=1.1), speed="reject", rate_tolerance="1/10")) == 10


def test_new_media_within_a_fast_stretch_takes_its_own_wall_time() -> None:
    given = evidence(stretches=[stretch(0, 10), stretch(20, 10, 0, rate=3)])
    assert covered(given) == [[0, 30]]
    assert lost(given) == {"seen_before": 200_000}
    assert first(given)["effective_ms"] == 10 * MINUTE + 400_000


def test_a_rate_may_make_a_fraction() -> None:
    odd = {**stretch(20, 1), "wall_to": at(20, ms=100), "media_to_ms": 300}
    given = evidence(stretches=[{**stretch(0, 1), "wall_to": at(ms=100), "media_to_ms": 100}, odd])
    assert first(given)["effective_ms"] == "500/3"
    assert lost(given) == {"seen_before": "100/3"}


# The daily cap


def test_the_daily_cap_is_per_person_and_uncovered_media_can_be_earned_later() -> None:
    given = evidence(
        course(45, 45),
        policies=[policy(daily_cap_ms=30 * MINUTE)],
        stretches=[
            stretch(0, 20, lesson="L2"),
            stretch(30, 20),
            stretch(24 * 60, 20),
        ],
    )
    assert lost(given) == {"daily_cap": 10 * MINUTE, "seen_before": 10 * MINUTE}
    assert covered(given) == [[0, 20]]
    assert effective(given) == 40


def test_a_day_ends_at_midnight_of_the_zone() -> None:
    rows = [stretch(12 * 60 - 20, 40)]  # 23:40 to 00:20
    given = evidence(stretches=rows, policies=[policy(daily_cap_ms=15 * MINUTE)])
    assert covered(given) == [[0, 15], [20, 35]]
    given["policies"] = [policy(daily_cap_ms=15 * MINUTE, timezone="+07:00")]
    assert covered(given) == [[0, 15]]


def test_a_named_zone_goes_through_the_zone_data() -> None:
    # Berlin's 2020-03-29 had 23 hours: 00:00 at 23:00Z, the next midnight at 22:00Z.
    def stretch_at(begun: str, ended: str, media: int) -> Row:
        return {**stretch(0, 1, media), "id": begun, "wall_from": begun, "wall_to": ended,
                "media_to_ms": (media + 30) * MINUTE}  # fmt: skip

    given = evidence(
        course(100),
        policies=[policy(timezone="Europe/Berlin", daily_cap_ms=40 * MINUTE)],
        enrolments=[enrolment(at="2020-03-01T00:00:00Z")],
        stretches=[
            stretch_at("2020-03-28T23:00:00Z", "2020-03-28T23:30:00Z", 0),
            stretch_at("2020-03-29T21:45:00Z", "2020-03-29T22:15:00Z", 30),
        ],
    )
    assert covered(given) == [[0, 40], [45, 60]]
    assert recompute.recompute(given)["as_of"] == "2020-12-30T17:00:00+01:00"


# Versions (5.4, 5.5)


def test_steps_2_to_6_follow_the_version_in_force_at_the_wall_instant() -> None:
    given = evidence(
        policies=[
            policy(effective_to=at(5)),
            policy(version="2", effective_from=at(5), speed="media"),
        ],
        stretches=[stretch(0, 10, rate=2)],
    )
    assert effective(given) == 5 + 10


def test_a_version_not_yet_issued_does_not_govern() -> None:
    given = evidence(
        policies=[policy(), policy(version="2", issued_at=at(5), speed="media")],
        stretches=[stretch(0, 10, rate=2)],
    )
    assert effective(given) == 5 + 10


def test_where_nothing_was_known_the_earliest_issued_governs() -> None:
    given = evidence(
        policies=[
            policy(version="3", issued_at=at(60), speed="wall"),
            policy(version="2", issued_at=at(50), speed="media"),
        ],
        stretches=[stretch(0, 10, rate=2)],
    )
    assert effective(given) == 20


def test_of_versions_issued_together_the_later_effective_then_the_later_in_the_file() -> None:
    both = [policy(version="2", speed="media"), policy(version="1")]
    assert effective(evidence(policies=both, stretches=[stretch(0, 10, rate=2)])) == 10
    later = [policy(version="2", speed="media", effective_from=at(-60)), policy(version="1")]
    assert effective(evidence(policies=later, stretches=[stretch(0, 10, rate=2)])) == 20


# What the learner's page shows


def test_the_trace_accounts_for_all_wall_time_of_every_stretch() -> None:
    given = under(
        stretch(-1441, 20, playback="p"),
        stretch(0, 30, 5),
        stretch(10, 10, 30),
        stretch(40, 10, 35, rate=1.5),
        daily_cap_ms=22 * MINUTE,
    )
    given["presence"] = [check("fail", -1430)]
    found = recompute.trace(reading.read(given))
    for row in given["stretches"]:
        parts = found.parts[row["id"]]
        assert parts[0].media_from_ms == row["media_from_ms"]
        assert all(a.wall_to == b.wall_from for a, b in itertools.pairwise(parts))
        wall_ms = parts[-1].wall_to - parts[0].wall_from
        assert wall_ms == sum(part.wall_to - part.wall_from for part in parts)
    verdicts = {part.verdict for parts in found.parts.values() for part in parts}
    assert verdicts == {
        "counted", "bad_stretch", "presence_failed", "other_playback", "seen_before", "daily_cap"
    }  # fmt: skip
