"""The operator's check of the store, as the command runs it: every feature's files are known to it."""

from datetime import datetime
from hashlib import sha256

from flask import Flask
from sqlalchemy import select

from app.media import check
from courses.people.persons import Subject
from courses.watch.models import FacePicture
from media.base import new_id
from media.storage import Store, address_of
from tests import shelves_app
from tests.client.test_media_sending import Sender
from tests.conftest import Clock


def told(app: Flask, **asked: bool) -> tuple[int, list[str]]:
    """How many findings are left, and the lines that the operator reads."""
    lines: list[str] = []
    left = check.run(app, lines.append, **{"deep": True, "removes": False, **asked})
    return left, lines


def test_a_check_knows_every_features_files_and_removes_orphans_when_asked(
    app: Flask, now: datetime, clock: Clock
) -> None:
    page = shelves_app.staff(app, shelves_app.institution(app), now=now)
    sender = Sender(page, b"0123456789")
    sender.begin()
    sender.part(1)  # an upload that goes on
    store: Store = app.extensions["xueshi_store"]
    key = f"faces/{new_id()}"
    with app.extensions["xueshi_db"].writing() as session:
        subject_key = session.scalars(select(Subject.key)).first()
        session.add(
            FacePicture(key=key, subject_key=subject_key, fingerprint=bytes(32), taken_at=now)
        )
    store.put(key, b"sealed")
    store.put("faces/nobodys", b"sealed")
    store.put(address_of(sha256(b"x").digest()), b"x")
    clock.at = datetime.now(now.tzinfo)  # the store's own clock says how old its files are
    assert told(app) == (0, ["0 findings, 0 removed."])
    clock.tick(days=15)
    left, lines = told(app)
    assert left == 2
    assert lines[-1] == "2 findings, 0 removed."
    left, lines = told(app, removes=True)
    assert left == 0
    assert "orphan: faces/nobodys (6 bytes), removed" in lines
    assert store.exists(key)
    assert len(list(store.opened())) == 1, "what is arriving is left alone"
