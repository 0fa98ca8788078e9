"""Fixtures for every test: a fresh database on SQLite and on a real PostgreSQL, the app, its clock.

A test that takes `database` (or what hangs on it) runs once on each engine. PostgreSQL is a server of
our own on a Unix socket, started once a worker; `XUESHI_TEST_ENGINES=sqlite` leaves it out while you
work, `.ci/run` never does.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app import db, direct
from app.db import Database
from app.settings import Settings
from tests.postgres import Server
from tests.seaweed import Seaweed

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from courses.people.vault import Vault

ENGINES = os.environ.get("XUESHI_TEST_ENGINES", "sqlite,postgresql").split(",")
KEY = bytes(range(32))


def create_all(url: str) -> None:
    """Every table of the house. Imported late: a pure test needs none of it."""
    import app.tables  # noqa: F401
    from media.base import Base

    engine = create_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()


class Clock:
    """A clock that a test moves: `clock.now`, `clock.tick(seconds=...)`."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def tick(self, **delta: float) -> datetime:
        """Move forward by a `timedelta`'s arguments."""
        self.at += timedelta(**delta)
        return self.at


@pytest.fixture
def clock() -> Clock:
    """2026-06-01 09:00 in Shanghai, standing still."""
    return Clock(datetime(2026, 6, 1, 1, 0, tzinfo=UTC))


@pytest.fixture
def now(clock: Clock) -> datetime:
    """The clock's first instant."""
    return clock.at


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL of this test worker's own, with one prepared template database."""
    server = Server()
    server.start()
    try:
        server.create("template_xueshi")
        create_all(server.url("template_xueshi"))
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    create_all(f"sqlite:///{path}")
    return path


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database with every table, on each engine in turn."""
    if request.param == "sqlite":
        path = tmp_path / "xueshi.sqlite"
        path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        yield f"sqlite:///{path}"
        return
    server: Server = request.getfixturevalue("postgres_server")
    name = "t" + secrets.token_hex(6)
    server.create(name, template="template_xueshi")
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The database, with the house's own two ways to use it."""
    found = Database(database_url)
    yield found
    found.engine.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One writing session, rolled back at the end."""
    connection = database.engine.connect().execution_options(xueshi_writes=True)
    with Session(connection, expire_on_commit=False) as opened:
        yield opened
        opened.rollback()
    connection.close()


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """A real S3 server of this test worker's own, with an empty bucket."""
    server = Seaweed(tmp_path_factory.mktemp("seaweed"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """Debian's Chromium, which plays H.264; one for all tests of a worker, which can have no second."""
    from playwright.sync_api import sync_playwright  # the pure tests need none of it

    from tests.browser.checks import CHROMIUM, FLAGS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def vault() -> "Vault":
    """A vault with known keys."""
    from courses.people.vault import Vault

    return Vault(KEY, KEY[::-1])


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings for one test, everything below its own directory."""
    return Settings(
        data_dir=tmp_path,
        search_dir=tmp_path / "search",
        database_url=database_url,
        secret_key=KEY,
        vault_key=KEY,
        index_key=KEY[::-1],
        log_level="ERROR",
    )


@pytest.fixture
def app(settings: Settings, clock: Callable[[], datetime]) -> Iterator[Flask]:
    """The whole application on the test's database, clock and directory."""
    from app import create_app

    made = create_app(settings, now=clock)
    made.config["TESTING"] = True
    yield made
    made.extensions["xueshi_quick"].close()
    made.extensions["xueshi_db"].engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a window."""
    return app.test_client()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What tests measured, by kind: what attacks gained, what interruptions lost."""
    kinds: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", []):
        for kind, line in report.user_properties if report.when == "call" else ():
            kinds.setdefault(kind, []).append(line)
    for kind, lines in sorted(kinds.items()):
        terminalreporter.section(kind)
        for line in sorted(lines, key=lambda one: one[10:]):
            terminalreporter.line(line)


@pytest.fixture(scope="session", autouse=True)
def _made_for_one_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What only pays in a process that lives long: templates are compiled once for all applications, and
    SQLite waits for no disk. Sites that lose their power are processes of their own, and do.
    """
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))}
    for module in (db, direct):
        module.SQLITE_PRAGMAS = (*module.SQLITE_PRAGMAS, "PRAGMA synchronous=OFF")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("XUESHI_")]:
        if not name.startswith("XUESHI_TEST_"):
            monkeypatch.delenv(name)


def text_scalar(session: Session, statement: str) -> object:
    """The one value of a plain SQL statement."""
    return session.execute(text(statement)).scalar()
