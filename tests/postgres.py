"""A real PostgreSQL server for the tests: its own data directory, a Unix socket, no TCP port."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psycopg

PLACES = ("/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/postgresql")
FAST = {  # these databases live for one test
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "''",
    "max_connections": "60",
    "shared_buffers": "64MB",
}


def program(name: str) -> str:
    """The newest installed PostgreSQL's own program, not a distribution's wrapper."""
    found = [path for place in PLACES for path in Path(place).glob(f"*/bin/{name}")]
    if found:
        return str(max(found, key=lambda path: float(path.parent.parent.name)))
    on_path = shutil.which(name)
    if on_path is None:
        raise RuntimeError(f"PostgreSQL's {name} is not installed; `make test` installs it")
    return on_path


class Server:
    """One server in a folder of its own. As root it runs as `postgres` or `nobody`, which PostgreSQL demands."""

    def __init__(self, options: Mapping[str, str] | None = None) -> None:
        self.options = {**FAST, **(options or {})}
        # Not in pytest's folder: that is private to us, and too long for a socket's 107 characters.
        self.sockets = Path(tempfile.mkdtemp(prefix="xs-pg-", dir="/tmp"))
        self.data = self.sockets / "data"
        self.user = owner() if os.geteuid() == 0 else None

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            user=self.user,
            cwd="/",
            timeout=120,
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr or done.stdout}")

    def start(self) -> None:
        """Make the cluster and start it."""
        self.data.mkdir(mode=0o700)
        if self.user is not None:
            for path in (self.data, self.sockets):
                os.chown(path, self.user, -1)
        self._run(
            program("initdb"),
            "-D",
            str(self.data),
            "-U",
            "xueshi",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )
        self.start_again()

    def start_again(self) -> None:
        """Start it on the cluster that is there, which it recovers where it was killed."""
        options = " ".join(f"-c {name}={value}" for name, value in self.options.items())
        self._run(
            program("pg_ctl"),
            "-D",
            str(self.data),
            "-w",
            "-l",
            str(self.data / "log"),
            "-o",
            f"-k {self.sockets} {options}",
            "start",
        )

    def stop(self) -> None:
        """Stop at once; nothing here is kept."""
        self._run(program("pg_ctl"), "-D", str(self.data), "-m", "immediate", "stop")
        shutil.rmtree(self.sockets, ignore_errors=True)

    def kill(self) -> None:
        """kill -9 of the server and all its processes, as a machine that loses its power."""
        server = self.pid()
        family = [server, *children(server)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(is_alive(pid) for pid in family):
            time.sleep(0.02)
        # Whoever should reap the dead may still show them, and then these would keep a new server out.
        for lock in (self.data / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*.lock")):
            lock.unlink(missing_ok=True)

    def pid(self) -> int:
        """The server's own process, while it runs."""
        return int((self.data / "postmaster.pid").read_text("ascii").split()[0])

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of one database."""
        return f"postgresql+psycopg://xueshi@/{name}?host={self.sockets}"

    def _say(self, statement: str) -> None:
        where = f"host={self.sockets} user=xueshi dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement.encode())

    def create(self, name: str, template: str = "template0") -> None:
        """A fresh database, copied from a template file by file, which is quick where nothing waits for disks."""
        self._say(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')

    def drop(self, name: str) -> None:
        """Forget a database, whoever is still connected."""
        self._say(f'DROP DATABASE "{name}" WITH (FORCE)')


def children(pid: int) -> list[int]:
    """The processes that another has started."""
    found: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, tasks.read_text("ascii").split())
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def owner() -> int:
    """The user id that may run PostgreSQL when we are root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise RuntimeError("neither a user postgres nor nobody exists")
