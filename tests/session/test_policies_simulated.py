"""A draft simulated on real learners: exact hours before and after, and nothing lost by a killed worker."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses import errors, policies
from courses.ledger import requirements, settlement, simulated
from courses.ledger.models import Entry
from courses.policies import Draft, PolicyVersion, drafts, simulations, sums, version_of
from courses.policies.drafts import PolicyDraft, State
from courses.policies.simulations import Lost, PolicySimulation, SimulationState
from courses.policies.sums import Outcome
from tests import ledgers, shelves, watching

HOUR = Fraction(60_000, 2_700_000)  # a minute as hours before the ratio
PERIOD = (datetime(2026, 5, 31, 16, 0, tzinfo=UTC), datetime(2026, 6, 30, 16, 0, tzinfo=UTC))  # June in Shanghai
LATER = datetime(2026, 7, 10, 1, 0, tzinfo=UTC)
CONTENT = Draft(
    jurisdiction_id="CZ", effective_on=date(2026, 8, 1), title="草案", number="〔3〕号", text="从严。", rules={"ratio": "1/3"}
)


@dataclass
class Town:
    """A rule of one half since 2020, and learners who watch a minute each in June."""

    session: Session
    now: datetime
    count: int = 0

    def learner(self, place: str = "CZ-TN", *, owes: Fraction | None = None, enrolled: datetime | None = None) -> str:
        key = watching.person(self.session, now=self.now, district=place)
        self.count += 1
        at = (enrolled or self.now) + timedelta(hours=self.count)
        taking = watching.taking(self.session, key, now=at)
        taking.enrolment.jurisdiction_id = place
        done = ledgers.watch(self.session, taking, self.now + timedelta(hours=self.count))
        if owes is not None:
            requirements.enter(
                self.session, subject_key=key, title="再培训", hours=owes, kind="any", first_on=date(2026, 6, 1),
                last_on=date(2026, 6, 30), policy="cz-online@1", entered_by="officer", now=done,
            )  # fmt: skip
        settlement.settle(self.session, key, now=done)
        return key

    def outcome(self, key: str, content: Draft = CONTENT) -> Outcome:
        return simulated.case(self.session, key, self.version(content), period=PERIOD, now=LATER).outcome()

    def version(self, content: Draft) -> PolicyVersion:
        return version_of(self.session, content, drafted_by="a", approved_by="b", now=LATER)

    def asked(self) -> PolicySimulation:
        row = PolicyDraft(
            jurisdiction_id="CZ", effective_on=CONTENT.effective_on, until_on=None, document_title="草案",
            document_number="〔3〕号", document_text="从严。", is_example=True, rules=policies.complete(CONTENT.rules),
            prompts=None, state=State.DRAFT, revision=1, drafted_by="a", drafted_at=LATER,
        )  # fmt: skip
        self.session.add(row)
        self.session.flush()
        learners = simulated.count(self.session, "CZ", period=PERIOD)
        return simulations.ask(
            self.session, row, from_at=PERIOD[0], to_at=PERIOD[1], learners=learners, asked_by="a", now=LATER
        )

    def batch(self, row: PolicySimulation, *, by: str, most: int, now: datetime) -> bool:
        """As the job does."""
        reached = row.reached
        people = simulated.population(self.session, "CZ", period=PERIOD, after=reached)
        keys = list(self.session.scalars(people.limit(most)))
        if not keys:
            simulations.finish(self.session, row.id, by=by, now=now)
            return False
        found = [self.outcome(key, drafts.get(self.session, row.draft_id).content) for key in keys]
        simulations.add(self.session, row.id, found, by=by, reached=keys[-1], refused=0, now=now)
        return True


@pytest.fixture
def town(session: Session, now: datetime) -> Town:
    shelves.jurisdictions(session)
    watching.policy(session, now=now, ratio="1/2", share_cap={"share": "1"})
    return Town(session, now + timedelta(hours=1))


def test_hours_are_exact_under_both_rules_and_the_ledger_is_untouched(town: Town) -> None:
    key = town.learner()
    rows = town.session.scalar(select(func.count()).select_from(Entry))
    found = town.outcome(key)
    assert (found.before, found.after) == (HOUR / 2, HOUR / 3)
    assert list(found.by_institution.values()) == [(HOUR / 2, HOUR / 3)]
    assert town.session.scalar(select(func.count()).select_from(Entry)) == rows
    assert not town.session.new


def test_who_met_a_requirement_exactly_falls_below_it(town: Town) -> None:
    assert town.outcome(town.learner(owes=HOUR / 2)).falls
    assert not town.outcome(town.learner(owes=HOUR / 3)).falls
    rising = town.learner(owes=HOUR)
    assert town.outcome(rising, Draft(**{**vars_of(CONTENT), "rules": {"ratio": "1"}})).rises


def vars_of(content: Draft) -> dict[str, object]:
    return {name: getattr(content, name) for name in Draft.__slots__}


def test_the_drafts_share_judges_what_began_in_the_period(town: Town) -> None:
    key = town.learner(owes=HOUR / 2)
    half = Draft(**{**vars_of(CONTENT), "rules": {"ratio": "1/2", "share_cap": {"share": "1/2"}}})
    found = town.outcome(key, half)
    assert (found.after, found.falls) == (HOUR / 2, True)


def test_an_enrolment_from_before_the_period_keeps_its_rule(town: Town, now: datetime) -> None:
    watching.policy(town.session, now=now + timedelta(seconds=1), since=date(2020, 1, 1), ratio="1/2", completion_threshold="1")
    key = town.learner()
    earlier = (PERIOD[0] + timedelta(days=5), PERIOD[1])
    case = simulated.case(town.session, key, town.version(CONTENT), period=earlier, now=LATER)
    assert case.outcome().after == case.outcome().before


def test_a_district_with_a_rule_of_its_own_is_not_touched_by_the_citys_draft(town: Town, now: datetime) -> None:
    watching.policy(
        town.session, now=now + timedelta(seconds=2), jurisdiction="CZ-WJ", ratio="1/4", share_cap={"share": "1"}
    )
    there, here = town.learner("CZ-WJ"), town.learner("CZ-TN")
    assert (town.outcome(there).before, town.outcome(there).after) == (HOUR / 4, HOUR / 4)
    assert town.outcome(here).after == HOUR / 3
    own = Draft(**{**vars_of(CONTENT), "jurisdiction_id": "CZ-WJ", "rules": {"ratio": "1/5"}})
    assert town.outcome(there, own).after == HOUR / 5


def test_a_killed_worker_loses_nothing_and_counts_nobody_twice(town: Town) -> None:
    for _ in range(7):
        town.learner(owes=HOUR / 2)
    row = town.asked()
    assert (row.learners, simulations.due(town.session, LATER)) == (7, [row.id])
    assert simulations.claim(town.session, row.id, by="one", now=LATER)
    assert not simulations.claim(town.session, row.id, by="two", now=LATER)
    assert town.batch(row, by="one", most=3, now=LATER)
    after_death = LATER + simulations.LEASE + timedelta(seconds=1)
    assert simulations.due(town.session, after_death) == [row.id]
    assert simulations.claim(town.session, row.id, by="two", now=after_death)
    with pytest.raises(Lost):
        town.batch(row, by="one", most=3, now=after_death)
    while town.batch(row, by="two", most=3, now=after_death):
        pass
    whole = sums.whole(row.sums)
    assert whole is not None
    assert (row.state, row.done, whole.learners, whole.falls) == (SimulationState.DONE, 7, 7, 7)
    assert (whole.before, whole.after) == (7 * HOUR / 2, 7 * HOUR / 3)
    assert simulations.due(town.session, after_death + timedelta(days=1)) == []


def test_what_keeps_failing_is_given_up_and_said_why(town: Town) -> None:
    town.learner()
    row = town.asked()
    with pytest.raises(errors.Conflict, match="simulation_runs"):
        simulations.ask(
            town.session, drafts.get(town.session, row.draft_id), from_at=PERIOD[0], to_at=PERIOD[1], learners=1,
            asked_by="a", now=LATER,
        )  # fmt: skip
    at = LATER
    for _ in range(simulations.MOST_ATTEMPTS):
        at += timedelta(hours=1)
        assert simulations.claim(town.session, row.id, by="one", now=at)
        simulations.give_back(town.session, row.id, by="one", why="OperationalError", now=at)
        town.session.flush()
    assert (row.state, row.last_error) == (SimulationState.FAILED, "OperationalError")
    assert not simulations.claim(town.session, row.id, by="one", now=at + timedelta(days=1))


@pytest.mark.parametrize(
    ("first", "last"), [(date(2026, 6, 2), date(2026, 6, 1)), (date(2026, 7, 1), date(2026, 7, 10)), (date(2020, 1, 1), date(2026, 1, 1))]
)
def test_only_a_past_period_of_sane_length_is_simulated(first: date, last: date) -> None:
    with pytest.raises(errors.Invalid, match="simulation_period"):
        simulations.check_period(first, last, today=date(2026, 7, 10))
