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
