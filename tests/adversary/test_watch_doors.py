"""Attacks on who speaks and what is said: tokens, replays, absence, questions, seeking, bodies."""

import base64
import gzip
import json
from collections.abc import Callable

import pytest

from courses.watch.tokens import Pass, Signer
from media.base import to_ms
from tests.adversary.conftest import Attacker, S, Town
from tests.running import Client, beat

Gained = Callable[[Attacker], int]


@pytest.fixture
def attacker(town: Town) -> Attacker:
    return town.learner()


def test_a_replayed_beat(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(5)
        answers = [attacker.client.tell(lesson, 1, (0, 5 * S, 0, 5 * S)) for _ in range(20)]
    assert len({answer.content for answer in answers}) == 1
    gained(attacker)


def test_a_replayed_day(attacker: Attacker, gained: Gained) -> None:
    """All beats again: with their numbers, with others, and in another playback."""
    with attacker.attending():
        lesson = attacker.opened()
        rows = []
        for n in range(1, 13):
            attacker.passes(5)
            rows.append(((n - 1) * 5 * S, n * 5 * S, (n - 1) * 5 * S, n * 5 * S))
            attacker.client.tell(lesson, n, rows[-1])
    attacker.passes(60)
    for seq, row in enumerate(rows, 1):
        attacker.client.tell(lesson, seq, row)
        attacker.client.tell(lesson, seq + 100, row)
    with attacker.attending():
        again = attacker.opened()
        attacker.passes(1)
    for seq, row in enumerate(rows, 1):
        attacker.client.tell(again, seq, row)
    gained(attacker)


def test_a_beat_of_somebody_elses_playback(town: Town, attacker: Attacker, gained: Gained) -> None:
    victim = town.learner()
    theirs = victim.opened()
    with attacker.attending():
        mine = attacker.opened()
        town.site.shift(seconds=10)
        statuses = [
            attacker.client.tell(theirs, 1, (0, 10 * S, 0, 10 * S), bearer=mine["token"]).status_code,
            attacker.client.tell(theirs, 1, (0, 10 * S, 0, 10 * S), bearer=attacker.client.bearer).status_code,
            attacker.client.send("DELETE", f"/playbacks/{theirs['id']}").status_code,
        ]
    assert statuses == [404, 404, 404]
    assert victim.counted_ms() == 0
    gained(attacker)


def test_forged_and_altered_tokens(town: Town, attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened()
        town.site.shift(seconds=10)
    attacker.passes(60)
    head, payload, mac = lesson["token"].split(".")
    vouched = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    later = base64.urlsafe_b64encode(json.dumps(vouched | {"duration_ms": 10**9}).encode()).decode().rstrip("=")
    forged = Signer(b"another key" * 3).sign(
        Pass(lesson["id"], vouched["subject_key"], 10**9, to_ms(town.site.now()) + 10**9)
    )
    tokens = [
        f"{head}.{later}.{mac}", f"{head}.{payload}.{mac[:-2]}AA", f"{head}.{payload}.", f"{head}.{payload}",
        f"{head}.{payload}.{mac}=", forged, "xp1.", "xp1..", "xp1.e30.e30", lesson["token"] + "\t.", "",
    ]  # fmt: skip
    for token in tokens:
        answer = Client(town.site, "").tell(lesson, 1, (0, 50 * S, 0, 50 * S), bearer=token or "none")
        assert answer.status_code == 401, token
    gained(attacker)


def test_a_token_after_its_playback_ended(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(5)
        attacker.client.tell(lesson, 1, (0, 5 * S, 0, 5 * S))
        attacker.client.close(lesson)
    attacker.passes(60)
    assert attacker.client.tell(lesson, 2, (5 * S, 60 * S, 5 * S, 60 * S)).status_code == 410
    attacker.passes(25 * 3_600)
    assert attacker.client.tell(lesson, 3, (5 * S, 60 * S, 5 * S, 60 * S)).status_code == 401
    gained(attacker)


@pytest.mark.parametrize("state", ["hidden", "paused"])
def test_beats_while_away(attacker: Attacker, gained: Gained, state: str) -> None:
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(5)
        attacker.client.tell(lesson, 1, (0, 5 * S, 0, 5 * S), state=state)
    for n in range(2, 9):
        attacker.passes(5)
        attacker.client.tell(lesson, n, ((n - 1) * 5 * S, n * 5 * S, (n - 1) * 5 * S, n * 5 * S), state=state)
    gained(attacker)


@pytest.mark.parametrize("rows", [((0, 5 * S, 0, 5 * S),), ()], ids=["with spans", "without"])
def test_the_time_away_claimed_by_an_earlier_number(
    attacker: Attacker, gained: Gained, rows: tuple[tuple[int, ...], ...]
) -> None:
    """Hidden by number 50; then number 10 says that it played on."""
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(5)
        attacker.client.tell(lesson, 50, *rows, state="hidden")
    attacker.passes(60)
    attacker.client.tell(lesson, 60, state="hidden")
    low = 5 * S if rows else 0
    assert attacker.client.tell(lesson, 10, (low, 65 * S, low, 65 * S)).status_code == 200
    gained(attacker)


def test_seeking_where_it_is_blocked(town: Town, gained: Gained) -> None:
    attacker = town.learner("CZ-WJ")
    lesson = attacker.opened()
    assert lesson["seek_forward"] == "blocked"
    town.site.shift(seconds=30)
    answer = attacker.client.tell(lesson, 1, (300 * S, 330 * S, 0, 30 * S)).json()
    assert answer["not_counted"] == [{"reason": "forward_seek", "wall_ms": 30 * S}]
    gained(attacker)


def test_seeking_step_by_step_where_it_is_blocked(town: Town, gained: Gained) -> None:
    """A second is played at each place, each a little beyond what is covered."""
    attacker = town.learner("CZ-WJ")
    with attacker.attending():
        lesson = attacker.opened()
        town.site.shift(seconds=1)
        attacker.client.tell(lesson, 0, (0, S, 0, S))
    for n in range(1, 20):
        town.site.shift(seconds=1)
        low = n * 20 * S
        attacker.client.tell(lesson, n, (low, low + S, n * S, (n + 1) * S))
    gained(attacker)


def test_prompts_answered_by_a_script_that_only_looks_late(town: Town, gained: Gained) -> None:
    """It sees each prompt when its time is over, answers then, and plays on all the while."""
    attacker = town.learner("CZ-XB")
    with attacker.attending():
        lesson = attacker.opened(2)
        prompt = None
        for n in range(1, 41):
            town.site.shift(seconds=10)
            row = ((n - 1) * 10 * S, n * 10 * S, (n - 1) * 10 * S, n * 10 * S)
            prompt = prompt or attacker.client.tell(lesson, n, row).json()["prompt"]
            if prompt:
                break
    assert prompt is not None
    for n in range(41, 81):  # nobody is there any more
        town.site.shift(seconds=35)
        answer = attacker.client.send(
            "POST", f"/playbacks/{lesson['id']}/presence", bearer=lesson["token"],
            json={"prompt": prompt["id"], "answer": True},
        ).json()  # fmt: skip
        assert answer["result"] == "missed"
        low = 400 * S + (n - 41) * 35 * S
        prompt = attacker.client.tell(lesson, n, (low, low + 35 * S, low, low + 35 * S)).json()["prompt"]
        assert prompt is not None
    gained(attacker)


def test_prompts_dodged_by_opening_anew(town: Town, gained: Gained) -> None:
    attacker = town.learner("CZ-XB")
    enrolment_id = attacker.enrolled()
    lesson_id = town.courses[0][1][2]
    with attacker.attending():
        lesson = attacker.client.open(enrolment_id, lesson_id)
        for n in range(1, 11):
            town.site.shift(seconds=10)
            row = ((n - 1) * 10 * S, n * 10 * S, (n - 1) * 10 * S, n * 10 * S)
            if attacker.client.tell(lesson, n, row).json()["prompt"]:
                break
    for turn in range(10):
        lesson = attacker.client.open(enrolment_id, lesson_id)
        town.site.shift(seconds=40)
        low = (200 + turn * 40) * S
        attacker.client.tell(lesson, 1, (low, low + 40 * S, 0, 40 * S))
    gained(attacker)


def test_a_prompt_of_another_learner(town: Town, attacker: Attacker, gained: Gained) -> None:
    victim = town.learner("CZ-XB")
    theirs = victim.opened(2)
    town.site.shift(seconds=90)
    prompt = victim.client.tell(theirs, 1, (0, 90 * S, 0, 90 * S)).json()["prompt"]
    mine = attacker.opened(2)
    for path, bearer in ((mine["id"], mine["token"]), (theirs["id"], mine["token"]), (theirs["id"], attacker.client.bearer)):
        body = {"prompt": prompt["id"], "answer": True}
        answer = attacker.client.send("POST", f"/playbacks/{path}/presence", bearer=bearer, json=body)
        assert answer.status_code == 404
    gained(attacker)


@pytest.mark.parametrize(
    "body",
    [
        b'{"seq":1,"spans":[{"from_ms":0,"to_ms":NaN,"began_ms":0,"ended_ms":1}],"state":"playing"}',
        b'{"seq":1,"spans":[{"from_ms":0,"to_ms":1e9,"began_ms":0,"ended_ms":1}],"state":"playing"}',
        b'{"seq":1,"spans":[{"from_ms":0,"to_ms":1.5,"began_ms":0,"ended_ms":1}],"state":"playing"}',
        b'{"seq":true,"spans":[],"state":"playing"}',
        b'{"seq":-1,"spans":[],"state":"playing"}',
        b'{"seq":2147483648,"spans":[],"state":"playing"}',
        b'{"seq":1,"spans":[{"from_ms":0,"to_ms":99999999999999999999,"began_ms":0,"ended_ms":1}],"state":"playing"}',
        b'{"seq":1,"spans":[],"state":"watching"}',
        b'{"seq":1,"spans":null,"state":"playing"}',
        b'{"seq":1,"state":"playing"}',
        b"[]", b"", b"{", b"\xff\xfe", b"null",
        gzip.compress(b'{"seq":1,"spans":[],"state":"playing"}'),
    ],
)  # fmt: skip
def test_bodies_that_are_no_beats(attacker: Attacker, body: bytes) -> None:
    lesson = attacker.opened()
    attacker.passes(5)
    answer = attacker.client.tell(lesson, 1, data=body, json=None, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid"
    assert attacker.client.tell(lesson, 1, (0, S, 0, S)).status_code == 200  # nothing was stored


def test_a_body_too_large(attacker: Attacker) -> None:
    lesson = attacker.opened()
    body = json.dumps(beat(1, *((n, n + 1, n, n + 1) for n in range(3_000)))).encode()
    assert attacker.client.tell(lesson, 1, data=body, json=None).status_code == 413


def test_a_key_told_twice(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(5)
        body = b'{"seq":1,"seq":2,"spans":[{"from_ms":0,"to_ms":5000,"to_ms":600000,"began_ms":0,"ended_ms":5000}],"state":"paused","state":"playing"}'
        attacker.client.tell(lesson, 1, data=body, json=None)
    gained(attacker)


def test_the_largest_number_then_the_smallest(attacker: Attacker, gained: Gained) -> None:
    with attacker.attending():
        lesson = attacker.opened()
        attacker.passes(5)
        attacker.client.tell(lesson, 2**31 - 1, (0, 5 * S, 0, 5 * S))
        attacker.client.tell(lesson, 0, (5 * S, 10 * S, 0, 5 * S))
    gained(attacker)


def test_the_measure_finds_a_door_that_lets_time_in(town: Town) -> None:
    """With a beat let in that no clock stands behind, the same measure says so."""
    attacker = town.learner()
    lesson = attacker.opened()
    app = town.site.app()
    with app.extensions["xueshi_db"].writing() as session:
        from courses.watch.models import Beat, Playback

        playback = session.get_one(Playback, lesson["id"])
        playback.closed_at, playback.close_reason = playback.opened_at.replace(year=playback.opened_at.year + 1), "finished"
        session.add(
            Beat(
                playback_id=lesson["id"], seq=1, body_hash=b"\0" * 32, spans=[[0, 60 * S, 0, 60 * S]],
                state="playing", received_at=town.site.now(), status=200, answer={},
            )
        )  # fmt: skip
    app.extensions["xueshi_quick"].close()
    app.extensions["xueshi_db"].engine.dispose()
    assert attacker.counted_ms() - attacker.really_ms > 50 * S
