"""Deletion on request: what goes at once, what is locked and till when, and the log that still verifies."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app import jobs
from app.db import Database
from app.log import sealing as log
from courses.certificates import sealing as certifying
from courses.certificates.models import Holder
from courses.deletion import purge, requests
from courses.files import retention
from courses.ledger import settlement
from courses.ledger.cases import claims
from courses.ledger.cases.files import EvidenceFile
from courses.ledger.cases.models import Claim
from courses.ledger.log import audit
from courses.ledger.models import Entry
from courses.orders.models import Order, PaymentEvent
from courses.people import persons
from courses.people.accounts import Account
from courses.people.persons import IdentityDocument, Person, Subject
from courses.watch.models import Playback
from tests import ledgers, retained, shelves, shelves_app
from tests.conftest import Clock
from tests.ledgers import Learner

PDF = b"%PDF- certificate of another platform"


def night(clock: Clock, on: date) -> None:
    """Two in the morning of a day, in Shanghai."""
    clock.at = datetime(on.year, on.month, on.day, tzinfo=UTC) - timedelta(hours=6)


def findings(app: Flask) -> list[object]:
    """What `python -m app audit` looks at."""
    database: Database = app.extensions["xueshi_db"]
    with database.reading() as session:
        found = audit.findings(session, log.sealer(app.extensions["xueshi_settings"]))
        return [*found, *certifying.findings(session), *purge.findings(session)]


@pytest.fixture
def somebody(app: Flask, clock: Clock) -> Learner:
    """A learner with hours, a certificate, and a claim that waits with its paper."""
    learner = ledgers.learner(app, now=clock.at)
    ledgers.live(app, learner.subject_key, clock)
    with shelves_app.database(app).writing() as session:
        retained.national(session, now=clock.at)
    learner.browser.post("/certificates/", data={"kind": "statement"})
    claim = {
        "from_where": "国家平台", "title": "消防", "taken_on": "2026-05-01", "hours": "4", "minutes": "45",
        "kind": "online", "file": (BytesIO(PDF), "陆思远的证书.pdf"),
    }  # fmt: skip
    assert learner.browser.post("/claims/new", data=claim).status_code == 303
    jobs.run_due(app)
    return learner


def decided(app: Flask, clock: Clock) -> None:
    """An officer accepts the claim."""
    with shelves_app.database(app).writing() as session:
        claim = session.scalars(select(Claim)).one()
        claims.decide(session, shelves.district(), claim=claim, is_accepted=True, factor=Fraction(1), note="属实", now=clock.at)
        settlement.settle(session, claim.subject_key, now=clock.at)
    jobs.run_due(app)


def ask(learner: Learner) -> None:
    assert learner.browser.post("/deletion/", data={}).status_code == 422  # a yes that was not meant
    assert learner.browser.post("/deletion/", data={"understood": "y"}).status_code == 303


def test_request_restricts_at_once_waits_for_a_case_and_can_be_taken_back(app: Flask, clock: Clock, somebody: Learner) -> None:
    official = shelves_app.district(app, "CZ-TN", now=clock.at)
    search = {"by": "name", "words": ledgers.NAME, "reason": "双随机抽查"}
    record = f"/oversight/learners/{somebody.subject_key}"
    ask(somebody)
    database = shelves_app.database(app)
    with database.reading() as session:
        assert session.scalars(select(Playback.device)).first() != ""  # a case is open: nothing goes
    assert official.get(record).status_code == 200  # by case
    decided(app, clock)
    assert official.get(record).status_code == 404
    assert "searches" in official.post("/oversight/", data=search).location  # found nobody
    night(clock, date(2026, 6, 3))
    jobs.run_due(app)
    with database.reading() as session:
        assert set(session.scalars(select(Playback.device))) == {""}
    page = somebody.browser.get("/deletion/").text
    assert "What was deleted" in page
    assert somebody.browser.get("/ledger/").status_code == 200
    assert somebody.browser.get("/files/personal.zip").status_code == 200
    assert somebody.browser.get("/enrolment/").location == "/deletion/"
    assert somebody.api(app, "/enrolments").status_code in (403, 404)
    assert somebody.browser.post("/certificates/", data={"kind": "statement"}).status_code == 409
    assert somebody.browser.post("/deletion/withdraw").status_code == 303
    assert somebody.browser.post("/deletion/withdraw").status_code == 404
    official = shelves_app.district(app, "CZ-TN", now=clock.at)  # a new day's sign-in
    assert record in official.post("/oversight/", data=search).location
    assert somebody.browser.get("/enrolment/").status_code == 200


def test_after_its_time_nobody_can_tell_whose_it_was_and_the_log_still_verifies(
    app: Flask, clock: Clock, somebody: Learner
) -> None:
    decided(app, clock)
    database, store = shelves_app.database(app), app.extensions["xueshi_store"]
    with database.writing() as session:
        session.add(Order(
            subject_key=somebody.subject_key, amount_minor=100, currency="cny", state="paid", method="provider",
            checkout_id="cs_1", opened_at=clock.at,
        ))  # fmt: skip
        told = {"data": {"object": {"id": "cs_1", "customer_details": {"name": "陆思远"}}}}
        session.add(PaymentEvent(id="evt_1", kind="paid", payload=told, received_at=clock.at, worked_at=clock.at))
    ask(somebody)
    with database.reading() as session:
        asked = session.scalars(select(requests.DeletionRequest)).one()
        paper = session.scalars(select(EvidenceFile)).one()
        entries = session.scalar(select(func.count()).select_from(Entry))
        certificate = session.scalars(select(Holder)).one().certificate_id
    assert asked.delete_after == date(2029, 6, 1)  # other employees: three years
    night(clock, date(2029, 5, 31))
    jobs.run_due(app)
    assert store.exists(paper.key)
    night(clock, date(2029, 6, 2))
    with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
        session.execute(text("DELETE FROM evidence_files"))  # not yet forgotten
    with database.writing() as session:  # killed after the rows, before the files
        assert purge.step(session, asked.id, now=clock.at) == [f"certificates/{certificate}.pdf", paper.key]
    clock.tick(hours=9)
    jobs.run_due(app)  # by day: what is left of a purge waits for no night
    assert not store.exists(paper.key)
    assert not store.exists(f"certificates/{certificate}.pdf")
    with database.reading() as session:
        for table in (Holder, IdentityDocument):
            assert session.scalars(select(table)).all() == []
        learner = select(Subject).where(Subject.key == somebody.subject_key)
        assert session.scalars(learner).one().person_id is None
        assert "陆思远" not in str(session.scalars(select(EvidenceFile.name)).all())
        assert session.get_one(PaymentEvent, "evt_1").payload == {}
        assert session.scalar(select(func.count()).select_from(Entry)) == entries
        assert purge.due(session, clock.at) == []
    assert findings(app) == []
    assert somebody.browser.get("/ledger/").status_code in (302, 303, 401)  # the account is gone too
    said = app.test_client().get(f"/verify/{certificate}.json").json
    assert said["state"] == "forgotten"
    back = ledgers.learner(app, now=clock.at)  # the same document: a person who returns begins anew
    assert back.subject_key != somebody.subject_key
    assert back.browser.get("/deletion/").status_code == 200
    with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
        session.execute(text("UPDATE evidence_files SET name = 'x'"))


def test_purge_waits_for_what_came_since_and_who_holds_an_office_stays(app: Flask, clock: Clock, somebody: Learner) -> None:
    decided(app, clock)
    ask(somebody)
    database = shelves_app.database(app)
    with database.writing() as session:
        asked = session.scalars(select(requests.DeletionRequest)).one()
        row = retention.in_force(session, on=date(2026, 6, 2))["other_employee"]
        retention.supersede(
            session, row.id, years=4, source="市局规定", from_on=date(2027, 1, 1), entered_by="officer", now=clock.at
        )
    night(clock, date(2029, 6, 2))
    with database.writing() as session:
        assert purge.step(session, asked.id, now=clock.at) == []  # the longer period is in force by now
        assert session.get_one(requests.DeletionRequest, asked.id).delete_after == date(2030, 6, 1)
        person = persons.person_of(session, somebody.subject_key)
        assert person.restricted_at is not None
    official = shelves_app.district(app, "CZ-TN", now=clock.at)
    assert official.post("/deletion/", data={"understood": "y"}).status_code == 409
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 2
        assert session.scalar(select(func.count()).select_from(Person).where(Person.restricted_at.is_not(None))) == 1
