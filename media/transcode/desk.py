"""What a worker has at hand: database, store, tools, a scratch folder, and the pulse that keeps its lease.

A database that is being restarted is waited for; a source from a store elsewhere is fetched once for all
pieces that this machine works on.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from media import confine, errors
from media.base import new_id
from media.storage import Store
from media.tools import Tools

DATABASE_AWAY = (OperationalError, InterfaceError)
PATIENCE_S = 300  # a restart of PostgreSQL, or of its machine
RETRY_S = 1.0
KEPT_S = 3600  # a source that no piece asked for in this time gives its room back
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a worker has at hand. `writing` opens a transaction that commits on return."""

    writing: Callable[[], AbstractContextManager[Session]]
    clock: Callable[[], datetime]
    store: Store
    tools: Callable[[], Tools]
    scratch: Path
    name: str = field(default_factory=new_id)
    limits: confine.Limits = field(default_factory=confine.Limits)
    renew_every_s: float = 3.0

    def surely(self, change: Callable[[Session], Answer]) -> Answer:
        """Do this in a transaction, also when the database is away for a while; safe to be done twice."""
        ends_at = time.monotonic() + PATIENCE_S
        while True:
            try:
                with self.writing() as session:
                    return change(session)
            except DATABASE_AWAY:
                if time.monotonic() > ends_at:
                    raise
            time.sleep(RETRY_S)

    @contextmanager
    def folder(self, word: str) -> Iterator[Path]:
        """A folder of one attempt; what a killed worker left under the same word is removed first."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        for left in self.scratch.glob(f"{word}-*"):
            shutil.rmtree(left, ignore_errors=True)
        made = Path(tempfile.mkdtemp(prefix=f"{word}-", dir=self.scratch))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def source(self, key: str) -> Path:
        """The source as a local file, which must not be changed: the store's own, or a copy for all pieces."""
        path = self.store.local_path(key)
        if path is not None:
            return path
        sources = self.scratch / "sources"
        sources.mkdir(parents=True, exist_ok=True)
        path = sources / sha256(key.encode()).hexdigest()
        for old in sources.iterdir():
            with suppress(FileNotFoundError):  # another worker was quicker
                if old != path and self.clock().timestamp() - old.stat().st_mtime > KEPT_S:
                    old.unlink()
        if not path.is_file():
            fresh = sources / f"{path.name}.{new_id()}"
            try:
                self.store.fetch(key, fresh)
                os.replace(fresh, path)
            finally:
                fresh.unlink(missing_ok=True)
        path.touch()
        return path


class Pulse:
    """Called often with the progress in permille; renews the lease now and then, or raises leases.Lost."""

    def __init__(self, desk: Desk, renew: Callable[[Session, int], None]) -> None:
        self.desk, self.renew = desk, renew
        self.renewed_at = time.monotonic()

    def __call__(self, permille: int) -> None:
        if time.monotonic() - self.renewed_at < self.desk.renew_every_s:
            return
        self.renewed_at = time.monotonic()
        # While the database is away nobody else can take the work either: go on, and ask again.
        with suppress(*DATABASE_AWAY), self.desk.writing() as session:
            self.renew(session, permille)

    def between(self, begin: int, end: int) -> Callable[[int], None]:
        """The pulse of a part of the work, which goes from `begin` to `end` permille of the whole."""
        return lambda permille: self(begin + permille * (end - begin) // 1000)


@contextmanager
def troubles(on_refusal: Callable[[str, str], None], on_fault: Callable[[str, str], None]) -> Iterator[None]:
    """Sort what can go wrong: the file's fault is for good, a machine's is worth another attempt."""
    try:
        yield
    except errors.Unusable as refusal:
        on_refusal(refusal.code, str(refusal.detail.get("log", "")))
    except errors.Unavailable as refusal:
        on_fault(refusal.code, "")
    except errors.Fault as fault:
        on_fault(fault.code, fault.log)
    except DATABASE_AWAY as error:
        on_fault("database_away", str(error.orig))
    except OSError as error:  # the scratch disk is full, or gone
        on_fault("disk_fault", str(error.strerror))
