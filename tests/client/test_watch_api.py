"""The API of `watch.md` as an outside client drives it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import jobs
from app.db import Database
from courses.catalogue import editions
from courses.people import accounts, sign_ins
from courses.people.persons import Person
from courses.people.sign_ins import SignInKind
from courses.people.vault import Vault
from courses.units import Money
from courses.watch.models import Playback
from tests import shelves, watching
from tests.conftest import Clock

S = 1_000
NAMES = {"lu": "13900000001", "tang": "13900000002"}


@dataclass
class World:
    """A course of two free lessons, a rule, and people with bearer tokens."""

    app: Flask
    clock: Clock
    course_id: str
    lessons: list[str]
    tokens: dict[str, str]

    def client(self, name: str) -> "Caller":
        return Caller(self.app.test_client(), {"Authorization": f"Bearer {self.tokens[name]}"})


@dataclass
class Caller:
    """A client of the API with its own headers."""

    http: FlaskClient
    headers: dict[str, str]

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.http.post(f"/api/v1{path}", json=body, headers={**self.headers, **headers})

    def raw(self, path: str, body: bytes) -> TestResponse:
        return self.http.post(
            f"/api/v1{path}", data=body, headers=self.headers, content_type="application/json"
        )

    def delete(self, path: str) -> TestResponse:
        return self.http.delete(f"/api/v1{path}", headers=self.headers)

    def enrol(self, course_id: str) -> str:
        answer = self.post(f"/courses/{course_id}/enrolments")
        assert answer.status_code == 201, answer.json
        return str(answer.json["id"])

    def open(self, enrolment_id: str, lesson_id: str) -> dict[str, Any]:
        answer = self.post(
            f"/enrolments/{enrolment_id}/lessons/{lesson_id}/playbacks", {"device": "phone"}
        )
        assert answer.status_code == 201, answer.json
        return dict(answer.json)

    def tell(self, opened: dict[str, Any], seq: int, *rows: tuple[int, ...], state: str = "playing") -> TestResponse:
        return self.post(f"/playbacks/{opened['id']}/beats", beat(seq, *rows, state=state))


def beat(seq: int, *rows: tuple[int, ...], state: str = "playing") -> dict[str, Any]:
    names = ("from_ms", "to_ms", "began_ms", "ended_ms")
    return {"seq": seq, "spans": [dict(zip(names, row, strict=True)) for row in rows], "state": state}


@pytest.fixture
def world(app: Flask, database: Database, clock: Clock, vault: Vault) -> World:
    tokens: dict[str, str] = {}
    with database.writing() as session:
        shelves.jurisdictions(session)
        watching.policy(session, now=clock.at)
        for name, number in NAMES.items():
            account = accounts.create(
                session, vault, name=number, password_hash="-", now=clock.at, locale="en"
            )
            person = session.get_one(Person, account.person_id)
            person.registered_at, person.district_id = clock.at, "CZ-TN"
            tokens[name] = sign_in(session, account, clock)
        course = shelves.published(
            session, shelves.institution(session), now=clock.at, durations_ms=(60_000, 90_000)
        )
        edition = editions.current(session, course.id)
        assert edition is not None
        lessons = [one.lesson_id for one in editions.lessons(session, edition.id)]
    return World(app, clock, course.id, lessons, tokens)


def sign_in(session: Any, account: accounts.Account, clock: Clock) -> str:
    opened = sign_ins.begin(
        session, account, kind=SignInKind.TOKEN, agent="test", lasts=timedelta(days=30), now=clock.at
    )
    return str(opened.token)


@pytest.fixture
def lu(world: World) -> Caller:
    return world.client("lu")


@pytest.fixture
def opened(world: World, lu: Caller) -> dict[str, Any]:
    return lu.open(lu.enrol(world.course_id), world.lessons[0])


def by_its_token(world: World, opened: dict[str, Any]) -> Caller:
    return Caller(world.app.test_client(), {"Authorization": f"Bearer {opened['token']}"})


def is_problem(answer: TestResponse, status: int, code: str) -> bool:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.json
    assert answer.content_type == "application/problem+json"
    return True


def test_enrolling_twice_is_one_enrolment(world: World, lu: Caller) -> None:
    first = lu.post(f"/courses/{world.course_id}/enrolments")
    again = lu.post(f"/courses/{world.course_id}/enrolments")
    assert first.json["course"] == world.course_id
    assert first.json["edition"] == 1
    assert first.json == again.json


def test_a_priced_course_asks_for_payment(world: World, lu: Caller, database: Database) -> None:
    with database.writing() as session:
        priced = shelves.published(
            session, shelves.institution(session), now=world.clock.at, price=Money(9_900, "CNY")
        )
    answer = lu.post(f"/courses/{priced.id}/enrolments")
    assert is_problem(answer, 402, "payment_required")
    assert answer.json["price"] == {"amount_minor": 9_900, "currency": "CNY"}


def test_who_is_not_registered_is_told_so(world: World, lu: Caller, database: Database) -> None:
    with database.writing() as session:
        for person in session.query(Person):
            person.registered_at = None
    assert is_problem(lu.post(f"/courses/{world.course_id}/enrolments"), 409, "registration_required")


def test_who_has_no_district_is_told_so(world: World, lu: Caller, database: Database) -> None:
    with database.writing() as session:
        for person in session.query(Person):
            person.district_id = None
    assert is_problem(lu.post(f"/courses/{world.course_id}/enrolments"), 409, "district_required")


def test_an_unknown_course_is_not_found(lu: Caller) -> None:
    assert is_problem(lu.post("/courses/nothing/enrolments"), 404, "not_found")


def test_opening_tells_all_a_player_needs(opened: dict[str, Any]) -> None:
    assert opened["duration_ms"] == 60_000
    assert opened["resume_ms"] == 0
    assert opened["covered_ms"] == []
    assert opened["beat_every_ms"] == 15_000
    assert opened["max_rate"] == 2
    assert opened["seek_forward"] == "allowed"
    assert opened["manifest_url"].endswith("master.m3u8")
    assert opened["token"]


def test_only_the_learner_opens_a_lesson(world: World, lu: Caller) -> None:
    mine = lu.enrol(world.course_id)
    path = f"/enrolments/{mine}/lessons/{world.lessons[0]}/playbacks"
    assert is_problem(world.client("tang").post(path, {"device": "x"}), 404, "not_found")
    nobody = Caller(world.app.test_client(), {})
    assert is_problem(nobody.post(path, {"device": "x"}), 401, "sign_in_needed")
    assert is_problem(lu.post(f"/enrolments/{mine}/lessons/none/playbacks", {}), 404, "not_found")


def test_the_policys_heartbeat_gap_makes_players_report_more_often(
    world: World, lu: Caller, database: Database
) -> None:
    world.clock.tick(seconds=1)
    with database.writing() as session:
        watching.policy(session, now=world.clock.at, heartbeat_gap_ms=10_000, speed="reject", seek_forward="blocked")
    world.clock.tick(seconds=1)
    told = lu.open(lu.enrol(world.course_id), world.lessons[0])
    assert told["beat_every_ms"] < 10_000
    assert (told["max_rate"], told["seek_forward"]) == (1, "blocked")


@pytest.mark.parametrize("bearer", ["account", "playback"])
def test_both_tokens_serve_for_beats(
    world: World, lu: Caller, opened: dict[str, Any], bearer: str
) -> None:
    caller = lu if bearer == "account" else by_its_token(world, opened)
    world.clock.tick(seconds=6)
    answer = caller.tell(opened, 1, (0, 6 * S, 0, 6 * S))
    assert answer.status_code == 200
    assert answer.json == {
        "seq": 1,
        "covered_ms": [[0, 6 * S]],
        "effective_ms": 6 * S,
        "provisional_hours": "0",
        "not_counted": [],
        "prompt": None,
        "beat_every_ms": 15_000,
    }


def test_a_playbacks_token_opens_nothing_else(
    world: World, lu: Caller, opened: dict[str, Any]
) -> None:
    caller = by_its_token(world, opened)
    assert caller.post(f"/courses/{world.course_id}/enrolments").status_code == 401
    other = world.client("tang")
    theirs = other.open(other.enrol(world.course_id), world.lessons[0])
    assert is_problem(caller.tell(theirs, 1), 404, "not_found")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token[:8] + ("A" if token[8] != "A" else "B") + token[9:],
        lambda token: token.rpartition(".")[0] + ".",
        lambda token: "xp1.e30.e30",
        lambda token: "xp1.ü.ü",
    ],
)
def test_a_forged_token_is_nobody(
    world: World, opened: dict[str, Any], spoil: Callable[[str], str]
) -> None:
    forged = by_its_token(world, {**opened, "token": spoil(opened["token"]).encode().decode("latin-1")})
    assert is_problem(forged.tell(opened, 1, (0, S, 0, S)), 401, "sign_in_needed")


def test_a_token_expires(world: World, opened: dict[str, Any]) -> None:
    world.clock.tick(hours=25)
    assert is_problem(by_its_token(world, opened).tell(opened, 1), 401, "sign_in_needed")


def test_a_beat_without_any_token_is_nobodys(world: World, opened: dict[str, Any]) -> None:
    nobody = Caller(world.app.test_client(), {})
    assert is_problem(nobody.tell(opened, 1), 401, "sign_in_needed")


def test_somebody_elses_playback_is_not_found(world: World, opened: dict[str, Any]) -> None:
    assert is_problem(world.client("tang").tell(opened, 1, (0, S, 0, S)), 404, "not_found")


def test_the_same_number_gets_the_same_answer(
    world: World, lu: Caller, opened: dict[str, Any]
) -> None:
    world.clock.tick(seconds=6)
    first = lu.tell(opened, 1, (0, 6 * S, 0, 6 * S))
    world.clock.tick(seconds=3)
    lu.tell(opened, 2, (6 * S, 9 * S, 6 * S, 9 * S))
    assert lu.tell(opened, 1, (0, 6 * S, 0, 6 * S)).json == first.json
    assert is_problem(lu.tell(opened, 1, (0, 5 * S, 0, 5 * S)), 409, "seq_conflict")


def test_a_claim_of_the_whole_lesson_is_cut(
    world: World, lu: Caller, opened: dict[str, Any]
) -> None:
    world.clock.tick(seconds=3)
    answer = lu.tell(opened, 1, (0, 60 * S, 0, 60 * S)).json
    assert answer["effective_ms"] == 5 * S
    assert answer["not_counted"] == [{"reason": "bad_stretch", "wall_ms": 55 * S}]


def test_the_answer_and_the_statement_say_the_same(
    world: World, lu: Caller, opened: dict[str, Any]
) -> None:
    world.clock.tick(seconds=30)
    lu.tell(opened, 1, (0, 9 * S, 0, 9 * S))
    told = lu.tell(opened, 2, (20 * S, 40 * S, 9 * S, 19 * S)).json
    world.clock.tick(seconds=3)
    stated = lu.http.get("/api/v1/me/statement", headers=lu.headers).json
    lesson = stated["enrolments"][0]["lessons"][0]
    assert lesson["covered_ms"] == told["covered_ms"]
    assert lesson["effective_ms"] == told["effective_ms"] == 19 * S
    assert stated["enrolments"][0]["provisional_hours"] == told["provisional_hours"]


def test_another_device_takes_over(world: World, lu: Caller, opened: dict[str, Any]) -> None:
    world.clock.tick(seconds=4)
    enrolment_id = lu.enrol(world.course_id)
    again = lu.open(enrolment_id, world.lessons[1])
    world.clock.tick(seconds=6)
    late = lu.tell(opened, 1, (0, 6 * S, 0, 6 * S))
    assert is_problem(late, 409, "playback_taken_over")
    assert late.json["counted_ms"] == 4 * S
    assert late.json["covered_ms"] == [[0, 4 * S]]
    assert lu.tell(opened, 1, (0, 6 * S, 0, 6 * S)).json == late.json
    assert lu.tell(again, 1, (0, 6 * S, 0, 6 * S)).json["effective_ms"] == 6 * S


def test_fifteen_silent_minutes_close_a_playback(
    world: World, lu: Caller, opened: dict[str, Any]
) -> None:
    world.clock.tick(minutes=15, seconds=1)
    assert is_problem(lu.tell(opened, 1, (0, S, 0, S)), 410, "playback_closed")


def test_the_sweep_closes_what_nobody_hears_of(
    world: World, lu: Caller, opened: dict[str, Any], database: Database
) -> None:
    world.clock.tick(seconds=6)
    lu.tell(opened, 1, (0, 6 * S, 0, 6 * S))
    heard_at = world.clock.at
    jobs.run_due(world.app, world.clock.tick(minutes=16))
    with database.reading() as session:
        row = session.get_one(Playback, opened["id"])
        assert (row.close_reason, row.closed_at) == ("silent", heard_at)


def test_closing_ends_at_the_last_beat(world: World, lu: Caller, opened: dict[str, Any]) -> None:
    world.clock.tick(seconds=6)
    first = lu.tell(opened, 1, (0, 6 * S, 0, 6 * S)).json
    assert lu.delete(f"/playbacks/{opened['id']}").status_code == 204
    assert lu.delete(f"/playbacks/{opened['id']}").status_code == 204
    assert is_problem(lu.tell(opened, 2, (6 * S, 7 * S, 6 * S, 7 * S)), 410, "playback_closed")
    assert lu.tell(opened, 1, (0, 6 * S, 0, 6 * S)).json == first


def test_going_on_after_closing_loses_nothing(
    world: World, lu: Caller, opened: dict[str, Any]
) -> None:
    world.clock.tick(seconds=6)
    lu.tell(opened, 1, (0, 6 * S, 0, 6 * S))
    lu.delete(f"/playbacks/{opened['id']}")
    again = lu.open(lu.enrol(world.course_id), world.lessons[0])
    assert again["covered_ms"] == [[0, 6 * S]]
    assert again["resume_ms"] == 6 * S


def test_presence_knows_no_prompt_that_was_not_shown(
    world: World, lu: Caller, opened: dict[str, Any]
) -> None:
    path = f"/playbacks/{opened['id']}/presence"
    assert is_problem(lu.post(path, {"prompt": "p", "answer": "yes"}), 404, "prompt_unknown")
    assert is_problem(lu.post(path, {"prompt": 3}), 422, "invalid")
    assert is_problem(world.client("tang").post(path, {"prompt": "p", "answer": ""}), 404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"seq":1,"spans":[]}',
        b'{"seq":-1,"spans":[],"state":"playing"}',
        b'{"seq":4294967296,"spans":[],"state":"playing"}',
        b'{"seq":1.5,"spans":[],"state":"playing"}',
        b'{"seq":true,"spans":[],"state":"playing"}',
        b'{"seq":"1","spans":[],"state":"playing"}',
        b'{"seq":1,"spans":null,"state":"playing"}',
        b'{"seq":1,"spans":[],"state":"asleep"}',
        b'{"seq":1,"spans":[{"from_ms":0,"to_ms":1.5,"began_ms":0,"ended_ms":1}],"state":"playing"}',
        b'{"seq":1,"spans":[{"from_ms":0,"to_ms":1,"began_ms":0}],"state":"playing"}',
        b'{"seq":1,"spans":[{"from_ms":0,"to_ms":99999999999999999999,"began_ms":0,"ended_ms":1}],"state":"playing"}',
        b'{"seq":1,"spans":[{"from_ms":NaN,"to_ms":1,"began_ms":0,"ended_ms":1}],"state":"playing"}',
    ],
)
def test_a_body_that_is_no_beat_is_invalid(lu: Caller, opened: dict[str, Any], body: bytes) -> None:
    assert is_problem(lu.raw(f"/playbacks/{opened['id']}/beats", body), 422, "invalid")


def test_too_many_spans_are_invalid_and_too_many_bytes_too_large(
    lu: Caller, opened: dict[str, Any]
) -> None:
    path = f"/playbacks/{opened['id']}/beats"
    many = json.dumps(beat(1, *[(0, 1, 0, 1)] * 601)).encode()
    assert is_problem(lu.raw(path, many), 422, "invalid")
    assert is_problem(lu.raw(path, b" " * 70_000), 413, "too_large")


def test_what_a_client_says_of_duration_or_position_is_not_read(
    world: World, lu: Caller, opened: dict[str, Any]
) -> None:
    world.clock.tick(seconds=90)
    body = {**beat(1, (50 * S, 80 * S, 0, 30 * S)), "duration_ms": 90 * S, "effective_ms": 90 * S}
    answer = lu.post(f"/playbacks/{opened['id']}/beats", body).json
    assert answer["covered_ms"] == [[50 * S, 60 * S]]


def test_a_browser_needs_its_pages_token_to_open(world: World, lu: Caller) -> None:
    """The session's cookie alone, sent by somebody else's page, opens nothing."""
    mine = lu.enrol(world.course_id)
    browser = world.app.test_client()
    browser.get("/")
    with browser.session_transaction() as kept:
        kept["sign_in"] = world.tokens["lu"]
    answer = browser.post(f"/api/v1/enrolments/{mine}/lessons/{world.lessons[0]}/playbacks", json={})
    assert answer.status_code in (400, 401, 403)


def test_the_description_of_the_api_has_the_routes(world: World) -> None:
    described = world.app.test_client().get("/api/v1/openapi.json").json
    told = described["paths"]["/api/v1/playbacks/{playback_id}/beats"]["post"]
    assert {"200", "401", "404", "409", "410", "413", "422"} <= set(told["responses"])
    assert told["requestBody"]["content"]["application/json"]["schema"]["required"] == ["seq", "spans", "state"]


def test_my_enrolments_are_listed(world: World, lu: Caller) -> None:
    mine = lu.enrol(world.course_id)
    listed = lu.http.get("/api/v1/me/enrolments", headers=lu.headers).json["items"]
    assert [row["id"] for row in listed] == [mine]
    assert [lesson["duration_ms"] for lesson in listed[0]["lessons"]] == [60_000, 90_000]

