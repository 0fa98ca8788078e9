"""Cosignatures that witnesses send: verified against the keys that the operator named, then kept."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.errors import Invalid
from courses.ledger.log import notes
from courses.ledger.log.models import Cosignature, SignedCheckpoint


def receive(session: Session, text: str, witnesses: list[notes.Verifier], *, now: datetime) -> int:
    """Keep the cosignatures of known witnesses below one of our checkpoints; returns how many are new."""
    try:
        body, _lines = notes.parts(text)
        size = notes.checkpoint(body).size
    except notes.BadNote as bad:
        raise Invalid("not_cosigned", "That is not a cosigned checkpoint.") from bad
    ours = session.get(SignedCheckpoint, size)
    if ours is None or notes.parts(ours.note)[0] != body:
        raise Invalid("not_cosigned", "That is no checkpoint of this log.")
    lines = dict(_verified(text, witnesses))
    if not lines:
        raise Invalid("not_cosigned", "No witness that this log knows has signed that.")
    known = set(session.scalars(select(Cosignature.witness).where(Cosignature.size == size)))
    fresh = {key: line for key, line in lines.items() if key not in known}
    session.add_all(Cosignature(size=size, witness=key, line=line, at=now) for key, line in fresh.items())
    session.flush()
    return len(fresh)


def _verified(text: str, witnesses: list[notes.Verifier]) -> list[tuple[str, str]]:
    found = []
    for witness in witnesses:
        try:
            found.append((str(witness), notes.verified(text, witness)))
        except notes.BadNote:
            continue
    return found
