"""Presence prompts as an outside client meets them: shown with a beat's answer, fetched, answered."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from sqlalchemy import update

from app.db import Database
from courses.catalogue import editions
from courses.enrolment import Enrolment
from courses.watch.models import Playback
from tests import shelves, watching
from tests.client.test_watch_api import Caller, World, by_its_token, is_problem, lu, world
from tests.conftest import Clock

__all__ = ["lu", "world"]  # the fixtures
S = 1_000
QUESTIONS = [{"text": "何时可以进入有限空间？", "choices": ["检测合格后", "随时", "口头同意后"]}]


def rule(database: Database, clock: Clock, way: str) -> None:
    clock.tick(seconds=1)  # later than the world's own rule
    with database.writing() as session:
        prompts = {"every_ms": 60_000, "answer_within_ms": 60_000, "way": way}
        watching.policy(session, now=clock.at, prompts=prompts)


@pytest.fixture(params=["tap", "question"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(world: World, lu: Caller, database: Database, clock: Clock, way: str) -> dict[str, Any]:
    """A lesson of three minutes with a question, whose first prompt falls due after five seconds."""
    rule(database, clock, way)
    with database.writing() as session:
        course = shelves.published(
            session, shelves.institution(session, name="二院"), now=clock.at, durations_ms=(180_000,), questions=QUESTIONS
        )
        edition = editions.current(session, course.id)
        assert edition is not None
        (lesson,) = editions.lessons(session, edition.id)
    found = lu.open(lu.enrol(course.id), lesson.lesson_id)
    draw(database, found, 5 * S)
    return found


def draw(database: Database, opened: dict[str, Any], due_ms: int) -> None:
    """As if the server had drawn this moment."""
    with database.writing() as session:
        drawn = update(Playback).where(Playback.id == opened["id"])
        session.execute(drawn.values(prompt_due_ms=due_ms, live=None, version=Playback.version + 1))


def shown(world: World, lu: Caller, opened: dict[str, Any]) -> dict[str, Any]:
    world.clock.tick(seconds=10)
    prompt = lu.tell(opened, 1, (0, 10 * S, 0, 10 * S)).json["prompt"]
    assert prompt == {"id": prompt["id"], "kind": "prompt", "answer_within_ms": 60 * S}
    return dict(prompt)


def asked(lu: Caller, opened: dict[str, Any], prompt: dict[str, Any]) -> Any:
    answer = lu.http.get(f"/api/v1/playbacks/{opened['id']}/prompts/{prompt['id']}", headers=lu.headers)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json


def answer(caller: Caller, opened: dict[str, Any], prompt: dict[str, Any], given: Any) -> Any:
    return caller.post(f"/playbacks/{opened['id']}/presence", {"prompt": prompt["id"], "answer": given})


def right(said: dict[str, Any]) -> Any:
    return said["choices"].index("检测合格后") if said["way"] == "question" else True


def test_a_prompt_is_fetched_and_answered_with_the_playbacks_token(
    world: World, lu: Caller, opened: dict[str, Any], way: str
) -> None:
    prompt = shown(world, lu, opened)
    device = by_its_token(world, opened)
    said = asked(device, opened, prompt)
    assert set(said) == {"id", "kind", "answer_within_ms", "way", "text", "choices", "photo"}
    assert said["way"] == way
    assert sorted(said["choices"]) == (sorted(QUESTIONS[0]["choices"]) if way == "question" else [])
    world.clock.tick(seconds=5)
    for _ in range(2):  # told twice, judged once
        assert answer(device, opened, prompt, right(said)).json == {"result": "pass"}
    world.clock.tick(seconds=5)
    told = lu.tell(opened, 2, (10 * S, 20 * S, 10 * S, 20 * S)).json
    assert (told["prompt"], told["effective_ms"]) == (None, 20 * S)


def test_a_late_answer_is_missed_and_the_same_seq_says_the_same(world: World, lu: Caller, opened: dict[str, Any]) -> None:
    prompt = shown(world, lu, opened)
    said = asked(lu, opened, prompt)
    world.clock.tick(seconds=63)
    assert answer(lu, opened, prompt, right(said)).json == {"result": "missed"}
    again = lu.tell(opened, 1, (0, 10 * S, 0, 10 * S)).json["prompt"]
    assert again["id"] == prompt["id"]
    told = lu.tell(opened, 2, (10 * S, 70 * S, 10 * S, 70 * S)).json
    assert told["prompt"]["id"] != prompt["id"]
    assert told["effective_ms"] == 10 * S


def test_nobody_else_reads_or_answers_it(world: World, lu: Caller, opened: dict[str, Any]) -> None:
    prompt = shown(world, lu, opened)
    tang = world.client("tang")
    path = f"/api/v1/playbacks/{opened['id']}/prompts/{prompt['id']}"
    assert is_problem(tang.http.get(path, headers=tang.headers), 404, "not_found")
    assert is_problem(answer(tang, opened, prompt, True), 404, "not_found")


def test_nothing_a_client_gets_says_when_or_what_is_right(
    world: World, lu: Caller, opened: dict[str, Any], database: Database, way: str
) -> None:
    """Whatever was drawn, the same words go out: to the opening, to beats before, and with the question."""
    token = opened["token"].split(".")[1]
    payload = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    heard = []
    for turn, due_ms in enumerate((41 * S, 77 * S)):
        draw(database, opened, due_ms)
        world.clock.tick(seconds=1)
        at = turn * S
        heard.append(lu.tell(opened, turn + 1, (at, at + S, at, at + S)).json)
    for body in (opened, payload, *heard):
        assert not {"due", "prompt_due_ms", "due_ms", "every_ms", "right"} & set(body)
        assert not {5 * S, 41 * S, 77 * S} & {value for value in body.values() if isinstance(value, int)}
    assert {key for key in heard[0] if heard[0][key] != heard[1][key]} == {"seq", "covered_ms", "effective_ms"}
    world.clock.tick(seconds=90)
    prompt = lu.tell(opened, 3, (2 * S, 92 * S, 2 * S, 92 * S)).json["prompt"]
    assert "right" not in json.dumps(asked(lu, opened, prompt))


def test_the_right_answers_are_not_among_a_courses_public_facts(
    lu: Caller, opened: dict[str, Any], database: Database
) -> None:
    with database.reading() as session:
        playback = session.get_one(Playback, opened["id"])
        course_id = session.get_one(Enrolment, playback.enrolment_id).course_id
    for path in (f"/api/v1/courses/{course_id}", f"/catalogue/courses/{course_id}"):
        page = lu.http.get(path, headers=lu.headers)
        assert page.status_code == 200
        for words in (*QUESTIONS[0]["choices"], QUESTIONS[0]["text"], "questions"):
            assert str(words) not in page.get_data(as_text=True)
