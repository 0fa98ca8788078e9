"""What must hold for any evidence: properties that a regulator could dispute."""

import itertools
import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from courses.credit import beats, groups, instants, reading, recompute, writing
from courses.credit.beats import Beat, Span
from courses.credit.evidence import Evidence
from courses.credit.motion import COUNTED
from tests.pure.credit_cases.writing import (
    MINUTE,
    at,
    course,
    enrolment,
    evidence,
    policy,
    requirement,
)

Row = dict[str, Any]
LESSONS = {"E": "C", "F": "D", "G": "C"}
minutes = st.integers(-30, 240)
often = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def policies(draw: st.DrawFn) -> list[Row]:
    """One to three versions, issued and effective at different times."""
    binding = draw(st.sampled_from(["enrolment", "segment", "completion"]))
    fields = st.fixed_dictionaries(
        {},
        optional={
            "hour_ms": st.sampled_from([20 * MINUTE, 45 * MINUTE, 50 * MINUTE]),
            "ratio": st.sampled_from(["1", "1/2", "2/3", "4/5"]),
            "ratio_steps": st.sampled_from([None, [{"at_least_ms": 8 * MINUTE, "hours": "1/3"}]]),
            "completion_threshold": st.sampled_from(["1/3", "1/2", "19/20", "1"]),
            "partial_credit": st.sampled_from(["none", "per_lesson", "pro_rata"]),
            "exam": st.sampled_from([{}, {"max_attempts": 2, "cooldown_ms": 20 * MINUTE}]),
            "speed": st.sampled_from(["wall", "media", "reject"]),
            "seek_forward": st.sampled_from(["allowed", "blocked"]),
            "concurrency": st.sampled_from(["latest_wins", "first_wins", "void_overlap"]),
            "daily_cap_ms": st.sampled_from([None, 30 * MINUTE]),
            "heartbeat_gap_ms": st.sampled_from([None, 15 * MINUTE]),
            "gap_grant": st.sampled_from(["none", "allowance"]),
            "presence": st.sampled_from(
                [{"on_fail": "exclude_until_verified"}, {"on_fail": "rollback_to_last_pass"}]
            ),
            "rounding": st.sampled_from(
                [
                    {"mode": "none"},
                    {"mode": "floor", "quantum": "1/10"},
                    {"mode": "half_up", "quantum": "1/4", "point": "lesson"},
                ]
            ),
            "share_cap": st.sampled_from(
                [None, {"share": "1/2"}, {"share": "1/3", "base": "earned", "measured_on": "raw"}]
            ),
        },
    )
    made = [policy(policy_binding=binding, **draw(fields))]
    for index in range(draw(st.integers(0, 2))):
        made.append(
            policy(
                version=str(index + 2),
                issued_at=at(draw(minutes)),
                effective_from=at(draw(minutes)),
                policy_binding=binding,
                **draw(fields),
            )
        )
    return made


@st.composite
def played(draw: st.DrawFn, index: int) -> Row:
    """A stretch somewhere, seldom malformed, of the playback that its place in the course owns."""
    owner = draw(st.sampled_from(sorted(LESSONS)))
    lesson = draw(st.sampled_from(["L1", "L2"]))
    begun, length = draw(minutes), draw(st.integers(-1, 25))
    media = draw(st.integers(-1, 20))
    rate = draw(st.sampled_from([1, 1, 1, Fraction(1, 2), Fraction(5, 4), Fraction(3, 2), 2]))
    return {
        "id": f"s{index}",
        "enrolment": owner,
        "lesson": lesson,
        "playback": f"{owner}/{lesson}/{draw(st.integers(1, 2))}",
        "wall_from": at(begun),
        "wall_to": at(begun + length, ms=draw(st.integers(0, 3))),
        "media_from_ms": media * MINUTE,
        "media_to_ms": int((media + length * rate) * MINUTE),
    }


@st.composite
def files(draw: st.DrawFn) -> Row:
    """Evidence with everything in it."""
    rows = [draw(played(index)) for index in range(draw(st.integers(0, 8)))]
    playbacks = sorted({row["playback"] for row in rows}) or ["nobody"]
    owner = st.sampled_from(sorted(LESSONS))
    some = st.integers(0, 3)
    return evidence(
        course(12, 20, exam="required"),
        course(20, 10, id="D"),
        enrolments=[enrolment("E"), enrolment("F", course="D"), enrolment("G", at=at(20))],
        policies=draw(policies()),
        stretches=rows,
        presence=[
            {
                "playback": draw(st.sampled_from(playbacks)),
                "at": at(draw(minutes)),
                "kind": "face",
                "result": draw(st.sampled_from(["pass", "pass", "fail", "missed"])),
            }
            for _ in range(draw(some))
        ],
        beats_heard=[
            {"playback": draw(st.sampled_from(playbacks)), "at": at(draw(minutes))}
            for _ in range(draw(some))
        ],
        exams=[
            {
                "enrolment": draw(owner),
                "at": at(draw(minutes)),
                "mark": draw(st.sampled_from(["60", "80", "90"])),
            }
            for _ in range(draw(st.integers(0, 5)))
        ],
        refunds=[
            {"id": f"F{index}", "enrolment": draw(owner), "at": at(draw(minutes))}
            for index in range(draw(st.integers(0, 1)))
        ],
        corrections=[
            {
                "id": f"K{index}",
                "subject": draw(owner),
                "at": at(draw(minutes)),
                "hours": draw(st.sampled_from(["1/7", "-1/3"])),
                "reason": "decided",
            }
            for index in range(draw(st.integers(0, 2)))
        ],
        offline=[{"id": "O", "on": "2020-05-06", "hours": "3/2", "kind": "classroom"}],
        requirements=[requirement("6"), requirement("1", id="S", to=at(100))],
        as_of=at(draw(st.integers(100, 400))),
    )


@often
@given(file=files(), seed=st.integers(0, 10**6))
def test_the_order_of_rows_whose_order_means_nothing_is_irrelevant(file: Row, seed: int) -> None:
    # Presence, exams and corrections of one instant, and versions issued together, stand in the
    # order of the file; enrolments, lessons and requirements are written in it.
    mixed = dict(file)
    for name in ("stretches", "beats_heard", "refunds", "offline", "courses"):
        mixed[name] = random.Random(seed).sample(file[name], len(file[name]))
    assert recompute.recompute(mixed) == recompute.recompute(file)


@often
@given(file=files())
def test_rows_repeated_word_for_word_change_nothing(file: Row) -> None:
    doubled = {
        key: value + value[::2] if isinstance(value, list) else value for key, value in file.items()
    }
    assert recompute.recompute(doubled) == recompute.recompute(file)


@often
@given(file=files())
def test_an_instant_is_counted_once(file: Row) -> None:
    found = recompute.trace(reading.read(file))
    counted = sorted(
        (part.wall_from, part.wall_to)
        for parts in found.parts.values()
        for part in parts
        if part.verdict == COUNTED
    )
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(counted))


@often
@given(file=files())
def test_every_millisecond_of_a_stretch_has_one_verdict(file: Row) -> None:
    read = reading.read(file)
    found = recompute.trace(read)
    for stretch in read.stretches:
        parts = found.parts.get(stretch.id, [])
        wall_to = min(stretch.wall_to, read.as_of)
        if not parts:
            is_unseen = instants.parse(at(20)) >= read.as_of and stretch.enrolment == "G"
            assert stretch.wall_from >= wall_to or is_unseen
            continue
        assert (parts[0].wall_from, parts[-1].wall_to) == (stretch.wall_from, wall_to)
        assert all(a.wall_to == b.wall_from for a, b in itertools.pairwise(parts))


@often
@given(file=files())
def test_effective_time_is_never_more_than_the_wall_time_that_counted(file: Row) -> None:
    if any(row.get("speed") == "media" for row in file["policies"]):
        return
    found = recompute.trace(reading.read(file))
    for parts in found.parts.values():
        for part in parts:
            assert 0 <= part.effective_ms <= part.wall_to - part.wall_from


@often
@given(file=files())
def test_entries_sum_to_the_posted_hours(file: Row) -> None:
    found = recompute.recompute(file)
    for row in found["enrolments"]:
        amounts = [Fraction(e["hours"]) for e in found["entries"] if e["subject"] == row["id"]]
        assert Fraction(row["posted_hours"]) == sum(amounts)


@often
@given(file=files())
def test_a_requirement_adds_up(file: Row) -> None:
    for row in recompute.recompute(file)["requirements"]:
        number = {key: Fraction(row[key]) for key in row if key not in ("id", "met")}
        assert number["online_posted"] == number["online_countable"] + number["surplus"]
        assert number["total"] == number["online_countable"] + number["offline"]
        assert number["short"] == max(0, number["required"] - number["total"])
        assert row["met"] == (number["short"] == 0)


@often
@given(file=files(), minute=st.integers(-10, 300))
def test_a_past_as_of_equals_the_evidence_truncated_to_it(file: Row, minute: int) -> None:
    limit = at(minute)
    past = {**file, "as_of": limit}
    truncated = dict(past)
    for name, key in (
        ("presence", "at"),
        ("beats_heard", "at"),
        ("exams", "at"),
        ("refunds", "at"),
        ("corrections", "at"),
        ("policies", "issued_at"),
    ):
        truncated[name] = [
            row for row in file[name] if instants.parse(row[key]) < instants.parse(limit)
        ]
    truncated["stretches"] = [
        row for row in file["stretches"] if instants.parse(row["wall_from"]) < instants.parse(limit)
    ]
    assert recompute.recompute(past) == recompute.recompute(truncated)


@often
@given(file=files())
def test_more_playing_never_lowers_coverage_under_the_default_policy(file: Row) -> None:
    plain = {**file, "policies": [policy()], "presence": [], "beats_heard": [], "refunds": []}
    if not plain["stretches"]:
        return
    *rest, more = reading.read(plain).stretches
    if any(row.wall_from < more.wall_to and more.wall_from < row.wall_to for row in rest):
        return  # a minute played twice is one minute: the later stretch takes it
    fewer = {**plain, "stretches": plain["stretches"][:-1]}
    before = recompute.recompute(fewer)["enrolments"]
    after = recompute.recompute(plain)["enrolments"]
    for old, new in zip(before, after, strict=True):
        for had, has in zip(old["lessons"], new["lessons"], strict=True):
            assert Fraction(has["coverage"]) >= Fraction(had["coverage"])


@often
@given(
    spans=st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 40), st.integers(1, 30), st.integers(1, 30)),
        max_size=8,
    ),
    order=st.randoms(use_true_random=False),
)
def test_beats_in_any_order_make_the_same_disjoint_stretches(
    spans: list[tuple[int, int, int, int]], order: random.Random
) -> None:
    told = [
        Beat(seq, [Span(media, media + length, begun, begun + player)])
        for seq, (begun, media, length, player) in enumerate(spans)
    ]

    def made(given: list[Beat]) -> list[Any]:
        return beats.stretches(given, playback="p", enrolment="E", lesson="L", opened_at=0)

    found = made(told)
    mixed = [*told, *told]
    order.shuffle(mixed)
    assert made(mixed) == found
    assert all(a.wall_to <= b.wall_from for a, b in itertools.pairwise(found))
    assert len({row.id for row in found}) == len(found)
    for row in found:  # every stretch lies within what was reported: no wall, no media is added
        assert any(row.wall_from >= begun for begun, *_ in spans)
        assert row.media_to_ms - row.media_from_ms <= sum(length for *_, length, _ in spans)


@often
@given(file=files())
def test_written_evidence_reads_as_the_same(file: Row) -> None:
    read = reading.read(file)
    assert reading.read(writing.evidence_json(read)) == read


@pytest.mark.parametrize("name", ["learner", "as_of"])
def test_reading_does_not_change_what_it_is_given(name: str) -> None:
    file = evidence()
    kept = {**file}
    recompute.recompute(file)
    assert file == kept
    assert name in file


@often
@given(file=files())
def test_a_life_computed_in_groups_is_the_whole(file: Row) -> None:
    whole = reading.read(file)
    runs = []
    for one in whole.stretches:
        low, high = sorted((one.wall_from, one.wall_to))
        most_ms = max(high - low, one.media_to_ms - one.media_from_ms)
        runs.append(groups.Run(one.enrolment, low, high + 1, most_ms))
    caps = [row.daily_cap_ms for row in whole.policies if row.daily_cap_ms is not None]
    parted = groups.groups(
        {row.id: row.course for row in whole.enrolments},
        runs,
        zone=instants.zone(whole.policies[0].timezone),
        least_cap_ms=min(caps, default=None),
    )
    event(f"{len(parted)} groups")
    found = [recompute.studied(only(whole, set(names))) for names in parted]
    rest = replace(whole, stretches=[], presence=[], beats_heard=[])
    made, expected = recompute.joined(rest, found), recompute.trace(whole)
    assert made.statement.to_json() == expected.statement.to_json()
    assert made.parts == expected.parts


def only(whole: Evidence, names: set[str]) -> Evidence:
    """The evidence of some enrolments; what belongs to no enrolment stays out."""
    stretches = [row for row in whole.stretches if row.enrolment in names]
    playbacks = {row.playback for row in stretches}
    return replace(
        whole,
        enrolments=[row for row in whole.enrolments if row.id in names],
        stretches=stretches,
        presence=[row for row in whole.presence if row.playback in playbacks],
        beats_heard=[row for row in whole.beats_heard if row.playback in playbacks],
        exams=[row for row in whole.exams if row.enrolment in names],
        refunds=[row for row in whole.refunds if row.enrolment in names],
        corrections=[row for row in whole.corrections if row.subject in names],
        transfers=[],
        offline=[],
    )
