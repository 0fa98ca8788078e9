"""Entries to seal, a sealer, and a process that seals and may be stopped at a step.

`python -m tests.sealed URL FOLDER STEP` seals; at STEP it is gone at once, as with kill -9.
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.db import Database
from courses.ledger import entries
from courses.ledger.log import kept, notes, sealing
from courses.ledger.log.sealing import Sealer
from courses.ledger.models import Entry
from courses.ledger.reconcile import Line

NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
SEED = bytes(range(32))
ORIGIN = "log.example/log"
STEPS = ("growing", "grown", "unkept", "half-kept", "kept", "signed", "committed")


def sealer(folder: Path) -> Sealer:
    """A sealer whose file lies in a folder."""
    return Sealer(notes.Signer(ORIGIN, notes.ED25519, SEED), folder / "outside" / "highest")


def write(session: Session, count: int, *, subject: str = "somebody", now: datetime = NOW) -> list[Entry]:
    """So many postings of a subject."""
    lines = [
        Line("posting", "enrolment", now + timedelta(seconds=n), Fraction(n + 1, 7), Fraction(n + 1, 3), "cz@1", None)
        for n in range(count)
    ]
    return entries.write(session, subject, [(line, None) for line in lines], now=now)


def seal(database: Database, by: Sealer) -> None:
    """What the job does."""
    while True:
        with database.writing() as session:
            if not sealing.grow(session, by):
                break
    with database.writing() as session:
        sealing.sign_tree(session, by, now=NOW)


def gone(*_args: Any, **_more: Any) -> None:
    """The process ends here."""
    os._exit(9)


def then_gone(work: Callable[..., Any]) -> Callable[..., Any]:
    """Do it, and end."""

    def done(*args: Any, **more: Any) -> None:
        work(*args, **more)
        os._exit(9)

    return done


def stop_at(step: str) -> None:
    """Arrange to be gone at a step."""
    if step == "growing":
        sealing.fill = gone  # type: ignore[assignment]
    elif step == "grown":
        sealing.sign_tree = gone  # type: ignore[assignment]
    elif step == "unkept":
        kept.write = gone
    elif step == "half-kept":
        Path.replace = gone  # type: ignore[method-assign,assignment]
    elif step == "kept":
        kept.write = then_gone(kept.write)
    elif step == "signed":
        sealing.sign_tree = then_gone(sealing.sign_tree)


def main(url: str, folder: str, step: str) -> None:
    """Seal."""
    sealing.AT_ONCE = 150  # several transactions
    stop_at(step)
    seal(Database(url), sealer(Path(folder)))
    if step == "committed":
        gone()


if __name__ == "__main__":
    main(*sys.argv[1:])
