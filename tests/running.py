"""A site that really runs: granian with two processes behind one address, on SQLite or PostgreSQL.

It can be killed and started again at the same address, as can its database, and its clock can be put
forward, so that a quarter of an hour takes no time. `Client` speaks the API as an outside program would.
"""

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from flask import Flask

from app import create_app, jobs
from app.settings import Settings
from tests.postgres import Server, is_alive

ROOT = Path(__file__).resolve().parent.parent
KEYS = ("secret_key", "vault_key", "index_key")
PATIENCE_S = 60


@dataclass
class Site:
    """A site's processes, address and clock. `module`: what granian loads."""

    settings: Settings
    server: Server | None = None
    more: dict[str, str] = field(default_factory=dict)
    module: str = "tests.shifted:app"
    port: int = 0
    web: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        self.offset = self.settings.data_dir / "clock"
        self.offset.write_text("0", "ascii")

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """The web server; returns once it answers."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("XUESHI_")},
            "SHIFTED_CLOCK": str(self.offset),
            "XUESHI_DATA_DIR": str(self.settings.data_dir),
            "XUESHI_SEARCH_DIR": str(self.settings.search_dir),
            "XUESHI_DATABASE_URL": self.settings.database_url,
            "XUESHI_BEAT_EVERY_MS": str(self.settings.beat_every_ms),
            "XUESHI_LOG_LEVEL": "ERROR",
            **{f"XUESHI_{name.upper()}": getattr(self.settings, name).hex() for name in KEYS},
            **self.more,
        }
        log = (self.settings.data_dir / "web.log").open("ab")
        self.web = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--host", "127.0.0.1",
                "--port", str(self.port), "--workers", "2", "--blocking-threads", "8", "--log-level", "error",
                self.module,
            ],
            cwd=ROOT, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        ends = time.monotonic() + PATIENCE_S
        while not self.answers():
            if time.monotonic() > ends or self.web.poll() is not None:
                raise RuntimeError((self.settings.data_dir / "web.log").read_text("utf-8")[-2000:])
            time.sleep(0.1)

    def answers(self) -> bool:
        """Whether it is there."""
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        return False

    def kill(self) -> None:
        """kill -9 of the web server, workers and all."""
        if self.web is None:
            return
        for pid in reversed(below(self.web.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.web.wait()

    def kill_database(self) -> None:
        """kill -9 of PostgreSQL."""
        assert self.server is not None
        self.server.kill()

    def now(self) -> datetime:
        """What its clock says."""
        return datetime.now(UTC) + timedelta(milliseconds=int(self.offset.read_text("ascii")))

    def shift(self, **later: float) -> None:
        """Put its clock forward."""
        ms = timedelta(**later) // timedelta(milliseconds=1)
        half = self.offset.with_suffix(".new")
        half.write_text(str(int(self.offset.read_text("ascii")) + ms), "ascii")
        half.replace(self.offset)

    def app(self) -> Flask:
        """The same application in this process, for what a worker does, and to look at rows."""
        return create_app(self.settings, now=self.now)

    def work(self) -> None:
        """Do all jobs that are due."""
        app = self.app()
        jobs.run_due(app)
        app.extensions["xueshi_quick"].close()
        app.extensions["xueshi_db"].engine.dispose()


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def below(pid: int) -> list[int]:
    """A process and all its descendants that run."""
    found = [pid]
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in tasks.read_text("ascii").split():
                found += below(int(child))
    return [one for one in found if is_alive(one)]


def beat(seq: int, *rows: tuple[int, ...], state: str = "playing") -> dict[str, Any]:
    """A beat of spans `(from_ms, to_ms, began_ms, ended_ms)`."""
    names = ("from_ms", "to_ms", "began_ms", "ended_ms")
    return {"seq": seq, "spans": [dict(zip(names, row, strict=True)) for row in rows], "state": state}


class Client:
    """An outside program that speaks for one learner."""

    def __init__(self, site: Site, bearer: str) -> None:
        self.site = site
        self.bearer = bearer
        self.http = requests.Session()

    def send(self, method: str, path: str, *, bearer: str = "", **more: Any) -> requests.Response:
        """One request."""
        headers = {"Authorization": f"Bearer {bearer or self.bearer}", **more.pop("headers", {})}
        return self.http.request(
            method, f"{self.site.url}/api/v1{path}", headers=headers, timeout=PATIENCE_S, **more
        )

    def enrol(self, course_id: str) -> str:
        """Enrol; returns the enrolment."""
        answer = self.send("POST", f"/courses/{course_id}/enrolments")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def open(self, enrolment_id: str, lesson_id: str, device: str = "script") -> dict[str, Any]:
        """Open a lesson."""
        answer = self.send(
            "POST", f"/enrolments/{enrolment_id}/lessons/{lesson_id}/playbacks", json={"device": device}
        )
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def tell(
        self, opened: dict[str, Any], seq: int, *rows: tuple[int, ...], state: str = "playing", **more: Any
    ) -> requests.Response:
        """Tell one beat with the playback's own token, or another bearer."""
        more.setdefault("bearer", opened["token"])
        more.setdefault("json", beat(seq, *rows, state=state))
        return self.send("POST", f"/playbacks/{opened['id']}/beats", **more)

    def close(self, opened: dict[str, Any]) -> None:
        """Close a playback."""
        assert self.send("DELETE", f"/playbacks/{opened['id']}").status_code == 204

    def statement(self) -> dict[str, Any]:
        """The learner's statement."""
        return dict(self.send("GET", "/me/statement").json())

    def evidence(self) -> bytes:
        """The learner's evidence, as a file."""
        return self.send("GET", "/me/evidence").content
