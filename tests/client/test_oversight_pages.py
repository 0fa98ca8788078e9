"""Officials find and open records: reasons first, other districts see nothing, no number in an address."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from courses.oversight import RecordAccess, RecordSearch
from courses.watch.models import Playback
from tests import ledgers, shelves_app
from tests.conftest import Clock
from tests.ledgers import Learner, Life

REASON = "投诉核查：2026-17号"


@pytest.fixture
def lu(app: Flask, clock: Clock) -> Learner:
    return ledgers.learner(app, now=clock.at)


@pytest.fixture
def life(app: Flask, lu: Learner, clock: Clock) -> Life:
    return ledgers.live(app, lu.subject_key, clock)


@pytest.fixture
def official(app: Flask, clock: Clock) -> FlaskClient:
    return english(shelves_app.district(app, "CZ-TN", now=clock.at))


def english(client: FlaskClient) -> FlaskClient:
    with client.session_transaction() as kept:
        kept["locale"] = "en"
    return client


def search(client: FlaskClient, words: str, *, by: str = "number", reason: str = REASON) -> str:
    """Where a search leads."""
    answer = client.post("/oversight/", data={"by": by, "words": words, "reason": reason})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:3000]
    return str(answer.headers["Location"])


def kept(app: Flask) -> list[tuple[str, str]]:
    with shelves_app.database(app).reading() as session:
        return [(row.what, row.reason) for row in session.scalars(select(RecordAccess).order_by(RecordAccess.at, RecordAccess.what))]


@pytest.mark.parametrize("words", [ledgers.NUMBER, "３２０４００１９８５０３１２０１１２"])
def test_a_learner_is_found_by_number_and_the_record_explains(
    official: FlaskClient, lu: Learner, life: Life, words: str
) -> None:
    where = search(official, words)
    assert where == f"/oversight/learners/{lu.subject_key}"
    page = official.get(where).get_data(as_text=True)
    assert "陆*远" in page
    assert "3204**********0112" in page
    assert ledgers.NUMBER not in page
    assert REASON in page
    assert "cz-online@1" in page
    assert "安全管理人员再培训" in page
    assert "Seen before; only new parts earn hours" in page


def test_a_name_leads_to_a_masked_list_when_several_bear_it(
    app: Flask, official: FlaskClient, lu: Learner, clock: Clock
) -> None:
    ledgers.learner(app, number="320400199011050204", now=clock.at)
    where = search(official, ledgers.NAME, by="name")
    assert where.startswith("/oversight/searches/")
    page = official.get(where).get_data(as_text=True)
    assert page.count("陆*远") >= 2
    assert ledgers.NAME not in page
    opened = official.post(f"/oversight/learners/{lu.subject_key}/open", data={"reason": REASON})
    assert opened.status_code == 303


def test_a_search_list_is_its_makers_alone(app: Flask, official: FlaskClient, clock: Clock) -> None:
    where = search(official, "没有此人", by="name")
    assert "Nobody was found" in official.get(where).get_data(as_text=True)
    colleague = shelves_app.district(app, "CZ-TN", now=clock.at)
    assert colleague.get(where).status_code == 404


def test_another_district_finds_nobody_and_opens_nothing(
    app: Flask, lu: Learner, life: Life, clock: Clock
) -> None:
    other = english(shelves_app.district(app, "CZ-WJ", now=clock.at))
    assert search(other, ledgers.NUMBER).startswith("/oversight/searches/")
    path = f"/oversight/learners/{lu.subject_key}"
    with shelves_app.database(app).reading() as session:
        playback = session.scalars(select(Playback)).first()
    assert playback is not None
    for address in (path, f"{path}/evidence.json", f"{path}/statement.json", f"{path}/playbacks/{playback.id}"):
        assert other.get(address).status_code == 404
    assert other.post(f"{path}/open", data={"reason": REASON}).status_code == 404
    assert kept(app) == []


def test_the_city_finds_everybody(app: Flask, lu: Learner, clock: Clock) -> None:
    city = shelves_app.city(app, now=clock.at)
    assert search(city, ledgers.NUMBER).endswith(lu.subject_key)


@pytest.mark.parametrize("reason", ["", " ", "。"])
def test_without_a_reason_nothing_is_searched(app: Flask, official: FlaskClient, lu: Learner, reason: str) -> None:
    answer = official.post("/oversight/", data={"by": "number", "words": ledgers.NUMBER, "reason": reason})
    assert answer.status_code == 422
    assert kept(app) == []


def test_an_address_alone_opens_no_record(app: Flask, official: FlaskClient, lu: Learner, life: Life) -> None:
    path = f"/oversight/learners/{lu.subject_key}"
    page = official.get(path).get_data(as_text=True)
    assert "Give a reason first" in page
    assert "陆*远" not in page
    assert official.get(f"{path}/evidence.json").status_code == 409
    assert official.post(f"{path}/open", data={"reason": ""}).status_code == 422
    assert kept(app) == []


def test_every_further_read_is_kept_and_the_learner_sees_it(
    app: Flask, official: FlaskClient, lu: Learner, life: Life, clock: Clock
) -> None:
    where = search(official, ledgers.NUMBER)
    clock.tick(minutes=1)
    assert official.get(f"{where}/evidence.json").json["learner"] == lu.subject_key
    clock.tick(minutes=1)
    assert official.get(f"{where}/statement.json").json["format"] == "xueshi-statement/1"
    assert kept(app) == [("record", REASON), ("search", REASON), ("evidence", REASON), ("statement", REASON)]
    page = lu.browser.get("/ledger/accesses").get_data(as_text=True)
    assert page.count(REASON) == 4
    assert "CZ-TN应急管理局" in page


def test_an_opened_record_closes_after_a_working_day(official: FlaskClient, lu: Learner, life: Life, clock: Clock) -> None:
    where = search(official, ledgers.NUMBER)
    clock.tick(hours=8)
    assert "Give a reason first" in official.get(where).get_data(as_text=True)


def test_a_playback_shows_its_beats_and_what_became_of_them(
    app: Flask, official: FlaskClient, lu: Learner, life: Life
) -> None:
    where = search(official, ledgers.NUMBER)
    with shelves_app.database(app).reading() as session:
        playbacks = session.scalars(select(Playback).order_by(Playback.opened_at)).all()
    page = official.get(f"{where}/playbacks/{playbacks[-1].id}").get_data(as_text=True)
    assert "0–30000 @ 0–30000" in page
    assert "Seen before; only new parts earn hours" in page
    assert official.get(f"{where}/playbacks/nothing").status_code == 404


def test_what_was_searched_for_is_not_kept(app: Flask, official: FlaskClient, lu: Learner) -> None:
    search(official, ledgers.NUMBER)
    with shelves_app.database(app).reading() as session:
        (row,) = session.scalars(select(RecordSearch))
    assert ledgers.NUMBER not in "".join(str(value) for value in vars(row).values())


@pytest.mark.parametrize("table", ["record_accesses", "record_searches"])
def test_the_database_refuses_to_forget_a_look(app: Flask, official: FlaskClient, lu: Learner, table: str) -> None:
    search(official, ledgers.NUMBER)
    with shelves_app.database(app).reading() as session, pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(f"DELETE FROM {table}"))


def test_learners_have_no_oversight(lu: Learner) -> None:
    assert lu.browser.get("/oversight/").status_code == 403
