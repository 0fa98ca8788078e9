"""The database in its own words, for the hot path: each thread's own connection, no session, no pool.

`write` is one transaction and returns once it is durable; on PostgreSQL it is one statement, which
commits itself. A connection that failed is dropped, and the next call opens another.
"""

import fcntl
import os
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from app.db import SQLITE_PRAGMAS
from courses.watch.shortcut import Direct, Statement
from media.base import to_ms

NAMED = re.compile(r"(?<![:\w]):([a-z_]+)")
PREPARE_AFTER = 2  # statements here are few, and told for ever


def connect(url: str) -> Direct:
    """The direct way into a database, by its SQLAlchemy URL."""
    return Sqlite(make_url(url).database or "") if url.startswith("sqlite") else Postgres(url)


class Postgres:
    """PostgreSQL by psycopg, one connection a thread, each statement its own transaction."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        made = make_url(url).set(drivername="postgresql")
        self._where = made.render_as_string(hide_password=False)
        self._mine = threading.local()

    def one(self, statement: str, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """The one row of a query, or None."""
        with self._cursor() as cursor:
            return cursor.execute(spelt(statement), values).fetchone()

    def write(self, *statements: Statement) -> bool:
        """One statement that touches one row or, where it does not, nothing at all."""
        ((statement, values),) = statements
        with self._cursor() as cursor:
            return cursor.execute(spelt(statement), values).rowcount == 1

    def moment(self, at: datetime) -> Any:
        """timestamptz."""
        return at

    def close(self) -> None:
        """Let go of this thread's connection; the next call opens another."""
        cursor = self._mine.__dict__.pop("cursor", None)
        if cursor is not None:
            cursor.connection.close()

    @contextmanager
    def _cursor(self) -> Iterator[psycopg.Cursor[Any]]:
        cursor: psycopg.Cursor[Any] | None = getattr(self._mine, "cursor", None)
        if cursor is None or cursor.connection.closed:
            opened = psycopg.connect(self._where, autocommit=True, prepare_threshold=PREPARE_AFTER)
            cursor = self._mine.cursor = opened.cursor()
        try:
            yield cursor
        except psycopg.OperationalError:
            self.close()
            raise


class Sqlite:
    """SQLite: one connection a process, for there is one writer anyhow.

    Processes stand in line for the writer by a lock on a file beside the database: SQLite's own waiting
    sleeps and tries again, which leaves somebody last for long.
    """

    dialect = "sqlite"

    def __init__(self, path: str) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._line = -1

    def one(self, statement: str, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """The one row of a query, or None."""
        with self._turn:
            rows = self._opened().execute(statement, values).fetchall()  # to its end, or it stays open
            return rows[0] if rows else None

    def write(self, *statements: Statement) -> bool:
        """All of them in one transaction, or none where one does not touch just one row."""
        with self._turn:
            connection = self._opened()
            fcntl.flock(self._line, fcntl.LOCK_EX)
            try:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    is_whole = all(
                        connection.execute(statement, values).rowcount == 1
                        for statement, values in statements
                    )
                    connection.execute("COMMIT" if is_whole else "ROLLBACK")
                except BaseException:
                    connection.rollback()
                    raise
                return is_whole
            finally:
                fcntl.flock(self._line, fcntl.LOCK_UN)

    def moment(self, at: datetime) -> Any:
        """Whole milliseconds since the epoch."""
        return to_ms(at)

    def close(self) -> None:
        """Let go of the connection; the next call opens another."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                os.close(self._line)
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._line = os.open(f"{self._path}-line", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            made = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False, timeout=30
            )
            for pragma in SQLITE_PRAGMAS:
                made.execute(pragma)
            self._connection = made
        return self._connection


@cache
def spelt(statement: str) -> bytes:
    """A statement with its names as psycopg writes them."""
    return NAMED.sub(r"%(\1)s", statement).encode()
