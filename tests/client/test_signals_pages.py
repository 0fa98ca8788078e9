"""Signals before officials, institutions and learners: each sees its own, and officials give a reason first."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app import jobs
from courses.catalogue.models import Course
from courses.ledger import statement
from courses.oversight import RecordAccess
from courses.people.organisations import Organisation
from courses.watch import archive, playbacks
from courses.watch.models import Playback
from courses.watch.signals.models import DeviceMark, Signal
from tests import ledgers, shelves_app, watching
from tests.conftest import Clock
from tests.ledgers import Learner
from tests.watching import Device

REASON = "异常提示核查：2026-18号"
S = 1_000


@pytest.fixture
def lu(app: Flask, clock: Clock) -> Learner:
    return ledgers.learner(app, now=clock.at)


@pytest.fixture
def signal(app: Flask, lu: Learner, clock: Clock) -> str:
    """Lu's phone and computer took turns; the jobs have looked at it."""
    with shelves_app.database(app).writing() as session:
        watching.policy(session, now=clock.at)
        device = Device(session, watching.taking(session, lu.subject_key, now=clock.at, durations_ms=(600_000,)))
        for turn in range(6):
            opened = device.open(clock.at)
            opened.device = ("Android", "Windows")[turn % 2]
            clock.tick(seconds=15)
            device.tell(clock.at, (turn * 15 * S, (turn + 1) * 15 * S, 0, 15 * S))
        playbacks.close(session, opened.id, subject_key=None, now=clock.at)
    clock.tick(hours=1)
    for _again in range(2):  # archived first, then looked at
        jobs.run_due(app, clock.at)
    with shelves_app.database(app).reading() as session:
        return session.scalars(select(Signal.id)).one()


def english(client: FlaskClient) -> FlaskClient:
    with client.session_transaction() as kept:
        kept["locale"] = "en"
    return client


@pytest.fixture
def official(app: Flask, clock: Clock) -> FlaskClient:
    return english(shelves_app.district(app, "CZ-TN", now=clock.at))


def read(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return answer.get_data(as_text=True)


def kept(app: Flask) -> list[tuple[str, str]]:
    with shelves_app.database(app).reading() as session:
        return [(row.what, row.reason) for row in session.scalars(select(RecordAccess).order_by(RecordAccess.at, RecordAccess.what))]


def test_the_list_explains_and_names_nobody(official: FlaskClient, signal: str, lu: Learner) -> None:
    page = read(official, "/signals/oversight/")
    assert "Two devices took turns" in page
    assert "from one of 2 devices to another 5 times" in page
    assert "A signal is a question, not a punishment" in page
    assert "陆*远" not in page
    assert lu.subject_key not in page


def test_filters_are_addresses(official: FlaskClient, signal: str) -> None:
    assert signal in read(official, "/signals/oversight/?status=all")
    assert signal in read(official, "/signals/oversight/?kind=concurrent&page=nonsense")
    assert signal not in read(official, "/signals/oversight/?kind=night")
    assert "No such signal" in read(official, "/signals/oversight/?status=dismissed")


def test_a_signal_opens_with_a_reason_that_the_learner_reads(
    app: Flask, official: FlaskClient, signal: str, lu: Learner, clock: Clock
) -> None:
    where = f"/signals/oversight/{signal}"
    page = read(official, where)
    assert "Give a reason first" in page
    assert "陆*远" not in page
    assert kept(app) == []
    assert official.post(f"{where}/open", data={"reason": "。"}).status_code == 422
    assert official.post(f"{where}/answer", data={"to": "explained", "note": "问过了"}).status_code == 409
    assert official.post(f"{where}/open", data={"reason": REASON}).status_code == 303
    clock.tick(minutes=1)
    page = read(official, where)
    assert "陆*远" in page
    assert page.count("spans__span--covered") == 6
    assert page.count("spans__span--pending") == 6
    assert f"/oversight/learners/{lu.subject_key}/playbacks/" in page
    assert kept(app) == [("record", REASON), ("signal", REASON)]
    assert "signal with its evidence" in read(lu.browser, "/ledger/accesses")


def test_another_district_knows_of_no_signal(app: Flask, signal: str, clock: Clock) -> None:
    other = english(shelves_app.district(app, "CZ-WJ", now=clock.at))
    assert signal not in read(other, "/signals/oversight/?status=all")
    assert other.get(f"/signals/oversight/{signal}").status_code == 404
    assert other.post(f"/signals/oversight/{signal}/open", data={"reason": REASON}).status_code == 404
    assert kept(app) == []


def test_the_city_sees_every_signal(app: Flask, signal: str, clock: Clock) -> None:
    city = english(shelves_app.city(app, now=clock.at))
    assert signal in read(city, "/signals/oversight/")


def test_an_answer_is_kept_and_takes_it_off_the_open_ones(
    app: Flask, official: FlaskClient, signal: str, lu: Learner, clock: Clock
) -> None:
    where = f"/signals/oversight/{signal}"
    official.post(f"{where}/open", data={"reason": REASON})
    with shelves_app.database(app).reading() as session:
        before = statement.of(session, lu.subject_key, as_of=clock.at).to_json()
    assert official.post(f"{where}/answer", data={"to": "explained", "note": ""}).status_code == 422
    answered = official.post(f"{where}/answer", data={"to": "explained", "note": "手机电量不足，换到电脑。"})
    assert answered.status_code == 303
    assert "手机电量不足，换到电脑。" in read(official, where)
    assert signal not in read(official, "/signals/oversight/")
    assert signal in read(official, "/signals/oversight/?status=explained")
    assert official.post(f"{where}/answer", data={"to": "dismissed", "note": "又一次"}).status_code == 409
    with shelves_app.database(app).reading() as session:
        assert statement.of(session, lu.subject_key, as_of=clock.at).to_json() == before
        with pytest.raises(DBAPIError, match="append-only"):
            session.execute(text("DELETE FROM signal_notes"))


def test_the_institution_sees_its_own_courses_masked_and_no_note(
    app: Flask, official: FlaskClient, signal: str, clock: Clock
) -> None:
    official.post(f"/signals/oversight/{signal}/open", data={"reason": REASON})
    official.post(f"/signals/oversight/{signal}/answer", data={"to": "explained", "note": "问过本人。"})
    with shelves_app.database(app).reading() as session:
        owner = session.get_one(Organisation, session.scalars(select(Course.organisation_id)).one())
    staff = english(shelves_app.staff(app, owner, now=clock.at))
    assert "陆*远" in read(staff, "/signals/studio/?status=all")
    page = read(staff, f"/signals/studio/{signal}")
    assert "陆*远" in page
    assert ledgers.NAME not in page
    assert "问过本人。" not in page
    assert "/oversight/" not in page.split("<main")[1]
    rival = english(shelves_app.staff(app, shelves_app.institution(app, name="另一家培训学校"), now=clock.at))
    assert signal not in read(rival, "/signals/studio/?status=all")
    assert rival.get(f"/signals/studio/{signal}").status_code == 404


def test_the_learner_reads_that_it_is_a_question(signal: str, lu: Learner) -> None:
    page = read(lu.browser, "/ledger/")
    assert "Questions about how you watched" in page
    assert "A signal is a question, not a punishment" in page


def test_a_signal_outlives_its_beats(app: Flask, official: FlaskClient, signal: str, clock: Clock) -> None:
    with shelves_app.database(app).writing() as session:
        later = clock.at + timedelta(days=200)
        assert archive.remove_beats(session, before=clock.at, by="test", now=later) == 6
    official.post(f"/signals/oversight/{signal}/open", data={"reason": REASON})
    page = read(official, f"/signals/oversight/{signal}")
    assert "The single reports were deleted" in page
    assert page.count("spans__span--covered") == 6


@pytest.mark.parametrize(
    ("told", "stored"),
    [
        ({"device": "Android #" + "0a" * 16}, ("Android", 1)),
        ({"device": "curl"}, ("curl", 0)),
        ({}, ("", 0)),
    ],
)
def test_any_client_opens_a_lesson_and_a_mark_is_never_kept_in_clear(
    app: Flask, lu: Learner, clock: Clock, told: dict[str, str], stored: tuple[str, int]
) -> None:
    with shelves_app.database(app).writing() as session:
        watching.policy(session, now=clock.at)
        taking = watching.taking(session, lu.subject_key, now=clock.at)
    path = f"/api/v1/enrolments/{taking.enrolment.id}/lessons/{taking.lessons[0].lesson_id}/playbacks"
    answer = app.test_client().post(path, json=told, headers={"Authorization": f"Bearer {lu.token}"})
    assert answer.status_code == 201
    with shelves_app.database(app).reading() as session:
        marked = len(session.scalars(select(DeviceMark.mark_hash)).all())
        assert (session.scalars(select(Playback.device)).one(), marked) == stored
