"""Leaves are made in the transaction of what they commit to: what is sealed later is what was written."""

import secrets
from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from courses.ledger.log import leaves
from courses.ledger.log.models import Leaf, Waiting
from courses.ledger.models import Entry


def entries(session: Session, made: Iterable[Entry]) -> None:
    """A leaf for each entry."""
    rows: list[dict[str, Any]] = []
    for entry in made:
        salt = secrets.token_bytes(leaves.SALT_BYTES)
        rows.append({"entry_id": entry.id, "salt": salt, "data": leaves.data(entry.content, salt=salt)})
    _add(session, rows)


def other(session: Session, other_id: str, data: bytes) -> None:
    """A leaf that another room made."""
    _add(session, [{"other_id": other_id, "data": data}])


def _add(session: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        places = session.scalars(insert(Leaf).returning(Leaf.place), rows).all()
        session.execute(insert(Waiting), [{"place": place} for place in places])
