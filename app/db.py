"""The database, and the only place that commits: returning commits, raising rolls back.

    with db.reading() as session: ...     # a snapshot; nothing is written
    with db.writing() as session: ...     # BEGIN IMMEDIATE on SQLite: one writer at a time

The hot path has a third way, `app.direct`. No network, file or ffmpeg call inside either. Work for the queue is handed to `after(session, ...)`
and dispatched only once the transaction is durable.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import current_app
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a beat that was answered survives a power cut
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=30000",
)


class Database:
    """An engine with the two ways to use it."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that is rolled back at its end."""
        with Session(self.engine, autoflush=False, expire_on_commit=False) as session:
            try:
                yield session
            finally:
                session.expunge_all()  # what was read stays readable; rolling back would expire it
                session.rollback()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that commits on return and rolls back on any exception."""
        with Session(self.engine, expire_on_commit=False) as session:
            session.connection(execution_options={"xueshi_writes": True})
            yield session
            session.commit()
            waiting = session.info.pop("after", [])
        for work in waiting:
            work()


def make_engine(url: str) -> Engine:
    """An engine with this house's SQLite habits, or a plain PostgreSQL pool."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 30})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in SQLITE_PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("xueshi_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def after(session: Session, work: Callable[[], None]) -> None:
    """Run `work` once this transaction has committed; forgotten when it rolls back."""
    session.info.setdefault("after", []).append(work)


def database() -> Database:
    """The running application's database."""
    return cast(Database, current_app.extensions["xueshi_db"])


@contextmanager
def reading() -> Iterator[Session]:
    """`Database.reading` of the running application."""
    with database().reading() as session:
        yield session


@contextmanager
def writing() -> Iterator[Session]:
    """`Database.writing` of the running application."""
    with database().writing() as session:
        yield session
