"""The evidence of a learner: only the versions that bind, nothing of anybody else, read as it was known."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from courses import enrolment, errors, policies
from courses.credit import reading, recompute
from courses.enrolment import Taking
from courses.ledger import evidence, explained, export, offline, requirements, settlement, statement
from courses.watch import playbacks
from tests import ledgers, shelves, watching

TICK = timedelta(milliseconds=1)
DRAFT = policies.Draft(jurisdiction_id="CZ", effective_on=date(2020, 1, 1), title="示例", number="示例〔1〕号", text="示例。", rules={"ratio": "1/2"})


@pytest.fixture
def lu(session: Session, now: datetime) -> str:
    shelves.jurisdictions(session)
    policies.enter(session, DRAFT, entered_by="officer", approved_by="second", now=now)
    return watching.person(session, now=now)


def own(session: Session, place: str, ratio: str, now: datetime) -> policies.PolicyVersion:
    return policies.enter(
        session, replace(DRAFT, jurisdiction_id=place, rules={"ratio": ratio}), entered_by="officer", approved_by="second", now=now
    )


def taking(session: Session, subject_key: str, place: str, now: datetime) -> Taking:
    """An enrolment in a new course, made in a place."""
    first = watching.taking(session, watching.person(session, now=now), now=now)
    made = enrolment.enrol(
        session, subject_key=subject_key, course_id=first.course.id, edition=first.edition,
        jurisdiction_id=place, now=now,
    )
    return enrolment.taking(session, made)


def test_typed_evidence_and_its_file_are_the_same(session: Session, lu: str, now: datetime) -> None:
    course = watching.taking(session, lu, now=now, durations_ms=(60_000, 90_000), exam="required")
    done = ledgers.watch(session, course, now, length_ms=30_000)
    done = ledgers.watch(session, course, done, lesson=1, length_ms=50_000, rate=2)
    body = shelves.institution(session)
    offline.record(
        session, shelves.staff(body), organisation_id=body.id, subject_key=lu, on=date(2026, 5, 20),
        hours=Fraction(9, 2), kind="practical", now=now,
    )
    known = evidence.of(session, lu, as_of=done + TICK)
    file = json.loads(export.text(export.document(known)))
    again = reading.read(file)
    assert recompute.statement(again).to_json() == recompute.statement(known).to_json()
    assert export.document(again) == file
    assert len(file["stretches"]) == 2
    assert file["courses"][0]["exam"] == "required"


def test_a_district_without_its_own_rule_exports_the_citys_alone(session: Session, lu: str, now: datetime) -> None:
    own(session, "CZ-WJ", "1/3", now + TICK)
    watching.taking(session, lu, now=now + 2 * TICK)
    known = evidence.of(session, lu, as_of=now + timedelta(days=1))
    assert [policy.name for policy in known.policies] == ["cz-online@1"]


def test_an_enrolment_keeps_the_rule_of_the_district_where_it_was_made(session: Session, lu: str, now: datetime) -> None:
    own(session, "CZ-TN", "1/3", now + TICK)
    own(session, "CZ-WJ", "2/5", now + 2 * TICK)
    first = taking(session, lu, "CZ-TN", now + timedelta(hours=1))
    second = taking(session, lu, "CZ-WJ", now + timedelta(hours=2))
    done = ledgers.watch(session, first, now + timedelta(hours=3))
    done = ledgers.watch(session, second, done)
    settlement.settle(session, lu, now=done)
    told = statement.of(session, lu, as_of=done + TICK)
    posted = {row.id: row.posted_hours for row in told.trace.statement.enrolments}
    hour = Fraction(60_000, 2_700_000)
    assert posted == {first.enrolment.id: hour / 3, second.enrolment.id: hour * 2 / 5}


def test_a_learner_without_a_district_is_bound_by_nothing(session: Session, lu: str, now: datetime) -> None:
    nobody = watching.person(session, now=now, district=None)
    assert evidence.of(session, nobody, as_of=now + TICK).policies == []
    told = statement.of(session, nobody, as_of=now + TICK)
    assert (told.rows, told.total) == ([], 0)


def test_what_was_entered_later_is_not_in_a_past_statement(session: Session, lu: str, now: datetime) -> None:
    later = now + timedelta(days=1)
    body = shelves.institution(session)
    offline.record(
        session, shelves.staff(body), organisation_id=body.id, subject_key=lu, on=date(2026, 5, 20),
        hours=Fraction(4), kind="classroom", now=later,
    )
    settlement.settle(session, lu, now=later)
    assert statement.of(session, lu, as_of=later).total == 0
    assert statement.of(session, lu, as_of=later + TICK).total == 4


def test_a_withdrawn_requirement_is_gone_from_then_on_and_stays_in_the_past(session: Session, lu: str, now: datetime) -> None:
    row = requirements.enter(
        session, subject_key=lu, title="再培训", hours=Fraction(12), kind="any", first_on=date(2026, 1, 1),
        last_on=date(2026, 12, 31), policy="cz-online@1", entered_by="officer", now=now,
    )
    later = now + timedelta(days=1)
    requirements.withdraw(session, row, reason="录入有误", withdrawn_by="officer", now=later)
    assert [one.id for one in evidence.of(session, lu, as_of=later).requirements] == [row.id]
    assert evidence.of(session, lu, as_of=later + TICK).requirements == []
    with pytest.raises(errors.Conflict, match="requirement_withdrawn"):
        requirements.withdraw(session, row, reason="再次", withdrawn_by="officer", now=later)


def test_a_requirement_ends_with_its_last_day(session: Session, lu: str, now: datetime) -> None:
    requirements.enter(
        session, subject_key=lu, title="再培训", hours=Fraction(12), kind="any", first_on=date(2026, 1, 1),
        last_on=date(2026, 12, 31), policy="cz-online@1", entered_by="officer", now=now,
    )
    (row,) = export.document(evidence.of(session, lu, as_of=now + TICK))["requirements"]
    assert (row["from"], row["to"]) == ("2026-01-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00")
    record = explained.of(session, lu, as_of=now + TICK)
    assert (record.requirements[0].first_on, record.requirements[0].last_on) == (date(2026, 1, 1), date(2026, 12, 31))
    assert record.short == 12


def test_a_requirement_may_name_a_version_that_binds_no_more(session: Session, lu: str, now: datetime) -> None:
    own(session, "CZ-TN", "1/3", now + TICK)
    requirements.enter(
        session, subject_key=lu, title="再培训", hours=Fraction(12), kind="any", first_on=date(2026, 1, 1),
        last_on=date(2026, 12, 31), policy="cz-tn-online@1", entered_by="officer", now=now + 2 * TICK,
    )
    taking(session, lu, "CZ-WJ", now + timedelta(hours=1))
    known = evidence.of(session, lu, as_of=now + timedelta(days=1))
    assert {policy.name for policy in known.policies} == {"cz-online@1", "cz-tn-online@1"}
    assert recompute.statement(known).requirements[0].short == 12


def test_only_a_rule_that_binds_the_learner_judges_a_requirement(session: Session, lu: str, now: datetime) -> None:
    own(session, "CZ-WJ", "1/3", now + TICK)
    with pytest.raises(errors.Invalid, match="requirement_policy"):
        requirements.enter(
            session, subject_key=lu, title="再培训", hours=Fraction(12), kind="any", first_on=date(2026, 1, 1),
            last_on=date(2026, 12, 31), policy="cz-wj-online@1", entered_by="officer", now=now + 2 * TICK,
        )


def test_every_lost_span_is_explained_with_what_is_still_missing(session: Session, lu: str, now: datetime) -> None:
    policies.enter(session, replace(DRAFT, rules={"daily_cap_ms": 40_000}), entered_by="officer", approved_by="second", now=now + TICK)
    course = watching.taking(session, lu, now=now + 2 * TICK)
    done = ledgers.watch(session, course, now + timedelta(minutes=1))
    (part,) = explained.of(session, lu, as_of=done + TICK).courses
    (lesson,) = part.lessons
    (lost,) = lesson.lost
    assert (lost.reason, lost.wall_ms, lost.missing) == ("daily_cap", 20_000, [(40_000, 60_000)])
    assert (lesson.covered, lesson.missing) == ([(0, 40_000)], [(40_000, 60_000)])
    (counted,) = lesson.counted
    assert (counted.media_from_ms, counted.media_to_ms, counted.effective_ms) == (0, 40_000, 40_000)
    assert lesson.drawn == [(0, 40_000, "covered"), (40_000, 60_000, "excluded")]
    assert (part.coverage, part.threshold) == (Fraction(2, 3), Fraction(19, 20))
    assert part.rule is not None
    assert part.rule.label == "cz-online@2"


def test_signs_of_life_travel_where_a_rule_asks_for_them(session: Session, lu: str, now: datetime) -> None:
    course = watching.taking(session, lu, now=now)
    done = ledgers.watch(session, course, now)
    assert evidence.of(session, lu, as_of=done + TICK).beats_heard == []
    policies.enter(session, replace(DRAFT, rules={"heartbeat_gap_ms": 30_000}), entered_by="officer", approved_by="second", now=done)
    assert len(evidence.of(session, lu, as_of=done + TICK).beats_heard) == 1
    assert playbacks.silent(session, now=done) == []
