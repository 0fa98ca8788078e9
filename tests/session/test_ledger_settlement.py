"""Settling: what can no longer change is written once; the rows always sum to what recompute says."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db import Database
from courses import enrolment, errors, quizzes
from courses.credit import recompute
from courses.enrolment import Taking
from courses.ledger import (
    agreement,
    evidence,
    export,
    offline,
    progress,
    requirements,
    settlement,
    statement,
)
from courses.ledger.models import Account, Entry
from courses.watch import playbacks, presence
from tests import shelves, watching
from tests.watching import Device

LESSON_MS = 60_000
HOUR = Fraction(LESSON_MS, 2_700_000)
LABEL = "cz-online@1"


@pytest.fixture
def lu(session: Session, now: datetime) -> str:
    watching.policy(session, now=now, ratio="1/2")
    return watching.person(session, now=now)


@pytest.fixture
def course(session: Session, lu: str, now: datetime) -> Taking:
    return watching.taking(session, lu, now=now)


def watch(session: Session, course: Taking, now: datetime, *, close: bool = True) -> datetime:
    """Watch the one lesson through from `now` on; returns when that was done."""
    device = Device(session, course)
    opened = device.open(now)
    done = now + timedelta(milliseconds=LESSON_MS)
    device.tell(done, (0, LESSON_MS, 0, LESSON_MS), state="ended")
    if close:
        playbacks.close(session, opened.id, subject_key=opened.subject_key, now=done)
    return done


def rows(session: Session) -> list[Entry]:
    return list(session.scalars(select(Entry).order_by(Entry.written_at, Entry.at, Entry.id)))


def net(session: Session, subject_key: str, as_of: datetime) -> dict[str, Fraction]:
    """What recompute says of the exported file, per subject."""
    known = export.document(evidence.of(session, subject_key, as_of=as_of))
    found: dict[str, Fraction] = {}
    for entry in recompute.recompute(known)["entries"]:
        found[entry["subject"]] = found.get(entry["subject"], Fraction(0)) + Fraction(entry["hours"])
    return {about: hours for about, hours in found.items() if hours}


def written(session: Session) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for row in rows(session):
        found[row.about] = found.get(row.about, Fraction(0)) + row.hours
    return {about: hours for about, hours in found.items() if hours}


def test_a_closed_playback_is_posted_at_its_gate(session: Session, lu: str, course: Taking, now: datetime) -> None:
    done = watch(session, course, now)
    settlement.settle(session, lu, now=done)
    gate, tail = rows(session)
    assert gate.at == now + timedelta(milliseconds=57_000)  # 19/20 of a minute
    assert (gate.kind, gate.about, gate.policy) == ("posting", course.enrolment.id, LABEL)
    assert gate.hours == HOUR / 2 * Fraction(19, 20)
    assert gate.raw_hours == HOUR * Fraction(19, 20)
    assert (tail.at, tail.hours) == (done, HOUR / 2 / 20)
    assert progress.posted(session, course.enrolment.id) == HOUR / 2
    assert progress.finished(session, course.course.id) == 1


def test_settling_twice_writes_once(session: Session, lu: str, course: Taking, now: datetime) -> None:
    done = watch(session, course, now)
    assert len(settlement.settle(session, lu, now=done).written) == 2
    assert settlement.settle(session, lu, now=done + timedelta(hours=1)).written == []
    assert len(rows(session)) == 2


def test_an_open_playback_is_written_only_once_nothing_can_be_added(
    session: Session, lu: str, course: Taking, now: datetime
) -> None:
    done = watch(session, course, now, close=False)
    assert settlement.settle(session, lu, now=done).written == []
    shown = statement.of(session, lu, as_of=done + timedelta(milliseconds=1))
    assert [row.is_settled for row in shown.rows] == [False, False]
    assert shown.unsettled == HOUR / 2
    late = done + timedelta(minutes=15, milliseconds=1)
    settlement.settle(session, lu, now=late)
    assert written(session) == {course.enrolment.id: HOUR / 2}


def test_a_later_version_adjusts_what_was_posted(session: Session, lu: str, course: Taking, now: datetime) -> None:
    done = watch(session, course, now)
    settlement.settle(session, lu, now=done)
    later = done + timedelta(days=1)
    watching.policy(session, now=later, ratio="3/4")
    assert settlement.due(session, later) == [lu]
    settlement.settle(session, lu, now=later)
    *_posted, adjusted = rows(session)
    assert (adjusted.kind, adjusted.at, adjusted.policy) == ("adjustment", later, "cz-online@2")
    assert written(session) == {course.enrolment.id: HOUR * 3 / 4}
    assert settlement.due(session, later) == []


def test_a_requirement_entered_later_cancels_a_second_credit_by_a_row_that_points_back(
    session: Session, lu: str, now: datetime
) -> None:
    first = watching.taking(session, lu, now=now)
    done = watch(session, first, now)
    first.enrolment.expires_at = done + timedelta(minutes=1)
    again = done + timedelta(hours=1)
    second = enrolled_again(session, first, again)
    done = watch(session, second, again)
    settlement.settle(session, lu, now=done)
    assert written(session) == {first.enrolment.id: HOUR / 2, second.enrolment.id: HOUR / 2}
    later = done + timedelta(days=1)
    require(session, lu, later)
    settlement.settle(session, lu, now=later)
    cancelling = [row for row in rows(session) if row.cancels_id]
    assert {row.about for row in cancelling} == {second.enrolment.id}
    assert all((row.kind, row.at, row.reason) == ("reversal", later, "withdrawn") for row in cancelling)
    assert written(session) == net(session, lu, later + timedelta(milliseconds=1)) == {first.enrolment.id: HOUR / 2}
    zero = [row for row in rows(session) if row.reason == "already_credited"]
    assert [(row.about, row.hours) for row in zero] == [(second.enrolment.id, 0)]
    assert settlement.settle(session, lu, now=later).written == []


def enrolled_again(session: Session, taking: Taking, now: datetime) -> Taking:
    made = enrolment.enrol(
        session,
        subject_key=taking.enrolment.subject_key,
        course_id=taking.course.id,
        edition=taking.edition,
        jurisdiction_id="CZ-TN",
        now=now,
    )
    return enrolment.taking(session, made)


def require(session: Session, subject_key: str, now: datetime) -> None:
    requirements.enter(
        session,
        subject_key=subject_key,
        title="安全管理人员再培训",
        hours=Fraction(12),
        kind="any",
        first_on=date(2026, 1, 1),
        last_on=date(2026, 12, 31),
        policy=LABEL,
        entered_by="officer",
        now=now,
    )


def test_offline_hours_mark_the_account_and_become_a_row(session: Session, lu: str, now: datetime) -> None:
    body = shelves.institution(session)
    offline.record(
        session, shelves.staff(body), organisation_id=body.id, subject_key=lu,
        on=date(2026, 5, 20), hours=Fraction(9, 2), kind="practical", now=now,
    )
    assert settlement.due(session, now) == [lu]
    settlement.settle(session, lu, now=now)
    (row,) = rows(session)
    assert (row.kind, row.hours) == ("offline", Fraction(9, 2))
    assert row.at == datetime.fromisoformat("2026-05-20T00:00:00+08:00")
    assert settlement.due(session, now) == []


def test_an_attempt_recorded_late_is_caught_by_the_sweep(session: Session, lu: str, now: datetime) -> None:
    course = watching.taking(session, lu, now=now, exam="required")
    done = watch(session, course, now)
    settlement.settle(session, lu, now=done)
    assert rows(session) == []
    later = done + timedelta(hours=2)
    quizzes.record(
        session, enrolment_id=course.enrolment.id, at=done + timedelta(hours=1), mark="86",
        recorded_by="examiner", now=later,
    )
    assert settlement.due(session, later) == [lu]
    settlement.settle(session, lu, now=later)
    assert written(session) == {course.enrolment.id: HOUR / 2}


def test_the_sweep_finds_a_closed_playback_whose_message_was_lost(
    session: Session, lu: str, course: Taking, now: datetime
) -> None:
    done = watch(session, course, now)
    assert settlement.due(session, done) == [lu]
    settlement.settle(session, lu, now=done)
    assert settlement.due(session, done) == []


def test_a_beat_that_comes_after_the_takeover_is_settled_again(session: Session, lu: str, course: Taking, now: datetime) -> None:
    first = Device(session, course)
    first.open(now)
    first.tell(now + timedelta(seconds=20), (0, 20_000, 0, 20_000))
    over = now + timedelta(seconds=61)
    Device(session, course).open(over)
    settlement.settle(session, lu, now=over)
    assert rows(session) == []
    late = over + timedelta(minutes=2)
    answer = first.tell(late, (20_000, 60_000, 20_000, 60_000))
    assert answer["status"] == 409
    assert settlement.due(session, late) == [lu]
    settlement.settle(session, lu, now=late)
    settlement.settle(session, lu, now=late + timedelta(minutes=20))
    assert written(session) == {course.enrolment.id: HOUR / 2}


def test_a_late_beat_that_fills_a_gap_is_found_by_the_sweep(
    session: Session, lu: str, course: Taking, now: datetime
) -> None:
    first = Device(session, course)
    first.open(now)
    first.tell(now + timedelta(seconds=20), (0, 20_000, 0, 20_000), seq=1)
    first.tell(now + timedelta(seconds=60), (40_000, 60_000, 40_000, 60_000), seq=3)
    over = now + timedelta(seconds=61)
    Device(session, course).open(over)
    settlement.settle(session, lu, now=over)
    session.expire_all()
    assert settlement.due(session, over) == []
    late = over + timedelta(minutes=2)
    assert first.tell(late, (20_000, 40_000, 20_000, 40_000), seq=2)["status"] == 409
    assert settlement.due(session, late) == [lu]
    settlement.settle(session, lu, now=late)
    session.expire_all()
    assert settlement.due(session, late) == []
    assert written(session) == {course.enrolment.id: HOUR / 2}


def test_evidence_that_no_rule_judges_leaves_its_fault_and_writes_nothing(session: Session, now: datetime) -> None:
    lu = watching.person(session, now=now)
    course = watching.taking(session, lu, now=now)
    done = watch(session, course, now)
    assert settlement.settle(session, lu, now=done).written == []
    account = session.get_one(Account, lu)
    assert "no policy version is in force" in (account.fault or "")
    assert settlement.due(session, done) == []
    watching.policy(session, now=done + timedelta(minutes=1))
    later = done + timedelta(minutes=2)
    assert settlement.due(session, later) == [lu]
    settlement.settle(session, lu, now=later)
    assert session.get_one(Account, lu).fault is None
    assert written(session) == {course.enrolment.id: HOUR}


@pytest.mark.parametrize(
    "statement",
    [
        verb.format(table)
        for table in ("entries", "offline_hours", "attempts", "policy_versions")
        for verb in ("UPDATE {} SET id = 'x'", "DELETE FROM {}")
    ],
)
def test_the_database_itself_refuses_to_change_what_is_written(
    session: Session, course: Taking, now: datetime, statement: str
) -> None:
    lu = course.enrolment.subject_key
    done = watch(session, course, now)
    settlement.settle(session, lu, now=done)
    body = shelves.institution(session)
    offline.record(
        session, shelves.staff(body), organisation_id=body.id, subject_key=lu,
        on=date(2026, 5, 20), hours=Fraction(1), kind="classroom", now=done,
    )
    quizzes.record(session, enrolment_id=course.enrolment.id, at=done, mark="86", recorded_by="x", now=done)
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(statement))


def test_the_rows_sum_to_recompute_at_every_step_of_a_life(session: Session, lu: str, now: datetime) -> None:
    body = shelves.institution(session)
    at = now
    for day in range(3):
        course = watching.taking(session, lu, now=at, durations_ms=(LESSON_MS, LESSON_MS))
        done = watch(session, course, at)
        if day:
            device = Device(session, course, lesson=1)
            opened = device.open(done)
            done += timedelta(seconds=60)
            device.tell(done, (0, 60_000, 0, 60_000))
            playbacks.close(session, opened.id, subject_key=lu, now=done)
        offline.record(
            session, shelves.staff(body), organisation_id=body.id, subject_key=lu,
            on=date(2026, 5, 1) + timedelta(days=day), hours=Fraction(1, 3), kind="classroom", now=done,
        )
        if day == 1:
            watching.policy(session, now=done, ratio="2/3", rounding={"mode": "floor", "quantum": "1/100"})
        settlement.settle(session, lu, now=done)
        assert written(session) == net(session, lu, done + timedelta(milliseconds=1))
        assert list(agreement.differences(session, session.get_one(Account, lu))) == []
        at = now + timedelta(days=day + 1)
    assert len(written(session)) == 5


@pytest.mark.parametrize(
    ("told", "code"),
    [("0 2026-05-20", "offline_hours"), ("25 2026-05-20", "offline_hours"),
     ("1 2026-07-01", "offline_in_future"), ("1 2019-01-01", "no_policy")],
)
def test_impossible_offline_hours_are_refused(
    session: Session, lu: str, now: datetime, told: str, code: str
) -> None:
    hours, on = told.split()
    body = shelves.institution(session)
    with pytest.raises(errors.Refusal, match=code):
        offline.record(
            session, shelves.staff(body), organisation_id=body.id, subject_key=lu,
            on=date.fromisoformat(on), hours=Fraction(hours), kind="classroom", now=now,
        )


def test_the_same_offline_hours_are_not_recorded_twice(session: Session, lu: str, now: datetime) -> None:
    body = shelves.institution(session)

    def record() -> None:
        offline.record(
            session, shelves.staff(body), organisation_id=body.id, subject_key=lu,
            on=date(2026, 5, 20), hours=Fraction(4), kind="classroom", now=now,
        )

    record()
    with pytest.raises(errors.Conflict, match="offline_twice"):
        record()


def test_two_settlings_at_once_write_once(database: Database, now: datetime) -> None:
    with database.writing() as session:
        watching.policy(session, now=now)
        lu = watching.person(session, now=now)
        done = watch(session, watching.taking(session, lu, now=now), now)

    def work(_turn: int) -> int:
        with database.writing() as session:
            return len(settlement.settle(session, lu, now=done).written)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(work, range(4))) == [0, 0, 0, 2]


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_prompt_that_lapses_after_the_end_is_settled_too(session: Session, now: datetime, is_answered: bool) -> None:
    """The learner went on without answering and closed; nothing is told any more, yet time is void."""
    prompts = {"every_ms": 60_000, "answer_within_ms": 55_000}
    watching.policy(session, now=now, partial_credit="pro_rata", prompts=prompts)
    lu = watching.person(session, now=now)
    device = Device(session, watching.taking(session, lu, now=now, durations_ms=(600_000,)))
    opened = device.open(now)
    opened.prompt_due_ms = 5_000
    shown = device.tell(now + timedelta(seconds=10), (0, 10_000, 0, 10_000))["prompt"]
    done = now + timedelta(seconds=30)
    device.tell(done, (10_000, 30_000, 10_000, 30_000))
    playbacks.close(session, opened.id, subject_key=lu, now=done)
    settlement.settle(session, lu, now=done)
    if is_answered:
        presence.answer(session, opened, prompt_id=shown["id"], given=True, plan=None, now=done)
    lapsed = now + timedelta(seconds=75)
    assert settlement.due(session, lapsed) == [lu]
    settlement.settle(session, lu, now=lapsed)
    assert settlement.due(session, lapsed) == []
    watched_ms = 30_000 if is_answered else 10_000
    assert written(session) == net(session, lu, lapsed) == {device.taking.enrolment.id: Fraction(watched_ms, 2_700_000)}
