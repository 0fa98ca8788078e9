"""Requests that race: the same number told at once, and devices opened at once, on each engine."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.db import Database
from courses import enrolment
from courses.watch import playbacks, presence
from courses.watch.models import Beat, Playback
from tests import watching
from tests.watching import Device

S = 1_000
AT_ONCE = 6


@pytest.fixture
def enrolled(database: Database, now: datetime) -> str:
    with database.writing() as session:
        watching.policy(session, now=now)
        lu = watching.person(session, now=now)
        return watching.taking(session, lu, now=now).enrolment.id


def device(session: Any, enrolment_id: str) -> Device:
    mine = session.get_one(enrolment.Enrolment, enrolment_id)
    return Device(session, enrolment.taking(session, mine))


def at_once(work: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(work, range(AT_ONCE)))


def test_one_number_told_at_once_is_stored_once_and_answered_alike(
    database: Database, enrolled: str, now: datetime
) -> None:
    with database.writing() as session:
        playback = device(session, enrolled).open(now)

    def tell(_number: int) -> dict[str, Any]:
        with database.writing() as session:
            phone = device(session, enrolled)
            phone.playback = session.get_one(Playback, playback.id)
            return phone.tell(now + timedelta(seconds=6), (0, 5 * S, 0, 5 * S), seq=1)

    answers = at_once(tell)
    assert all(answer == answers[0] for answer in answers)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Beat)) == 1


def test_devices_opened_at_once_leave_one_open_and_never_overlap(
    database: Database, enrolled: str, now: datetime
) -> None:
    def open_one(number: int) -> None:
        with database.writing() as session:
            device(session, enrolled).open(now + timedelta(milliseconds=10 * (number % 3)))

    at_once(open_one)
    with database.reading() as session:
        rows = session.scalars(select(Playback)).all()
    assert len(rows) == AT_ONCE
    assert sum(row.closed_at is None for row in rows) == 1
    spans = sorted((row.opened_at, row.closed_at or datetime.max.replace(tzinfo=now.tzinfo)) for row in rows)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def test_a_prompt_answered_in_the_old_page_and_the_new_one_at_once(database: Database, now: datetime) -> None:
    with database.writing() as session:
        watching.policy(session, now=now, prompts={"every_ms": 60_000, "answer_within_ms": 60_000})
        lu = watching.person(session, now=now)
        phone = Device(session, watching.taking(session, lu, now=now, durations_ms=(600_000,)))
        first = phone.open(now)
        first.prompt_due_ms = 0
        shown = [(first.id, phone.tell(now + timedelta(seconds=2), (0, S, 0, S))["prompt"]["id"])]
        for turn in (3, 4):
            opened = phone.open(now + timedelta(seconds=turn))
            told = phone.tell(now + timedelta(seconds=turn + 3), (S, 2 * S, 0, S))["prompt"]
            shown.append((opened.id, told["id"]))

    def answer(number: int) -> presence.Result:
        playback_id, prompt_id = shown[number % len(shown)]
        with database.writing() as session:
            playback = playbacks.locked(session, playback_id, subject_key=lu)
            return presence.answer(
                session, playback, prompt_id=prompt_id, given=True, plan=None, now=now + timedelta(seconds=10)
            )

    assert set(at_once(answer)) == {presence.Result.PASSED}
    with database.reading() as session:
        checks = presence.checks(session, [one for one, _ in shown], known_at=now + timedelta(hours=1))
    assert {check.result for check in checks} == {"pass"}
    assert len(checks) == len(shown)
