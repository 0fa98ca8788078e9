"""What the twin remembers: paid checkouts, closed ones and refunds, in a file of its own.

It plays the provider's own books, so it never reads the shop's database: a comparison with itself would
prove nothing.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

TABLE = "CREATE TABLE IF NOT EXISTS told (id TEXT PRIMARY KEY, kind TEXT, created INTEGER, body TEXT)"


@contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """The file, made where it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "twin.sqlite", timeout=10)) as file, file:
        file.execute(TABLE)
        yield file


def keep(folder: Path, kind: str, told: dict[str, Any]) -> dict[str, Any]:
    """Remember something under its id; told again, what was remembered first."""
    with opened(folder) as file:
        row = (told["id"], kind, told["created"], json.dumps(told))
        file.execute("INSERT OR IGNORE INTO told VALUES (?, ?, ?, ?)", row)
        found = file.execute("SELECT body FROM told WHERE id = ?", (told["id"],)).fetchone()
    kept: dict[str, Any] = json.loads(found[0])
    return kept


def get(folder: Path, name: str) -> dict[str, Any] | None:
    """One thing by its id."""
    with opened(folder) as file:
        found = file.execute("SELECT body FROM told WHERE id = ?", (name,)).fetchone()
    return json.loads(found[0]) if found else None


def listed(folder: Path, kind: str, *, since: int, until: int) -> list[dict[str, Any]]:
    """Everything of a kind made in `[since, until)`, the newest first."""
    with opened(folder) as file:
        rows = file.execute(
            "SELECT body FROM told WHERE kind = ? AND created >= ? AND created < ? ORDER BY created DESC, id",
            (kind, since, until),
        ).fetchall()
    return [json.loads(row[0]) for row in rows]


def find(folder: Path, kind: str, field: str, value: str) -> list[dict[str, Any]]:
    """Everything of a kind whose field has a value."""
    return [row for row in listed(folder, kind, since=0, until=2**62) if row.get(field) == value]
