"""Drafts: what the checks find of dates and districts, and that two officers at once make one law of one draft."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db import Database
from courses import errors, policies
from courses.people.organisations import Actor, Grant, Role
from courses.policies import Draft, PolicyVersion, drafting, drafts, findings, simulations
from courses.policies.simulations import SimulationState
from tests import shelves, watching

CONTENT = Draft(
    jurisdiction_id="CZ", effective_on=date(2026, 7, 1), title="办法", number="〔1〕号", text="二分之一。",
    rules={"ratio": "1/2"},
)  # fmt: skip


def officer(session: Session, now: datetime) -> Actor:
    key = watching.person(session, now=now)
    person = session.execute(text("SELECT person_id FROM subjects WHERE key = :key"), {"key": key}).scalar_one()
    return Actor("account", person, key, is_registered=True, grants=(Grant(Role.CITY_REGULATOR, "bureau", "CZ"),))


def codes(session: Session, now: datetime, **changes: Any) -> dict[str, bool]:
    """Codes of the findings about a draft, and whether each stops it."""
    found = findings.of(session, replace(CONTENT, **changes), now=now)
    return {one.said.code: one.is_error for one in found}


def waiting(session: Session, author: Actor, *, now: datetime, **changes: Any) -> str:
    """A draft that was simulated and handed in."""
    row = drafting.write(session, author, replace(CONTENT, **changes), now=now)
    made = simulations.ask(session, row, from_at=now - timedelta(days=9), to_at=now, learners=0, asked_by="a", now=now)
    assert simulations.claim(session, made.id, by="w", now=now)
    simulations.finish(session, made.id, by="w", now=now)
    read = [one.key for one in drafting.told(session, row, now=now)]
    drafting.submit(session, author, row.id, revision=1, confirmed=read, now=now)
    return row.id


@pytest.fixture
def ruled(session: Session, now: datetime) -> PolicyVersion:
    """The city's rule of one half since January."""
    shelves.jurisdictions(session)
    content = replace(CONTENT, effective_on=date(2026, 1, 1))
    return policies.enter(session, content, entered_by="officer", approved_by="second", now=now)


def test_dates_are_held_against_what_is_there(session: Session, now: datetime, ruled: PolicyVersion) -> None:
    assert codes(session, now) == {"changes_nothing": False}
    assert codes(session, now, rules={"ratio": "1/3"}) == {}
    assert codes(session, now, rules={"ratio": "1/3"}, effective_on=date(2026, 3, 1)) == {"in_the_past": False}
    assert codes(session, now, rules={"ratio": "1/3"}, until_on=date(2026, 8, 1)) == {"returns": False}
    assert codes(session, now, until_on=date(2026, 7, 1)) == {"policy_dates": True}
    policies.enter(session, CONTENT, entered_by="officer", approved_by="second", now=now)
    assert "never_in_force" in codes(session, now + timedelta(days=1), effective_on=date(2026, 6, 20), rules={"ratio": "1/3"})
    parts = findings.superseded(
        session,
        policies.version_of(session, replace(CONTENT, effective_on=date(2026, 2, 1)), drafted_by="", approved_by="", now=now),
    )
    assert [(part.version and part.version.label, part.to_at is None) for part in parts] == [("cz-online@1", False), ("cz-online@2", True)]


def test_everything_wrong_is_told_at_once(session: Session, now: datetime, ruled: PolicyVersion) -> None:
    found = findings.of(session, replace(CONTENT, number="", text=" ", rules={"ratio": "x", "hour_ms": 0}), now=now)
    assert [one.said.field for one in found if one.is_error] == ["number", "text", "ratio", "hour_ms"]


def test_a_district_is_held_to_the_city_at_every_instant_of_its_dates(
    session: Session, now: datetime, ruled: PolicyVersion
) -> None:
    later = replace(CONTENT, effective_on=date(2026, 9, 1), rules={"ratio": "1/3"})
    policies.enter(session, later, entered_by="officer", approved_by="second", now=now)
    own: dict[str, Any] = {"jurisdiction_id": "CZ-TN", "rules": {"ratio": "2/5"}}
    assert codes(session, now + timedelta(days=1), **own) == {"policy_loosens": True}  # from September on
    assert codes(session, now + timedelta(days=1), **own | {"rules": {"ratio": "1/4"}}) == {}
    unlike = codes(session, now, **own | {"rules": {"ratio": "1/4", "concurrency": "first_wins"}})
    assert unlike == {"policy_unlike": True}


def test_the_city_tightens_only_what_no_district_would_then_loosen(
    session: Session, now: datetime, ruled: PolicyVersion
) -> None:
    own = replace(CONTENT, jurisdiction_id="CZ-TN", rules={"ratio": "1/3"})
    policies.enter(session, own, entered_by="officer", approved_by="second", now=now)
    at = now + timedelta(days=1)
    assert codes(session, at, rules={"ratio": "1/4"}) == {"district_looser": True}
    assert codes(session, at, rules={"ratio": "2/5"}) == {}
    assert codes(session, at, rules={"ratio": "1/2", "policy_binding": "segment"}) == {"policy_unlike": False}
    tight = replace(own, rules={"ratio": "1/4"})
    policies.enter(session, tight, entered_by="officer", approved_by="second", now=at)
    assert codes(session, at + timedelta(days=1), rules={"ratio": "1/4"}) == {}


def test_one_officer_alone_makes_no_law_under_whatever_key(session: Session, now: datetime, ruled: PolicyVersion) -> None:
    author = officer(session, now)
    row_id = waiting(session, author, now=now, rules={"ratio": "1/3"})
    with pytest.raises(errors.Conflict, match="same_person"):
        drafting.approve(session, replace(author, subject_key="another"), row_id, revision=1, confirmed=[], now=now)
    learner = replace(officer(session, now), grants=())
    operator = replace(learner, grants=(Grant(Role.CITY_REGULATOR, "b", "CZ"), Grant(Role.OPERATOR, "o", "CZ")))
    for nobody in (learner, operator):
        with pytest.raises(errors.Conflict, match="not_an_officer"):
            drafting.approve(session, nobody, row_id, revision=1, confirmed=[], now=now)
    with pytest.raises(errors.Conflict, match="same_person"):
        policies.enter(session, CONTENT, entered_by="one", approved_by="one", now=now)


def test_what_was_approved_is_what_was_drafted_and_checked_again(session: Session, now: datetime, ruled: PolicyVersion) -> None:
    author, second = officer(session, now), officer(session, now)
    row_id = waiting(session, author, now=now, jurisdiction_id="CZ-TN", rules={"ratio": "2/5"})
    stricter = replace(CONTENT, rules={"ratio": "1/3"})
    tightened = policies.enter(session, stricter, entered_by="officer", approved_by="second", now=now + timedelta(hours=1))
    with pytest.raises(errors.Invalid, match="policy_loosens") as refused:
        drafting.approve(session, second, row_id, revision=1, confirmed=[], now=now + timedelta(hours=2))
    assert refused.value.detail["label"] == tightened.label
    drafting.give_back(session, second, row_id, revision=1, note="市级规则已收紧。", now=now + timedelta(hours=2))
    fine = waiting(session, author, now=now + timedelta(hours=2), jurisdiction_id="CZ-TN", rules={"ratio": "1/4"})
    made = drafting.approve(session, second, fine, revision=1, confirmed=[], now=now + timedelta(hours=3))
    row = drafts.get(session, fine)
    assert (made.rules, made.document_text, made.entered_by, made.approved_by) == (
        row.rules, row.document_text, author.subject_key, second.subject_key,
    )  # fmt: skip
    assert [step.to_state for step in drafts.steps(session, fine)] == ["draft", "submitted", "approved"]
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("UPDATE policy_draft_steps SET note='x'"))


def test_two_approvals_at_once_make_one_version_of_one_draft_and_two_of_two(database: Database, now: datetime) -> None:
    with database.writing() as session:
        shelves.jurisdictions(session)
        policies.enter(session, replace(CONTENT, effective_on=date(2026, 1, 1)), entered_by="x", approved_by="y", now=now)
        author, *others = (officer(session, now) for _ in range(3))
        one = waiting(session, author, now=now, rules={"ratio": "1/3"})
        two = waiting(session, author, now=now, rules={"ratio": "1/4"}, effective_on=date(2026, 8, 1))

    def approve(task: tuple[Actor, str]) -> str:
        actor, row_id = task
        try:
            with database.writing() as session:
                read = [finding.key for finding in drafting.told(session, drafts.get(session, row_id), now=now)]
                return drafting.approve(session, actor, row_id, revision=1, confirmed=read, now=now).label
        except errors.Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(approve, [(others[0], one), (others[1], one), (others[0], two), (others[1], two)]))
    with database.reading() as session:
        made = {version.label for version in session.scalars(select(PolicyVersion))}
        assert {row.state for row in drafts.listed(session)} <= {"approved", "submitted"}
    assert made == {"cz-online@1"} | {label for label in told if label.startswith("cz-online")}
    assert len(made) == len(set(made)) >= 2
    assert told.count("draft_state") + told.count("warnings_unread") == 4 - (len(made) - 1)


def test_a_simulation_of_an_older_revision_counts_nothing(session: Session, now: datetime, ruled: PolicyVersion) -> None:
    author = officer(session, now)
    row = drafting.write(session, author, replace(CONTENT, rules={"ratio": "1/3"}), now=now)
    made = simulations.ask(session, row, from_at=now - timedelta(days=9), to_at=now, learners=0, asked_by="a", now=now)
    simulations.claim(session, made.id, by="w", now=now)
    drafting.change(session, author, row.id, replace(CONTENT, rules={"ratio": "1/4"}), revision=1, now=now)
    simulations.finish(session, made.id, by="w", now=now)
    assert made.state == SimulationState.DONE
    with pytest.raises(errors.Conflict, match="simulation_missing"):
        drafting.submit(session, author, row.id, revision=2, confirmed=[], now=now)
