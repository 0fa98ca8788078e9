"""A site with one lesson of a real clip, in which somebody is enrolled, for tests of the learning page.

A module takes `site`, `fresh` and `phone` by importing them.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typst
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from app import create_app, messages
from app.demo import sending
from app.settings import Settings
from courses import enrolment
from courses.catalogue import editions, handouts, lessons
from courses.people import accounts, sign_ins
from courses.people.persons import Person
from courses.people.sign_ins import SignInKind
from courses.watch.models import Playback
from media.assets import AssetKind
from tests import clips, shelves, watching
from tests.browser.checks import Look

KEY = bytes(range(32))
CLIP_S = 45
SLIDES = "#set page(width: 960pt, height: 540pt)\n= Gas before entry\n#pagebreak()\n= Watch from outside"
QUESTION = "何时可以进入有限空间？"
CHOICES = ("检测合格并有人监护时", "随时", "班长口头同意后")
PHONE = Look(360, 740, "light", "en")


@dataclass
class Site:
    """The running application with one lesson of a real clip, in which Lu is enrolled."""

    app: Flask
    url: str
    token: str
    enrolment_id: str
    lesson_id: str

    @property
    def page(self) -> str:
        return f"/watch/{self.enrolment_id}/{self.lesson_id}"

    def standing(self) -> Any:
        with self.app.app_context(), self.app.extensions["xueshi_db"].reading() as session:
            mine = session.get_one(enrolment.Enrolment, self.enrolment_id)
            now = self.app.extensions["xueshi_clock"]()
            return watching.stands(session, mine, now=now).lessons[0]

    def ends_of_playbacks(self) -> list[str | None]:
        with self.app.extensions["xueshi_db"].reading() as session:
            rows = session.query(Playback).filter_by(enrolment_id=self.enrolment_id)
            return [row.close_reason for row in rows]

    def effective_ms(self) -> int:
        return int(self.standing().effective_ms)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.make(tmp_path_factory.mktemp("clip") / "clip.mp4", rate="15", seconds=CLIP_S)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, clip: Path) -> Iterator[Site]:
    messages.compile_all()
    folder = tmp_path_factory.mktemp("watched")
    (folder / "xueshi.sqlite").write_bytes(sqlite_template.read_bytes())
    settings = Settings(
        data_dir=folder, search_dir=folder / "search", secret_key=KEY, vault_key=KEY,
        index_key=KEY[::-1], log_level="ERROR", beat_every_ms=3_000,
    )  # fmt: skip
    app = create_app(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield stock(app, clip, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    app.extensions["xueshi_db"].engine.dispose()


def stock(app: Flask, clip: Path, url: str) -> Site:
    """A course of one real lesson, and Lu enrolled and signed in."""
    database = app.extensions["xueshi_db"]
    now = app.extensions["xueshi_clock"]()
    with app.app_context():
        with database.writing() as session:
            owner_id = shelves.institution(session).id
        asset_id = sending.send(app, clip, owner=owner_id)
        sending.make_ready(app, asset_id)
        slides = clip.with_name("课件.pdf")
        slides.write_bytes(typst.compile(SLIDES.encode()))
        slides_id = sending.send(app, slides, owner=owner_id, kind=AssetKind.DOCUMENT)
        sending.make_ready(app, slides_id)
        with database.writing() as session:
            watching.policy(session, now=now)
            owner = session.get_one(shelves.Organisation, owner_id)
            course = shelves.draft(session, owner, now=now, durations_ms=(60_000,))
            (lesson,) = lessons.in_order(session, course)
            lessons.attach(session, course, lesson_id=lesson.id, asset_id=asset_id, now=now)
            handouts.add(session, course, lesson_id=lesson.id, asset_id=slides_id, now=now)
            lessons.ask(session, course, lesson_id=lesson.id, text=QUESTION, choices=CHOICES, now=now)
            shelves.approve(session, course, now=now)
            account = accounts.create(
                session, app.extensions["xueshi_vault"], name="13900000001", password_hash="-",
                now=now, locale="en",
            )  # fmt: skip
            person = session.get_one(Person, account.person_id)
            person.registered_at, person.district_id = now, "CZ-TN"
            token = sign_ins.begin(
                session, account, kind=SignInKind.BROWSER, agent="", lasts=timedelta(days=1), now=now
            ).token
        return Site(app, url, token, enrol(app, course.id, account.person_id), lesson.id)


def enrol(app: Flask, course_id: str, person_id: str) -> str:
    """A fresh enrolment; an earlier one of the same course has ended."""
    database = app.extensions["xueshi_db"]
    now = app.extensions["xueshi_clock"]()
    with database.writing() as session:
        subject = session.query(shelves.Subject).filter_by(person_id=person_id).one().key
        for earlier in enrolment.mine(session, subject):
            earlier.expires_at = now
        edition = editions.current(session, course_id)
        assert edition is not None
        return enrolment.enrol(
            session, subject_key=subject, course_id=course_id, edition=edition,
            jurisdiction_id="CZ-TN", now=now,
        ).id  # fmt: skip


@pytest.fixture
def fresh(site: Site) -> Site:
    """The site with an enrolment in which nothing was watched yet."""
    with site.app.extensions["xueshi_db"].reading() as session:
        mine = session.get_one(enrolment.Enrolment, site.enrolment_id)
        subject = session.get_one(shelves.Subject, mine.subject_key)
        course_id, person_id = mine.course_id, subject.person_id
    assert person_id is not None
    site.enrolment_id = enrol(site.app, course_id, person_id)
    return site


@pytest.fixture
def phone(chromium: Browser, fresh: Site) -> Iterator[BrowserContext]:
    context = signed_in(chromium, fresh)
    yield context
    context.close()


def signed_in(chromium: Browser, site: Site, look: Look = PHONE) -> BrowserContext:
    """A browser in which Lu is signed in."""
    context = chromium.new_context(
        base_url=site.url,
        viewport={"width": look.width, "height": look.height},
        color_scheme=look.scheme,
        reduced_motion="reduce",
    )
    context.set_default_timeout(20_000)
    serializer = site.app.session_interface.get_signing_serializer(site.app)  # type: ignore[attr-defined]
    value = serializer.dumps({"sign_in": site.token, "locale": look.locale, "_permanent": True})
    context.add_cookies([{"name": "xueshi", "value": value, "url": site.url}])
    return context


def play(page: Page, site: Site) -> None:
    """Open the learning page and press play; returns once the picture moves."""
    page.goto(site.page)
    page.wait_for_selector("[data-watch][data-ready]")
    comes_true(page, "video.readyState > 2")
    page.click("[data-play]")
    moves(page)


def watch_whole(page: Page, seconds: float = 120) -> None:
    """Until the lesson is whole; what the picture skipped on a busy machine is made up, as anybody would."""
    ends = time.monotonic() + seconds
    while not page.is_visible("[data-afterwards]"):
        assert time.monotonic() < ends, "the lesson never became whole"
        if page.evaluate("document.querySelector('video').ended") and page.is_visible("[data-missing] button"):
            page.click("[data-missing] button >> nth=0")
        page.wait_for_timeout(500)


def moves(page: Page) -> None:
    comes_true(page, "!video.paused && video.currentTime > 0.2")


def comes_true(page: Page, condition: str, seconds: float = 20) -> None:
    """Wait for something about the `video`; Playwright's own waiting needs an eval that our policy forbids."""
    ends = time.monotonic() + seconds
    while not page.evaluate(f"() => {{ const video = document.querySelector('video'); return {condition}; }}"):
        assert time.monotonic() < ends, condition
        page.wait_for_timeout(100)
