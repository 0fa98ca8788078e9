"""What stands in the log of an entry: a commitment that only the holder of its salt can open.

The leaf shows no person, no hours and no date, and cannot be guessed; with salt and content anybody
can compute it again. Once the subject's mapping is destroyed, nothing personal is left anywhere.
"""

import hmac
import json
import secrets
from base64 import b64encode
from collections.abc import Iterable
from fractions import Fraction
from hashlib import sha256
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from courses.ledger.log.models import Leaf, Waiting
from courses.ledger.models import Entry
from media.base import to_ms

SALT_BYTES = 32
HEAD = b"xueshi-entry/v1\n"


def content(entry: Entry) -> dict[str, Any]:
    """Everything that an entry says."""
    return {
        "about": entry.about,
        "at": to_ms(entry.at),
        "cancels": entry.cancels_id,
        "entry": entry.id,
        "hours": _text(entry.hours),
        "kind": entry.kind,
        "policy": entry.policy,
        "raw_hours": None if entry.raw_hours is None else _text(entry.raw_hours),
        "reason": entry.reason,
        "subject": entry.subject_key,
        "written_at": to_ms(entry.written_at),
    }


def canonical(said: dict[str, Any]) -> bytes:
    """Sorted keys, no spaces, UTF-8."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def data(said: dict[str, Any], *, salt: bytes) -> bytes:
    """The leaf: HMAC-SHA256 of the content, keyed by the salt."""
    return HEAD + b64encode(hmac.digest(salt, canonical(said), sha256)) + b"\n"


def add_entries(session: Session, entries: Iterable[Entry]) -> None:
    """A leaf for each entry, in the transaction that writes them: what is sealed is what was written."""
    made: list[dict[str, Any]] = []
    for entry in entries:
        salt = secrets.token_bytes(SALT_BYTES)
        made.append({"entry_id": entry.id, "salt": salt, "data": data(content(entry), salt=salt)})
    _add(session, made)


def add_other(session: Session, other_id: str, said: bytes) -> None:
    """A leaf that another room made, in the transaction of what it commits to."""
    _add(session, [{"other_id": other_id, "data": said}])


def _add(session: Session, made: list[dict[str, Any]]) -> None:
    if made:
        places = session.scalars(insert(Leaf).returning(Leaf.place), made).all()
        session.execute(insert(Waiting), [{"place": place} for place in places])


def _text(hours: Fraction) -> str:
    return f"{hours.numerator}/{hours.denominator}"
