"""`make bench-webhooks`: ten thousand webhook deliveries to the real site, with kill -9 of servers and worker between.

Shuffled, repeated, forged, for orders of every fate (`tests/soaking.py`); whatever was not answered is sent again, as
the provider does. In the end every order must be right, each seat given once, and the books sum to zero. One JSON line.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from app import create_app
from app.orders import provider, twin
from app.settings import Settings
from bench import serving
from tests import soaking
from tests.running import Site, below

ORDERS = int(os.environ.get("BENCH_ORDERS", "3000"))
DELIVERIES = int(os.environ.get("BENCH_DELIVERIES", "10000"))
CONNECTIONS = 8
PATIENCE_S = 600
SEED = 20261125


def delivery(app: Flask, one: dict[str, Any]) -> bytes:
    """One POST of an event, signed now."""
    body = json.dumps(one["event"]).encode()
    secret = "whsec_forged" if one["is_forged"] else provider.webhook_secret(app.extensions["xueshi_settings"])
    signed = twin.signature(body, secret, int(time.time()))
    head = (
        f"POST /orders/webhook HTTP/1.1\r\nHost: bench\r\nStripe-Signature: {signed}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def work(url: str, folder: str) -> None:
    """The worker's process: works what is due, until it is killed."""
    app = create_app(settings(url, Path(folder)))
    while True:
        if not soaking.settle(app, datetime.now(UTC)):
            time.sleep(0.2)


def settings(url: str, folder: Path) -> Settings:
    """Of the same site as `serving.site` makes."""
    return Settings(
        data_dir=folder, search_dir=folder / "search", database_url=url, secret_key=serving.KEY,
        vault_key=serving.KEY, index_key=serving.KEY, log_level="CRITICAL",
    )  # fmt: skip


class Killer:
    """Kills the web server, the database or the worker now and then, and starts it again."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.dice = random.Random(SEED)
        self.kills = {"web": 0, "worker": 0, "database": 0}
        self.is_over = threading.Event()
        self.worker = self.hire()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def hire(self) -> subprocess.Popen[bytes]:
        """A worker of its own process."""
        command = [sys.executable, "-m", "bench.webhooks", "work", self.site.settings.database_url, str(self.site.settings.data_dir)]
        return subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def run(self) -> None:
        """Until it is told that all was delivered."""
        while not self.is_over.wait(self.dice.uniform(1, 4)):
            whom = self.dice.choices(list(self.kills), weights=[4, 4, 1])[0]
            if whom == "web":
                self.site.kill()
                self.site.start()
            elif whom == "worker":
                self.fire()
                self.worker = self.hire()
            elif self.site.server is not None:
                self.site.server.kill()
                self.site.server.start_again()
            self.kills[whom] += 1

    def fire(self) -> None:
        """kill -9 of the worker."""
        for pid in below(self.worker.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.worker.wait()

    def stop(self) -> None:
        """No more kills; the worker goes on."""
        self.is_over.set()
        self.thread.join()
        if self.worker.poll() is not None:
            self.worker = self.hire()


def deliver(app: Flask, site: Site, deliveries: list[dict[str, Any]]) -> dict[int, int]:
    """Send them all, again and again until each was answered; how often each status came."""
    statuses: dict[int, int] = {}

    def asked() -> Any:
        if not deliveries:
            return None
        one = deliveries.pop()

        def answered(status: int, _body: bytes) -> None:
            statuses[status] = statuses.get(status, 0) + 1
            if status != (400 if one["is_forged"] else 200):
                deliveries.append(one)

        return delivery(app, one), answered

    while deliveries:
        asyncio.run(serving.drive(site.port, CONNECTIONS, asked))
    return statuses


def main() -> None:
    """One line."""
    with serving.site("postgresql") as site:
        app = create_app(site.settings)
        made = soaking.plan(app, orders=ORDERS, seed=SEED, now=datetime.now(UTC) - timedelta(minutes=1))
        dice = random.Random(SEED)
        deliveries = made.told + dice.choices(made.told, k=max(0, DELIVERIES - len(made.told)))
        dice.shuffle(deliveries)
        count = len(deliveries)
        site.start()
        killer = Killer(site)
        began = time.monotonic()
        try:
            statuses = deliver(app, site, deliveries)
            took_s = time.monotonic() - began
            killer.stop()
            ends = time.monotonic() + PATIENCE_S
            unworked = "SELECT count(*) FROM payment_events WHERE worked_at IS NULL"
            while serving.rows(site.settings, unworked)[0][0] and time.monotonic() < ends:
                time.sleep(2)
        finally:
            killer.is_over.set()
            killer.thread.join()
            killer.fire()
        app.extensions["xueshi_db"].engine.dispose()
        found = soaking.check(app, made)
        app.extensions["xueshi_db"].engine.dispose()
    line = {"deliveries": count, "seconds": round(took_s, 1), "kills": killer.kills, "statuses": statuses}
    print(json.dumps({"bench": "webhooks", **line, **found}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        work(*sys.argv[2:4])
    else:
        main()
