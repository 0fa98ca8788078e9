"""What a learner's life costs: a day's settling, the statement's page beside many others, a year from its beginning.

The page is asked of the whole application by its test client, on either engine; the other people's entries
are made by one statement. CPU is this process's own, and for PostgreSQL the page's time includes the server's.
"""

import os
import shutil
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import create_app
from app.cli import migrate
from app.db import Database
from app.settings import Settings
from bench.serving import DURABLE, KEY
from courses.credit import recompute
from courses.credit.evidence import Stretch
from courses.ledger import evidence, settlement
from media.base import to_ms
from tests import ledgers, watching
from tests.conftest import Clock
from tests.postgres import Server

DAYS = int(os.environ.get("BENCH_DAYS", "20"))
LEDGER = int(os.environ.get("BENCH_LEDGER", "200000"))
ENGINES = os.environ.get("BENCH_ENGINES", "sqlite postgresql").split()
BEGUN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PAGES, STRETCHES, PER_DAY, STRETCH_MS = 15, 20_000, 100, 15_000
OTHERS = """
INSERT INTO entries (id, subject_key, kind, about, at, hours_num, hours_den, policy, written_at)
SELECT {name}, 'other' || (n % 100000), 'posting', 'course' || (n % 1000), {at}, 1, 7, 'cz@1', {at} FROM {source}
"""
COUNTED = {
    "sqlite": {
        "name": "'o' || n", "at": "1767600000000 + n",
        "source": "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < :count) SELECT n FROM c)",
    },
    "postgresql": {
        "name": "'o' || n", "at": "timestamptz '2026-01-05 08:00Z' + n * interval '1 ms'",
        "source": "generate_series(1, :count) AS n",
    },
}  # fmt: skip


def days_figures(database: Database) -> dict[str, float]:
    """A new course each day, watched for a minute and settled; the second half of the days is measured."""
    took = []
    now = BEGUN
    with database.writing() as session:
        watching.policy(session, now=now, daily_cap_ms=28_800_000)
        lu = watching.person(session, now=now)
    for _ in range(DAYS):
        now += timedelta(days=1)
        with database.writing() as session:
            ledgers.watch(session, watching.taking(session, lu, now=now), now)
        began = time.process_time()
        with database.writing() as session:
            settlement.settle(session, lu, now=now + 2 * MINUTE)
        took.append((time.process_time() - began) * 1000)
    half = sorted(took[DAYS // 2 :])
    return {"settled_day_cpu_ms": round(half[len(half) // 2], 1)}


def year_figures(session: Session) -> dict[str, float]:
    """20 000 stretches of one learner, from the evidence to the statement."""
    lessons = STRETCHES // PER_DAY
    lu = watching.person(session, now=BEGUN)
    taken = watching.taking(session, lu, now=BEGUN, durations_ms=(PER_DAY * STRETCH_MS,) * lessons)
    known = evidence.of(session, lu, as_of=BEGUN + timedelta(days=lessons + 1))
    begun = to_ms(BEGUN)
    stretches = [
        Stretch(
            f"s{day}-{at}", taken.enrolment.id, taken.lessons[day].lesson_id, f"p{day}",
            begun + day * 86_400_000 + at * STRETCH_MS, begun + day * 86_400_000 + (at + 1) * STRETCH_MS,
            at * STRETCH_MS, (at + 1) * STRETCH_MS,
        )
        for day in range(lessons) for at in range(PER_DAY)
    ]  # fmt: skip
    began = time.process_time()
    found = recompute.statement(replace(known, stretches=stretches))
    took = time.process_time() - began
    assert found.enrolments[0].effective_ms == STRETCHES * STRETCH_MS
    return {"year_recomputed_cpu_s": round(took, 2)}


def page_figures(app: Flask, clock: Clock, engine: str) -> dict[str, float]:
    """The statement's page with the learner's own entries alone, and with everybody else's."""
    lu = ledgers.learner(app, now=clock.at)
    ledgers.live(app, lu.subject_key, clock)
    clock.tick(days=1)
    database: Database = app.extensions["xueshi_db"]

    def page_ms() -> float:
        took = []
        for _ in range(PAGES):
            began = time.perf_counter()
            assert lu.browser.get("/ledger/").status_code == 200
            took.append((time.perf_counter() - began) * 1000)
        return min(took)  # the machine's other work only adds

    page_ms()
    few = page_ms()
    with database.writing() as session:
        session.execute(text(OTHERS.format(**COUNTED[engine])), {"count": LEDGER})
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE entries")
    page_ms()
    many = page_ms()
    return {
        f"page_{engine}_ms": round(few, 1), f"page_{engine}_many_ms": round(many, 1),
        f"page_{engine}_ratio": round(many / few, 2),
    }  # fmt: skip


def figures() -> dict[str, float]:
    """All of it, each engine in a folder of its own."""
    found: dict[str, float] = {"others": LEDGER}
    for engine in ENGINES:
        with ExitStack() as stack:
            folder = Path(tempfile.mkdtemp(prefix="xs-bench-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            url = f"sqlite:///{folder / 'xueshi.sqlite'}"
            if engine == "postgresql":
                server = Server(DURABLE)
                stack.callback(server.stop)
                server.start()
                server.create("bench")
                url = server.url("bench")
            settings = Settings(
                data_dir=folder, search_dir=folder / "search", database_url=url, secret_key=KEY,
                vault_key=KEY, index_key=KEY[::-1], log_level="ERROR",
            )  # fmt: skip
            migrate(settings)
            clock = Clock(datetime(2026, 6, 1, 1, 0, tzinfo=UTC))  # after the day that `ledgers.live` knows
            app = create_app(settings, now=clock)
            stack.callback(app.extensions["xueshi_db"].engine.dispose)
            stack.callback(app.extensions["xueshi_quick"].close)
            found |= page_figures(app, clock, engine)
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(
            data_dir=Path(name), search_dir=Path(name), database_url=f"sqlite:///{name}/x.sqlite", secret_key=KEY,
            vault_key=KEY, index_key=KEY[::-1],
        )  # fmt: skip
        migrate(settings)
        database = Database(settings.database_url)
        found |= days_figures(database)
        with database.writing() as session:
            found |= year_figures(session)
        database.engine.dispose()
    return found
