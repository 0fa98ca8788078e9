"""A real site for the benchmarks: PostgreSQL or SQLite as durable as in a city, granian, measured CPU.

Only what a benchmark needs besides its own load. Everything lies in a folder that is removed at the end.
"""

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from app.cli import migrate
from app.settings import Settings
from tests.postgres import Server

ROOT = Path(__file__).resolve().parent.parent
KEY = bytes(range(32))
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "1GB",
           "max_wal_size": "8GB", "max_connections": "80"}  # fmt: skip


@dataclass
class Site:
    """A site that can be started, measured, killed and started again at the same address."""

    settings: Settings
    server: Server | None
    port: int
    web: subprocess.Popen[bytes] | None = None
    more: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """The web server; returns once it answers."""
        url = self.settings.database_url
        environment = {
            **os.environ,
            "XUESHI_DATA_DIR": str(self.settings.data_dir),
            "XUESHI_DATABASE_URL": url,
            "XUESHI_SECRET_KEY": KEY.hex(),
            "XUESHI_VAULT_KEY": KEY.hex(),
            "XUESHI_INDEX_KEY": KEY.hex(),
            "XUESHI_PORT": str(self.port),
            "XUESHI_WEB_WORKERS": "2",
            "XUESHI_LOG_LEVEL": "ERROR",
            **self.more,
        }
        self.web = subprocess.Popen([sys.executable, "-m", "app", "web"], cwd=ROOT, env=environment)
        ends = time.monotonic() + 60
        while not answers(self.port):
            if time.monotonic() > ends or self.web.poll() is not None:
                raise RuntimeError("the web server did not start")
            time.sleep(0.1)
        time.sleep(1)  # both workers

    def kill_web(self) -> None:
        """kill -9 of the web server, workers and all."""
        assert self.web is not None
        for pid in reversed(below(self.web.pid)):
            kill(pid)
        self.web.wait()

    def kill_database(self) -> None:
        """kill -9 of PostgreSQL, and a new start, which recovers."""
        assert self.server is not None
        self.server.kill()
        self.server.start_again()

    def cpu_ms(self) -> float:
        """CPU that web server and database have used so far."""
        assert self.web is not None
        roots = [self.web.pid, *([self.server.pid()] if self.server else [])]
        return sum(used_ms(pid) for root in roots for pid in below(root))


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
        made = Site(settings, server, free_port())
        yield made
    finally:
        if made and made.web and made.web.poll() is None:
            made.kill_web()
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def below(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            children = Path(f"/proc/{pid}/task/{task}/children").read_text("ascii").split()
            for child in children:
                found += below(int(child))
    except OSError:
        pass
    return found


def used_ms(pid: int) -> float:
    """User and system CPU of one process."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) * TICK_MS


def kill(pid: int) -> None:
    """kill -9, of our own processes only."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


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
