"""Policy versions: entered through the engine's parser, never edited, binding by jurisdiction."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from courses import errors, policies
from courses.policies import Draft, PolicyVersion
from tests import shelves

DRAFT = Draft(
    jurisdiction_id="CZ",
    effective_on=date(2026, 1, 1),
    title="线上学习课时折算办法（示例）",
    number="示例〔2026〕1号",
    text="线上学习课时按二分之一计入培训总学时。",
    rules={"ratio": "1/2"},
)


@pytest.fixture(autouse=True)
def _places(session: Session) -> None:
    shelves.jurisdictions(session)


def enter(session: Session, now: datetime, **changes: Any) -> PolicyVersion:
    return policies.enter(session, replace(DRAFT, **changes), entered_by="officer", approved_by="second", now=now)


def test_a_version_begins_at_midnight_of_its_own_zone(session: Session, now: datetime) -> None:
    made = enter(session, now)
    rules = policies.as_rules(made)
    assert rules["effective_from"] == "2026-01-01T00:00:00+08:00"
    assert rules["effective_to"] is None
    assert rules["issued_at"] == "2026-06-01T09:00:00+08:00"
    assert (rules["id"], rules["version"], rules["ratio"]) == ("cz-online", "1", "1/2")
    assert rules["document"].startswith("线上学习课时折算办法（示例） (示例〔2026〕1号)\n")


def test_every_field_is_written_out_so_that_a_changed_default_changes_nothing(
    session: Session, now: datetime
) -> None:
    made = enter(session, now)
    assert made.rules["hour_ms"] == 2_700_000
    assert made.rules["exam"] == {"pass_mark": "80", "max_attempts": None, "cooldown_ms": 0}
    assert len(made.rules) == 21


def test_later_versions_are_numbered_on(session: Session, now: datetime) -> None:
    enter(session, now)
    assert enter(session, now + timedelta(days=1)).label == "cz-online@2"


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"ratio": "0.5"}, "ratio"),
        ({"ratio": "-1/2"}, "ratio"),
        ({"hour_ms": 0}, "hour_ms"),
        ({"completion_threshold": "21/20"}, "completion_threshold"),
        ({"rounding": {"mode": "floor"}}, "rounding"),
        ({"share_cap": {"share": "3/2"}}, "share_cap"),
        ({"ration": "1"}, "ration"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
    ],
)
def test_what_the_engine_cannot_read_is_refused_at_its_field(
    session: Session, now: datetime, rules: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.Invalid) as refused:
        enter(session, now, rules=rules)
    assert (refused.value.code, refused.value.field) == ("invalid_policy", field)


@pytest.mark.parametrize("statement", ["UPDATE policy_versions SET version='9'", "DELETE FROM policy_versions"])
def test_the_database_itself_refuses_to_change_a_version(
    session: Session, now: datetime, statement: str
) -> None:
    enter(session, now)
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(statement))


def test_dates_may_not_leave_days_without_a_rule(session: Session, now: datetime) -> None:
    with pytest.raises(errors.Invalid, match="policy_gap"):
        enter(session, now, until_on=date(2027, 1, 1))
    enter(session, now)
    enter(session, now + timedelta(days=1), until_on=date(2027, 1, 1))
    with pytest.raises(errors.Invalid, match="policy_gap"):
        enter(session, now, effective_on=date(2025, 1, 1), until_on=date(2025, 6, 1))


def test_a_version_needs_its_document(session: Session, now: datetime) -> None:
    with pytest.raises(errors.Invalid) as refused:
        enter(session, now, title="  ")
    assert refused.value.field == "title"


def test_all_versions_share_one_zone(session: Session, now: datetime) -> None:
    enter(session, now)
    with pytest.raises(errors.Invalid, match="policy_zone"):
        enter(session, now, rules={"timezone": "+09:00"})


def test_a_district_without_a_rule_of_its_own_is_bound_by_the_citys(session: Session, now: datetime) -> None:
    city = enter(session, now)
    assert policies.binding(session, "CZ-TN", known_at=now) == [city]
    assert policies.binding(session, "CZ-TN", known_at=now - timedelta(days=1)) == []


def test_a_districts_own_rule_stands_also_against_a_later_one_of_the_city(
    session: Session, now: datetime
) -> None:
    city = enter(session, now)
    own = enter(session, now + timedelta(days=1), jurisdiction_id="CZ-TN", effective_on=date(2026, 7, 1))
    later = enter(session, now + timedelta(days=2), effective_on=date(2026, 6, 15))
    known = now + timedelta(days=3)

    def in_force(place: str, on: date) -> PolicyVersion:
        at = policies.start_of_day(on, own.zone)
        return policies.in_force(session, place, at=at, known_at=known)

    assert in_force("CZ-TN", date(2026, 5, 1)) == city
    assert in_force("CZ-TN", date(2026, 6, 20)) == later
    assert in_force("CZ-TN", date(2026, 8, 1)) == own
    assert in_force("CZ-WJ", date(2026, 8, 1)) == later
    exported = {bound.version.label: policies.as_rules(bound) for bound in policies.pool(session, "CZ-TN", known_at=known)}
    assert exported[later.label]["effective_to"] == "2026-07-01T00:00:00+08:00"


def test_a_district_needs_the_citys_rule_first(session: Session, now: datetime) -> None:
    with pytest.raises(errors.Invalid, match="policy_parent"):
        enter(session, now, jurisdiction_id="CZ-TN")


def test_without_a_rule_there_is_a_clear_refusal(session: Session, now: datetime) -> None:
    with pytest.raises(errors.Conflict, match="no_policy"):
        policies.in_force(session, "CZ", at=now, known_at=now)
