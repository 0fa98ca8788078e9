"""Two hundred employees in one list: few questions, the most urgent first, nobody who is gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from time import perf_counter

from sqlalchemy import event
from sqlalchemy.orm import Session

from courses.ledger.models import Entry
from courses.ledger.required import opening, staff
from courses.ledger.required.appointments import Appointment
from courses.ledger.required.opening import Scope
from courses.people.organisations import Membership, Organisation, Role
from courses.people.persons import Person, Subject
from courses.people.vault import Vault
from tests import required
from tests.required import Worker

MOST_QUESTIONS = 9  # as measured, on both engines; they may not grow with the staff


@contextmanager
def asked(session: Session) -> Iterator[list[str]]:
    """Every statement that the database is asked meanwhile."""
    told: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        told.append(statement)

    engine = session.connection().engine
    event.listen(engine, "before_cursor_execute", hear)
    yield told
    event.remove(engine, "before_cursor_execute", hear)


def people(session: Session, worker: Worker, *, count: int, now: datetime) -> list[Membership]:
    """So many more employees, each in a post with hours in the ledger; who came first owes what is due first."""
    made = []
    for number in range(count):
        person = Person(created_at=now, district_id="CZ-TN")
        session.add(person)
        session.flush()
        subject = Subject(person_id=person.id)
        held = Membership(
            person_id=person.id, organisation_id=worker.body.id, role=Role.EMPLOYEE, from_on=date(2020, 1, 1)
        )
        session.add_all([subject, held])
        session.flush()
        since = date(2026, 1, 1) + timedelta(days=number // 2)
        post = Appointment(
            membership_id=held.id, organisation_id=worker.body.id, subject_key=subject.key, trainee="principal",
            post="总经理", from_on=since, appointed_by="boss", appointed_at=now,
        )  # fmt: skip
        session.add(post)
        session.flush()
        opening.look(session, post.id, scope=Scope.WIDE, now=now)
        session.add_all(
            Entry(
                subject_key=subject.key, kind="posting", about=f"enrolment-{at}", at=now - timedelta(days=at), hours_num=1,
                hours_den=2, raw_hours_num=1, raw_hours_den=1, policy="cz-online@1", written_at=now,
            )
            for at in range(1, 11)
        )  # fmt: skip
        made.append(held)
    session.flush()
    return made


def test_two_hundred_employees_take_few_questions(session: Session, vault: Vault, now: datetime) -> None:
    worker = required.worker(session, now=now - timedelta(days=150))
    held = people(session, worker, count=200, now=now)
    elsewhere = Organisation(kind="enterprise", name="常州示例纺织有限公司", supervised_by="CZ-TN")
    session.add(elsewhere)
    session.flush()
    held[7].organisation_id = elsewhere.id  # works for somebody else now
    held[9].to_on = date(2026, 6, 1)  # has left
    session.flush()
    session.expire_all()
    boss = required.manager(worker.body)
    as_of = now + timedelta(minutes=1)
    began = perf_counter()
    with asked(session) as told:
        rows = staff.of_actor(session, vault, boss, today=date(2026, 6, 1), as_of=as_of)
    took = perf_counter() - began
    assert len(told) <= MOST_QUESTIONS, told
    assert took < 5  # 0.14 s when measured, on either engine
    ids = [row.employed.membership.id for row in rows]
    assert len(ids) == 199  # with the one who holds no post
    assert not {held[7].id, held[9].id} & set(ids)
    days = [row.due_on for row in rows if row.due_on is not None]
    assert days == sorted(days)
    assert days[0] == date(2026, 6, 30)
    part = rows[0].parts[0]
    assert (part.result.online_posted, part.result.short) == (5, 27)
    assert ids[-1] == worker.membership.id
    assert len(staff.filtered(rows, trainee="principal", only_short=True)) == 198
    assert staff.filtered(rows, occasion="cert_review") == []
