"""Honest learners by script: real HTTP, a clock put forward, and lines that fail for minutes."""

import random
from collections.abc import Callable
from typing import Any

import pytest
import requests

from courses.catalogue import drafts, lessons
from courses.catalogue.models import Course
from tests import shelves
from tests.honest.conftest import FILM_S, LOST_MS, Learner, Town
from tests.running import Client

S = 1_000
Row = tuple[int, int, int, int]


@pytest.fixture
def record(request: pytest.FixtureRequest, town: Town) -> Callable[[Learner, int], None]:
    """`record(learner, seen_ms)`: what was lost of what was seen; into the table at the end."""

    def measure(learner: Learner, seen_ms: int) -> None:
        ms = max(0, seen_ms - learner.covered_ms())
        name = request.node.name.removeprefix("test_").replace("_", " ")
        request.node.user_properties.append(
            ("interruptions lost", f"{ms:>6} ms  {town.engine:<11} {name} (watched {seen_ms} ms)")
        )
        assert ms <= LOST_MS

    return measure


def begun(learner: Learner) -> tuple[Client, dict[str, Any]]:
    client = learner.client()
    return client, client.open(learner.enrolment_id, learner.town.lesson_id)


def pieces(seconds: int, each: int = 15) -> list[Row]:
    """What a player that runs on reports."""
    return [(at * S, (at + each) * S, at * S, (at + each) * S) for at in range(0, seconds, each)]


@pytest.mark.parametrize("minutes", [5, 14])
def test_minutes_without_line(town: Town, record: Callable[[Learner, int], None], minutes: int) -> None:
    """A minute and a half was watched; its beats arrive when the line is there again."""
    learner = town.learner()
    client, opened = begun(learner)
    town.site.shift(minutes=minutes)
    for seq, row in enumerate(pieces(FILM_S), 1):
        assert client.tell(opened, seq, row).status_code == 200
    record(learner, FILM_S * S)


def test_beats_arrive_in_any_order(town: Town, record: Callable[[Learner, int], None]) -> None:
    learner = town.learner()
    client, opened = begun(learner)
    town.site.shift(seconds=FILM_S)
    told = list(enumerate(pieces(FILM_S), 1))
    random.Random(7).shuffle(told)
    for seq, row in told:
        assert client.tell(opened, seq, row).status_code == 200
    record(learner, FILM_S * S)


def test_three_answers_in_a_hundred_never_arrive(town: Town, record: Callable[[Learner, int], None]) -> None:
    """Whoever hears no answer tells it again, and again: told twice, counted once."""
    chance = random.Random(11)
    learner = town.learner()
    client, opened = begun(learner)
    for seq, row in enumerate(pieces(FILM_S, each=1), 1):
        town.site.shift(seconds=1)
        answers = []
        while not answers or chance.random() < 0.03:
            answers.append(client.tell(opened, seq, row))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
    record(learner, FILM_S * S)
    assert learner.covered() == [[0, FILM_S * S]]


def test_silence_beyond_a_quarter_of_an_hour_goes_on_in_a_new_playback(
    town: Town, record: Callable[[Learner, int], None]
) -> None:
    learner = town.learner()
    client, opened = begun(learner)
    town.site.shift(seconds=30)
    assert client.tell(opened, 1, (0, 30 * S, 0, 30 * S)).status_code == 200
    town.site.shift(minutes=16)
    assert client.tell(opened, 2).json()["code"] == "playback_closed"
    again = client.open(learner.enrolment_id, town.lesson_id)
    assert again["covered_ms"] == [[0, 30 * S]]
    assert again["resume_ms"] == 30 * S
    town.site.shift(seconds=30)
    client.tell(again, 1, (30 * S, 60 * S, 0, 30 * S))
    record(learner, 60 * S)


def test_the_web_server_restarts_between_beat_and_answer(
    town: Town, record: Callable[[Learner, int], None]
) -> None:
    learner = town.learner()
    client, opened = begun(learner)
    town.site.shift(seconds=30)
    first = client.tell(opened, 1, (0, 15 * S, 0, 15 * S))
    town.site.kill()
    with pytest.raises(requests.RequestException):
        client.tell(opened, 2, (15 * S, 30 * S, 15 * S, 30 * S))
    town.site.start()
    client = learner.client()
    assert client.tell(opened, 1, (0, 15 * S, 0, 15 * S)).content == first.content
    assert client.tell(opened, 2, (15 * S, 30 * S, 15 * S, 30 * S)).status_code == 200
    record(learner, 30 * S)


def test_the_edition_is_replaced_in_the_middle(town: Town, record: Callable[[Learner, int], None]) -> None:
    """Who is enrolled keeps the edition, what is covered of it, and the open playback."""
    learner = town.learner()
    client, opened = begun(learner)
    town.site.shift(seconds=30)
    client.tell(opened, 1, (0, 30 * S, 0, 30 * S))
    with town.app.extensions["xueshi_db"].writing() as session:
        course = session.get_one(Course, town.course_id)
        before = course.current_edition
        drafts.begin_edition(session, course, now=town.site.now())
        (lesson,) = lessons.in_order(session, course)
        lessons.rename(session, course, lesson_id=lesson.id, title="另一版", now=town.site.now())
        shelves.approve(session, course, now=town.site.now())
        assert course.current_edition != before
    town.site.shift(seconds=30)
    answer = client.tell(opened, 2, (30 * S, 60 * S, 30 * S, 60 * S))
    assert answer.json()["covered_ms"] == [[0, 60 * S]]
    again = client.open(learner.enrolment_id, town.lesson_id)
    assert again["covered_ms"] == [[0, 60 * S]]
    record(learner, 60 * S)
