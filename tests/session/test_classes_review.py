"""A class run: nobody reviews what they taught or recorded, duplicates are found, and only then hours count."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from courses import errors
from courses.ledger import settlement, statement
from courses.ledger.cases import files, notices
from courses.ledger.classes import review, runs
from courses.ledger.classes.models import ClassLearner, ClassRun
from courses.people import persons
from courses.people.organisations import Actor, Organisation, Role
from tests import ledgers, shelves, watching

TICK = timedelta(milliseconds=1)
MORNING = datetime(2026, 5, 20, 1, 0, tzinfo=UTC)


@dataclass
class Class:
    """A run of two sittings with two learners."""

    session: Session
    body: Organisation
    staff: Actor
    run: ClassRun
    keys: list[str]
    now: datetime

    def total(self, key: str) -> Fraction:
        """A learner's hours, settled."""
        settlement.settle(self.session, key, now=self.now)
        return statement.of(self.session, key, as_of=self.now + TICK).total


def taught(session: Session, body: Organisation, staff: Actor, keys: list[str], *, now: datetime, paper: bytes) -> ClassRun:
    """Plan, hold and close a run; the second learner misses the afternoon."""
    teacher = shelves.member(session, body, role=Role.INSTRUCTOR, name="恽立新", now=now)
    run = runs.plan(
        session, staff, organisation_id=body.id, title="有限空间实操班", place="一号训练场", syllabus="通风、检测、监护",
        instructors=[teacher.id], now=now,
    )
    sittings = [
        runs.add_session(
            session, run, from_at=MORNING + timedelta(hours=late), to_at=MORNING + timedelta(hours=late + 3),
            kind=kind, hours=Fraction(4), subject="现场", now=now,
        )
        for late, kind in ((0, "classroom"), (5, "practical"))
    ]
    session.add_all(ClassLearner(run_id=run.id, subject_key=key, added_by=staff.subject_key, added_at=now) for key in keys)
    session.flush()
    ids = {line.subject_key: line.id for line in runs.register(session, run.id)}
    present = {(sittings[0].id, ids[key]) for key in keys} | {(sittings[1].id, ids[keys[0]])}
    assert runs.mark(session, staff, run=run, present=present, now=now) == 4
    assert runs.mark(session, staff, run=run, present=present, now=now) == 0  # told twice
    runs.judge(session, run, results=dict.fromkeys(ids.values(), "passed"))
    with pytest.raises(errors.Conflict, match="class_lacks"):
        runs.close(session, staff, run=run, now=now)
    files.add(session, files.prepared(paper, about=run.id, name="签到表.pdf", added_by=staff.subject_key, now=now))
    runs.close(session, staff, run=run, now=now)
    return run


@pytest.fixture
def class_(session: Session, now: datetime) -> Class:
    watching.policy(session, now=now - timedelta(days=60))
    body = shelves.institution(session)
    staff = shelves.staff(body)
    keys = sorted(watching.person(session, now=now) for _ in range(2))
    run = taught(session, body, staff, keys, now=now, paper=b"%PDF-1.7 register")
    return Class(session, body, staff, run, keys, now)


def test_only_what_was_reviewed_counts_and_who_is_left_out_is_told(class_: Class) -> None:
    session, (first, second) = class_.session, class_.keys
    assert class_.total(first) == 0
    with pytest.raises(errors.NotFound):
        review.get(session, shelves.district("CZ-WJ"), class_.run.id)
    out = [line.id for line in runs.register(session, class_.run.id) if line.subject_key == second]
    made = review.decide(
        session, shelves.district(), run=class_.run, is_accepted=True, left_out=out, note="签到不符一人", now=class_.now
    )
    assert [(row.kind, row.hours, row.class_run_id) for row in made] == [
        ("classroom", 4, class_.run.id), ("practical", 4, class_.run.id),
    ]
    assert (class_.total(first), class_.total(second)) == (8, 0)
    assert [row.kind for row in notices.of_subject(session, second)] == ["class_left_out"]
    with pytest.raises(errors.Conflict, match="class_reviewed"):
        review.decide(session, shelves.city(), run=class_.run, is_accepted=True, note="再来一次", now=class_.now)
    with pytest.raises(errors.Conflict, match="class_closed"):
        runs.for_staff(session, class_.staff, class_.run.id, is_changing=True)


def test_whoever_taught_recorded_or_attended_does_not_review(class_: Class) -> None:
    session = class_.session
    for key in (class_.run.instructors[0], class_.staff.subject_key, class_.keys[0]):
        subject = session.get(persons.Subject, key)
        official = shelves.actor(Role.CITY_REGULATOR, "bureau", "CZ", subject.person_id or "" if subject else "")
        if subject is None:  # the staff of this test has no row; the key itself is known
            official = Actor("a", "p", key, True, official.grants)
        with pytest.raises(errors.Conflict, match="took_part"):
            review.decide(session, official, run=class_.run, is_accepted=True, note="通过", now=class_.now)


def test_a_run_given_back_is_open_again_and_nothing_counts(class_: Class) -> None:
    review.decide(class_.session, shelves.district(), run=class_.run, is_accepted=False, note="签到表缺页", now=class_.now)
    assert runs.for_staff(class_.session, class_.staff, class_.run.id, is_changing=True).state == "open"
    assert class_.total(class_.keys[0]) == 0
    with pytest.raises(errors.NotFound):
        runs.for_staff(class_.session, shelves.staff(shelves.institution(class_.session, name="别的机构")), class_.run.id)


def test_duplicates_are_found_by_time_by_day_and_hours_and_by_fingerprint(class_: Class) -> None:
    session, (first, second) = class_.session, class_.keys
    assert review.findings(session, class_.run) == []
    course = watching.taking(session, first, now=MORNING - timedelta(days=1))
    ledgers.watch(session, course, MORNING + timedelta(hours=1))
    other = shelves.institution(session, name="另一家机构")
    same = taught(session, other, shelves.staff(other), [first, second], now=class_.now, paper=b"%PDF-1.7 register")
    found = {(row.kind, row.subject_key) for row in review.findings(session, class_.run)}
    assert found == {("online", first), ("class", first), ("class", second), ("file", "")}
    review.decide(session, shelves.city(), run=same, is_accepted=True, note="先审的一班", now=class_.now)
    found = {(row.kind, row.subject_key) for row in review.findings(session, class_.run)}
    assert {("same_hours", first), ("same_hours", second)} <= found


def test_a_learner_whom_no_rule_binds_is_named_by_the_line(class_: Class) -> None:
    session = class_.session
    nobody = watching.person(session, now=class_.now, district=None)
    run = taught(session, class_.body, class_.staff, sorted([class_.keys[0], nobody]), now=class_.now, paper=b"%PDF-1.7 2")
    place = [line.subject_key for line in runs.register(session, run.id)].index(nobody) + 1
    with pytest.raises(errors.Conflict) as caught:
        review.decide(session, shelves.city(), run=run, is_accepted=True, note="通过", now=class_.now)
    assert (caught.value.code, caught.value.detail) == ("class_line", {"line": place})


def test_a_session_holds_no_more_hours_than_its_time(class_: Class, now: datetime) -> None:
    run = runs.plan(
        class_.session, class_.staff, organisation_id=class_.body.id, title="又一班", place="二号教室", syllabus="",
        instructors=[persons.person_of(class_.session, class_.run.instructors[0]).id], now=now,
    )
    with pytest.raises(errors.Invalid, match="session_hours"):
        runs.add_session(
            class_.session, run, from_at=MORNING, to_at=MORNING + timedelta(minutes=45), kind="classroom",
            hours=Fraction(2), subject="", now=now,
        )
