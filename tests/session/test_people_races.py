"""Two requests at the same instant: one document, one account name, one try too many."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import Database
from courses import errors
from courses.people import accounts, jurisdictions, limits, persons
from courses.people.limits import TooManyTries, Try
from courses.people.vault import Vault


def at_once(database: Database, works: list[Callable[[Session], object]]) -> list[str]:
    """Run each in its own transaction, all begun together; the code of each refusal, or `done`."""
    together = Barrier(len(works))

    def run(work: Callable[[Session], object]) -> str:
        together.wait()
        try:
            with database.writing() as session:
                work(session)
        except errors.Refusal as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return sorted(pool.map(run, works))


def test_two_register_with_one_document(database: Database, vault: Vault, now: datetime) -> None:
    with database.writing() as session:
        jurisdictions.seed(session)
        people = [persons.create(session, now=now).id for _each in range(4)]

    def registering(person_id: str) -> Callable[[Session], object]:
        return lambda session: persons.register(
            session,
            vault,
            person_id=person_id,
            name="陆思远",
            doc_type="resident_id",
            country="",
            number="320400198503120112",
            district_id="CZ-WJ",
            consent_version="1",
            now=now,
        )

    told = at_once(database, [registering(person_id) for person_id in people])
    assert told == ["document_taken"] * 3 + ["done"]
    with database.reading() as session:
        registered = select(func.count()).where(persons.Person.registered_at.is_not(None))
        assert session.scalar(registered) == 1


def test_one_person_registers_twice_at_once(database: Database, vault: Vault, now: datetime) -> None:
    with database.writing() as session:
        jurisdictions.seed(session)
        person_id = persons.create(session, now=now).id

    def registering(number: str) -> Callable[[Session], object]:
        return lambda session: persons.register(
            session,
            vault,
            person_id=person_id,
            name="陆思远",
            doc_type="resident_id",
            country="",
            number=number,
            district_id="CZ-WJ",
            consent_version="1",
            now=now,
        )

    numbers = ("320400198503120112", "320400199011050204")
    assert at_once(database, [registering(n) for n in numbers]) == ["already_registered", "done"]
    with database.reading() as session:
        assert len(persons.documents_of(session, person_id)) == 1


def test_two_sign_up_with_one_name(database: Database, vault: Vault, now: datetime) -> None:
    def signing_up(session: Session) -> object:
        return accounts.create(session, vault, name="13800000001", password_hash="-", now=now)

    told = at_once(database, [signing_up] * 4)
    assert told == ["account_name_taken"] * 3 + ["done"]


def test_tries_at_once_never_exceed_the_limit(database: Database, vault: Vault, now: datetime) -> None:
    by_name = limits.by_name(vault, "sign_in", "13800000001", 5)
    told = at_once(database, [lambda session: limits.take(session, [by_name], now=now)] * 12)
    assert told == ["done"] * 5 + [TooManyTries.code] * 7
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Try)) == 5
