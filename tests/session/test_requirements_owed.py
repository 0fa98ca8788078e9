"""What a post makes somebody owe: opened by dated rules, judged by the engine, closed with the employment."""

import json
import threading
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from app.db import Database
from courses import errors
from courses.credit import recompute
from courses.ledger import evidence, export, required_hours, settlement, statement
from courses.ledger.required import appointments, industries, opening, shortfall
from courses.ledger.required.opening import Scope
from courses.ledger.required_hours import Figures, Mark
from courses.people.jurisdictions import day_of
from tests import ledgers, required, shelves, watching
from tests.required import Worker, standing

TICK = timedelta(milliseconds=1)


@pytest.fixture
def worker(session: Session, now: datetime) -> Worker:
    return required.worker(session, now=now - timedelta(days=150))


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 4, tzinfo=UTC)


def told(session: Session, worker: Worker) -> list[tuple[object, ...]]:
    zone_of = [(row, day_of(row.from_at), day_of(row.to_at)) for row in standing(session, worker.subject_key)]
    return [(row.occasion, row.hours, first, until, row.due_on) for row, first, until in zone_of]


def test_a_post_opens_its_initial_training_and_then_year_after_year(session: Session, worker: Worker, now: datetime) -> None:
    made = worker.appoint(session, now=now)
    first = ("initial", 32, date(2026, 1, 1), date(2026, 7, 1), date(2026, 6, 30))
    assert told(session, worker) == [first]
    assert opening.look(session, made.id, scope=Scope.WIDE, now=now) == []  # safe to repeat
    for day in (2, 3):
        worker.train(session, on=date(2026, 6, day), hours=16, now=at(2026, 6, 5))
    assert appointments.due(session, today=date(2026, 6, 30)) == []
    assert appointments.due(session, today=date(2026, 7, 1)) == [made.id]
    opening.look(session, made.id, scope=Scope.WIDE, now=at(2026, 7, 1))
    second = ("annual_retrain", 12, date(2026, 7, 1), date(2027, 7, 1), date(2027, 6, 30))
    assert told(session, worker) == [first, second]
    opening.look(session, made.id, scope=Scope.WIDE, now=at(2027, 7, 1))
    assert told(session, worker)[2] == ("annual_retrain", 12, date(2027, 7, 1), date(2028, 7, 1), date(2028, 6, 30))


def test_unmet_initial_training_goes_on_and_its_hours_are_not_lost(session: Session, worker: Worker, now: datetime) -> None:
    made = worker.appoint(session, now=now)
    worker.train(session, on=date(2026, 6, 2), hours=20, now=at(2026, 6, 5))
    opening.look(session, made.id, scope=Scope.WIDE, now=at(2026, 7, 1))
    assert told(session, worker) == [("initial", 32, date(2026, 1, 1), date(2027, 7, 1), date(2026, 6, 30))]
    worker.train(session, on=date(2026, 8, 2), hours=12, now=at(2026, 8, 5))
    found = shortfall.of_subjects(session, {worker.subject_key: at(2026, 8, 6)})[worker.subject_key]
    assert [(part.result.total, part.result.is_met) for part in found] == [(32, True)]


@pytest.mark.parametrize(("industry", "trainee", "bound"), [
    ("MACH", "principal", (Scope.WIDE, 32)), ("HAZCHEM", "principal", (Scope.WIDE, 48)),
    ("MACH", "principal", (Scope.NARROW, 24)), ("HAZCHEM", "safety_manager", (Scope.NARROW, 48)),
    ("SMELTING", "other_employee", (Scope.WIDE, 72)), ("MACH", "other_employee", (Scope.WIDE, 24)),
    ("MACH", "special_operator", (Scope.NARROW, 8)), ("MACH", "team_leader", (Scope.WIDE, None)),
])
def test_post_risk_and_scope_say_which_rule_binds(
    session: Session, now: datetime, industry: str, trainee: str, bound: tuple[Scope, int | None]
) -> None:
    scope, hours = bound
    worker = required.worker(session, industry=industry, now=now)
    worker.appoint(session, now=now, trainee=trainee, scope=scope)
    assert [row.hours for row in standing(session, worker.subject_key)] == ([] if hours is None else [hours])


def test_a_known_training_before_spares_the_initial_one(session: Session, worker: Worker, now: datetime) -> None:
    worker.appoint(session, now=now, from_on=date(2015, 3, 1), trained_on=date(2024, 9, 14))
    assert told(session, worker) == [("annual_retrain", 12, date(2025, 9, 15), date(2026, 9, 15), date(2026, 9, 14))]


def test_an_unknown_figure_opens_nothing_until_a_city_enters_one(session: Session, now: datetime) -> None:
    worker = required.worker(session, now=now)
    made = worker.appoint(session, now=now, trainee="team_leader")
    assert (standing(session, worker.subject_key), made.next_on) == ([], None)
    old = next(r for r in required_hours.in_force(session, on=now.date())
               if (r.trainee, r.occasion, r.risk) == ("team_leader", "annual_retrain", "ordinary"))
    required_hours.supersede(
        session, old.id, Figures(hours=Fraction(16), practical=Fraction(4), period_months=12),
        from_on=date(2026, 9, 1), source="示例〔4〕号", mark=Mark.SOURCED, entered_by="officer", now=now,
    )
    appointments.awaken(session, from_on=date(2026, 9, 1), trainee="team_leader")
    assert appointments.due(session, today=date(2026, 9, 1)) == [made.id]
    session.expire_all()
    opening.look(session, made.id, scope=Scope.WIDE, now=at(2026, 9, 1))
    found = standing(session, worker.subject_key)
    assert [(row.kind, row.hours, day_of(row.from_at)) for row in found] == [
        ("any", 16, date(2026, 9, 1)), ("practical", 4, date(2026, 9, 1)),
    ]


def test_what_the_site_shows_is_what_the_evidence_exports_and_recompute_says(session: Session, now: datetime) -> None:
    worker = required.worker(session, industry="HAZCHEM", now=now - timedelta(days=150), hour_ms=2_000)
    worker.appoint(session, now=now, from_on=date(2026, 3, 1))
    worker.train(session, on=date(2026, 5, 20), hours=4, now=now)
    worker.train(session, on=date(2026, 5, 21), hours=5, kind="practical", now=now)
    watched_at = ledgers.watch(session, watching.taking(session, worker.subject_key, now=now), now)  # thirty hours
    settlement.settle(session, worker.subject_key, now=watched_at)
    as_of = watched_at + timedelta(minutes=1)
    known = evidence.of(session, worker.subject_key, as_of=as_of)
    outside = recompute.recompute(json.loads(export.text(export.document(known))))
    shown = statement.of(session, worker.subject_key, as_of=as_of).to_json()
    (part,) = shortfall.of_subjects(session, {worker.subject_key: as_of})[worker.subject_key]
    assert shown["requirements"] == outside["requirements"]
    assert shown["requirements"] == [{
        "id": part.row.id, "required": "48", "online_posted": "30", "online_countable": "24", "surplus": "6",
        "offline": "9", "total": "33", "short": "15", "met": False,
    }]
    result = part.result
    assert (result.online_posted, result.online_countable, result.surplus, result.offline) == (30, 24, 6, 9)
    assert (result.short, known.requirements[0].id) == (15, part.row.id)


def test_the_post_ends_with_the_employment_and_what_was_met_stays(session: Session, worker: Worker, now: datetime) -> None:
    leaving = worker.appoint(session, now=now)
    worker.membership.to_on = date(2026, 6, 10)
    assert appointments.due(session, today=date(2026, 6, 9)) == []
    assert appointments.due(session, today=date(2026, 6, 10)) == [leaving.id]
    opening.look(session, leaving.id, scope=Scope.WIDE, now=at(2026, 6, 10))
    assert (standing(session, worker.subject_key), leaving.to_on, leaving.next_on) == ([], date(2026, 6, 10), None)
    assert appointments.due(session, today=date(2027, 6, 10)) == []
    before = shortfall.of_subjects(session, {worker.subject_key: at(2026, 6, 9)})[worker.subject_key]
    assert [part.result.short for part in before] == [32]  # as it stood on a day of the employment


def test_a_met_requirement_outlives_the_post(session: Session, worker: Worker, now: datetime) -> None:
    made = worker.appoint(session, now=now)
    for day in (21, 22):
        worker.train(session, on=date(2026, 5, day), hours=16, now=now)
    appointments.end(session, required.manager(worker.body), made.id, to_on=date(2026, 6, 3), now=now)
    opening.look(session, made.id, scope=Scope.WIDE, now=at(2026, 6, 3))
    assert [row.occasion for row in standing(session, worker.subject_key)] == ["initial"]


def test_only_the_manager_of_the_present_enterprise_appoints_and_ends(session: Session, worker: Worker, now: datetime) -> None:
    made = worker.appoint(session, now=now)
    stranger = required.manager(required.enterprise(session, now=now))
    with pytest.raises(errors.NotFound):
        appointments.end(session, stranger, made.id, to_on=day_of(now), now=now)
    with pytest.raises(errors.Conflict, match="appointment_twice"):
        worker.appoint(session, now=now)
    with pytest.raises(errors.Invalid, match="appointment_to"):  # nobody backs out of hours that are due
        appointments.end(session, required.manager(worker.body), made.id, to_on=date(2026, 5, 1), now=now)
    worker.membership.to_on = day_of(now)
    with pytest.raises(errors.NotFound):
        appointments.end(session, required.manager(worker.body), made.id, to_on=day_of(now), now=now)


def test_an_enterprise_says_what_it_does_until_its_bureau_has(session: Session, now: datetime) -> None:
    body = required.enterprise(session, industry="", now=now)
    today = day_of(now)
    own = industries.enter(session, required.manager(body), body.id, industry="TEXTILE", from_on=today, now=now)
    assert (own.is_official, own.risk) == (False, "ordinary")
    with pytest.raises(errors.NotFound):
        industries.enter(session, shelves.district("CZ-WJ"), body.id, industry="MACH", from_on=today, now=now)
    official = industries.enter(session, shelves.district(), body.id, industry="MINE", from_on=today, now=now + TICK)
    assert industries.on_day(session, body.id, on=today) == official
    assert official.risk == "high"
    with pytest.raises(errors.Conflict, match="industry_decided"):
        industries.enter(session, required.manager(body), body.id, industry="TEXTILE", from_on=today, now=now)


def test_two_looks_at_once_open_one_period(database: Database, now: datetime) -> None:
    with database.writing() as session:
        worker = required.worker(session, now=now)
        made = appointments.appoint(
            session, required.manager(worker.body), worker.membership.id,
            appointments.Post(trainee=required.Trainee.PRINCIPAL, post="总经理", from_on=date(2026, 1, 1)), now=now,
        )
        appointment_id, key = made.id, worker.subject_key
    together = threading.Barrier(3)

    def look() -> None:
        together.wait()
        with database.writing() as session:
            opening.look(session, appointment_id, scope=Scope.WIDE, now=now)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert len(standing(session, key)) == 1
        assert settlement.due(session, now) == [key]
