"""A whole small city with a real lecture, served over HTTP, its worker beside it, and a real phone's browser."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from app import clock, create_app, jobs, messages
from app.demo import city, past, sending
from app.demo.plan import PLANS
from app.settings import Settings
from courses.catalogue import lessons
from courses.catalogue.models import Course
from tests import clips
from tests.seaweed import ACCESS_KEY, BUCKET, SECRET_KEY, Seaweed

LECTURE_S = 9
PHONE = {"width": 360, "height": 740}
KEY = bytes(range(32))


@pytest.fixture(scope="session")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real film of a few seconds, with sound."""
    return clips.make(tmp_path_factory.mktemp("films") / "lecture.mp4", rate="12", seconds=LECTURE_S)


@dataclass(frozen=True, slots=True)
class Town:
    """Where the site is, and what was made in it."""

    url: str
    app: Flask
    course_id: str
    priced_id: str


@pytest.fixture
def store(request: pytest.FixtureRequest, database_url: str) -> dict[str, Any]:
    """Files in a directory beside SQLite, in a real S3 beside PostgreSQL: small and scaled."""
    if database_url.startswith("sqlite"):
        return {}
    server: Seaweed = request.getfixturevalue("seaweed")
    return {
        "media_store": "s3", "s3_endpoint": server.endpoint, "s3_bucket": BUCKET,
        "s3_access_key": ACCESS_KEY, "s3_secret_key": SECRET_KEY,
    }  # fmt: skip


@pytest.fixture
def town(database_url: str, tmp_path: Path, lecture: Path, store: dict[str, Any]) -> Iterator[Town]:
    """The demonstration's people and rules, one free and one priced course of one short lecture each."""
    messages.compile_all()
    app = create_app(
        Settings(
            data_dir=tmp_path,
            search_dir=tmp_path / "search",
            database_url=database_url,
            secret_key=KEY,
            vault_key=KEY,
            index_key=KEY[::-1],
            log_level="ERROR",
            beat_every_ms=2_000,
            **store,
        )
    )
    database = app.extensions["xueshi_db"]
    with app.app_context(), database.writing() as session:
        city.begin(session, app.extensions["xueshi_vault"])
    free, priced = (offer(app, plan, lecture) for plan in (PLANS[0], PLANS[3]))
    with app.app_context():
        app.extensions["xueshi_reindex"]()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with served(server.serve_forever, server.shutdown), served(*worker(app)):
        yield Town(f"http://127.0.0.1:{server.server_port}", app, free, priced)
    database.engine.dispose()


def offer(app: Flask, plan: object, film: Path) -> str:
    """One course on offer, of one lesson."""
    database, vault = app.extensions["xueshi_db"], app.extensions["xueshi_vault"]
    with app.app_context():
        with database.writing() as session:
            course_id, owner = city.draft(session, vault, plan)  # type: ignore[arg-type]
            course = session.get_one(Course, course_id)
            for extra in lessons.in_order(session, course)[1:]:
                lessons.remove(session, course, lesson_id=extra.id, now=course.changed_at)
        asset_id = sending.send(app, film, owner=owner)
        sending.make_ready(app, asset_id)
        with database.writing() as session:
            course = session.get_one(Course, course_id)
            first = lessons.in_order(session, course)[0]
            lessons.attach(session, course, lesson_id=first.id, asset_id=asset_id, now=course.changed_at)
            at = clock.now() - timedelta(days=40)
            past.publish(session, city.actor(session, vault, past.OFFICER), course, at=at)
    return course_id


def worker(app: Flask) -> tuple[Callable[[], None], Callable[[], None]]:
    """What the worker's minute sweep does, every half second."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(0.5):
            jobs.run_due(app)

    return run, over.set


@contextmanager
def served(run: Callable[[], None], stop: Callable[[], None]) -> Iterator[None]:
    """Run something beside the test until the test is over."""
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join(timeout=10)


@pytest.fixture
def phone(chromium: Browser, town: Town) -> Iterator[Callable[[], Page]]:
    """`phone()`: a fresh phone's browser at the town's site."""
    contexts = []

    def fresh() -> Page:
        context = chromium.new_context(
            base_url=town.url, viewport=PHONE, locale="zh-CN", has_touch=True, is_mobile=True,  # type: ignore[arg-type]
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        return context.new_page()

    yield fresh
    for context in contexts:
        context.close()
