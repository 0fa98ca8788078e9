"""A real site for the benchmarks: PostgreSQL or SQLite as durable as in a city, granian, measured CPU.

Only what a benchmark needs besides its own load. Everything lies in a folder that is removed at the end.
"""

import asyncio
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from app.cli import migrate
from app.settings import Settings
from tests.postgres import Server
from tests.running import Site, below

KEY = bytes(range(32))
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "1GB",
           "max_wal_size": "8GB", "max_connections": "80"}  # fmt: skip


@contextmanager
def site(engine: str) -> Iterator[Site]:
    """A migrated site on `postgresql` or `sqlite`, not yet started."""
    folder = Path(tempfile.mkdtemp(prefix="xs-bench-"))
    server = Server(DURABLE) if engine == "postgresql" else None
    url = f"sqlite:///{folder / 'xueshi.sqlite'}"
    made: Site | None = None
    try:
        if server:
            server.start()
            server.create("bench")
            url = server.url("bench")
        settings = Settings(
            data_dir=folder, search_dir=folder / "search", database_url=url, secret_key=KEY,
            vault_key=KEY, index_key=KEY, log_level="ERROR",
        )  # fmt: skip
        migrate(settings)
        made = Site(settings, server, module="wsgi:app")
        yield made
    finally:
        if made:
            made.kill()
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def cpu_ms(site: Site) -> float:
    """CPU that web server and database have used so far."""
    assert site.web is not None
    roots = [site.web.pid, *([site.server.pid()] if site.server else [])]
    return sum(used_ms(pid) for root in roots for pid in below(root))


def used_ms(pid: int) -> float:
    """User and system CPU of one process."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) * TICK_MS


def rows(settings: Settings, statement: str) -> list[tuple[object, ...]]:
    """What a query finds, beside the site."""
    if settings.database_url.startswith("sqlite"):
        with sqlite3.connect(settings.data_dir / "xueshi.sqlite", timeout=30) as connection:
            return connection.execute(statement).fetchall()
    url = settings.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as opened:
        return opened.execute(statement.encode()).fetchall()


def say(settings: Settings, statement: str) -> None:
    """Something that PostgreSQL is to do."""
    with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as opened:
        opened.execute(statement.encode())


async def drive(
    port: int, connections: int, requests: Callable[[], "tuple[bytes, Callable[[int, bytes], None]] | None"]
) -> list[float]:
    """Keep so many connections busy until `requests()` gives None; latencies in ms.

    A request comes with what is to be called with its answer's status and body. A connection that
    breaks is opened again for as long as there is something to ask.
    """
    taken: list[float] = []

    async def one() -> None:
        reader: asyncio.StreamReader | None = None
        writer: asyncio.StreamWriter | None = None
        while (asked := requests()) is not None:
            wanted, answered = asked
            try:
                if writer is None or reader is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                begun = time.perf_counter()
                writer.write(wanted)
                head = await reader.readuntil(b"\r\n\r\n")
                at = head.lower().index(b"content-length:") + 15
                length = int(head[at : head.index(b"\r", at)])
                body = await reader.readexactly(length)
                taken.append((time.perf_counter() - begun) * 1000)
                answered(int(head[9:12]), body)
            except (OSError, asyncio.IncompleteReadError, ValueError):
                writer = None
                answered(0, b"")
                await asyncio.sleep(0.05)
        if writer is not None:
            writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return taken
