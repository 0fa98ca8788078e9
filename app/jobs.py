"""Jobs: the row is the truth, the queue only makes it prompt.

A feature registers `handler(app, row_id)` under its word, and a sweep
`due(session, now) -> [row_id]` that finds whatever is owed. Dispatch after commit makes it prompt;
the periodic sweep dispatches again what a lost message or a killed worker left.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, current_app
from huey import Huey, RedisHuey, SqliteHuey, crontab
from sqlalchemy.orm import Session

from app import clock, db
from app.settings import Settings

log = structlog.get_logger()
LOOK_EVERY_S = 10  # beside the lease of an encoding, 45 s: under a minute

Handler = Callable[[Flask, str], None]
Sweep = Callable[[Session, datetime], list[str]]


@dataclass(slots=True)
class Registry:
    """Handlers and sweeps by job name, as features registered them."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    sweeps: dict[str, Sweep] = field(default_factory=dict)


def make_queue(settings: Settings) -> Huey:
    """Huey on SQLite in the data directory, or on Redis."""
    if settings.huey_url:
        return RedisHuey("xueshi", url=settings.huey_url, results=False)
    Path(settings.data_dir).mkdir(parents=True, exist_ok=True)
    return SqliteHuey("xueshi", filename=str(settings.data_dir / "queue.sqlite"), results=False)


def install(app: Flask, settings: Settings) -> None:
    """Give the application its queue and registry."""
    queue = make_queue(settings)
    registry = Registry()
    app.extensions["xueshi_queue"] = queue
    app.extensions["xueshi_jobs"] = registry

    @queue.task(name="run")  # type: ignore[untyped-decorator]
    def run(name: str, row_id: str) -> None:
        work(app, name, row_id)

    @queue.periodic_task(crontab(minute="*"), name="sweep")  # type: ignore[untyped-decorator]
    def sweep_all() -> None:
        sweep(app)

    app.extensions["xueshi_run"] = run


def register(app: Flask, name: str, handler: Handler, sweep: Sweep) -> None:
    """Announce a job. `handler(app, row_id)` claims its row, and is safe to run twice."""
    registry: Registry = app.extensions["xueshi_jobs"]
    registry.handlers[name] = handler
    registry.sweeps[name] = sweep


def dispatch(session: Session, name: str, row_id: str) -> None:
    """Queue a job once the session's transaction is durable; losing the message loses nothing."""
    run = current_app.extensions["xueshi_run"]

    def send() -> None:
        try:
            run(name, row_id)
        except Exception:  # the sweep will find the row
            log.warning("job.dispatch_failed", job=name, row=row_id)

    db.after(session, send)


def work(app: Flask, name: str, row_id: str) -> None:
    """Run one job now, inside an application context."""
    registry: Registry = app.extensions["xueshi_jobs"]
    with app.app_context():
        log.info("job.begin", job=name, row=row_id)
        try:
            registry.handlers[name](app, row_id)
        except Exception:
            log.exception("job.fault", job=name, row=row_id)
        else:
            log.info("job.end", job=name, row=row_id)


def owed(session: Session, now: datetime) -> dict[str, list[str]]:
    """Rows that are due, by job."""
    registry: Registry = current_app.extensions["xueshi_jobs"]
    return {name: due(session, now) for name, due in registry.sweeps.items()}


def sweep(app: Flask, now: datetime | None = None) -> int:
    """Dispatch whatever is due; returns how many rows that were."""
    run: Any = app.extensions["xueshi_run"]
    count = 0
    with app.app_context():
        with db.reading() as session:
            found = owed(session, now or clock.now())
        for name, rows in found.items():
            for row_id in rows:
                run(name, row_id)
                count += 1
    return count


def look_out(app: Flask) -> None:
    """Sweep between the minutes too, while nothing is queued, so that a killed worker's lease is taken over at once."""
    queue: Huey = app.extensions["xueshi_queue"]
    while True:
        time.sleep(LOOK_EVERY_S)
        try:
            if queue.pending_count() == 0:
                sweep(app)
        except Exception:  # the database or the queue is away: the next look comes
            log.warning("jobs.look_failed", exc_info=True)


def run_due(app: Flask, now: datetime | None = None) -> int:
    """Do whatever is due, in this process."""
    count = 0
    with app.app_context(), db.reading() as session:
        found = owed(session, now or clock.now())
    for name, rows in found.items():
        for row_id in rows:
            work(app, name, row_id)
            count += 1
    return count
