"""A consent withdrawn while a photo is judged: whichever comes first, no picture outlives the withdrawal."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from app.db import Database
from courses import enrolment, errors
from courses.watch import faces
from courses.watch.faces import Seen
from courses.watch.models import FacePicture, Playback, Prompt
from courses.watch.presence import Plan, Way
from tests import watching
from tests.watching import Device

PLAN = Plan(60_000, 30_000, Way.FACE)


@pytest.mark.parametrize("turn", range(4))
def test_no_picture_outlives_a_withdrawal(database: Database, now: datetime, turn: int) -> None:
    with database.writing() as session:
        watching.policy(session, now=now)
        lu = watching.person(session, now=now)
        playback = Device(session, watching.taking(session, lu, now=now)).open(now)
        prompt = Prompt(
            playback_id=playback.id, way="tap", shown_at=now, answer_by=now + timedelta(seconds=30), is_face=True
        )
        session.add(prompt)
        given = faces.begin(session, subject_key=lu, fingerprint=b"g" * 32, now=now)
        faces.agree(session, subject_key=lu, key=given, text_version="1", now=now)
        unlike = faces.begin(session, subject_key=lu, fingerprint=b"u" * 32, now=now)
        mine = session.get_one(enrolment.Enrolment, playback.enrolment_id)
        assert mine.subject_key == lu
    both = Barrier(2)
    at = now + timedelta(seconds=10)

    def judge() -> str:
        both.wait()
        try:
            with database.writing() as session:
                return faces.judge(
                    session, session.get_one(Playback, playback.id), prompt_id=prompt.id,
                    seen=Seen(given, 700_000, 600_000, "dlib", b"u" * 32, unlike), received_at=at, plan=PLAN, now=at,
                )  # fmt: skip
        except errors.Conflict as refusal:
            return refusal.code

    def withdraw() -> list[str]:
        both.wait()
        with database.writing() as session:
            return faces.withdraw(session, subject_key=lu, now=at)

    with ThreadPoolExecutor(2) as threads:
        judged, withdrawn = threads.submit(judge), threads.submit(withdraw)
    assert judged.result() in ("fail", "conflict")
    assert sorted(withdrawn.result()) == sorted([given, unlike])
    with database.reading() as session:
        assert all(ends is not None and ends <= at for ends in session.scalars(select(FacePicture.delete_at)))
