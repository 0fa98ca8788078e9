"""Marks of devices: a random number that a browser of its own accord sends behind its kind.

It stands in the free text `device` of an opening as `Android #32-hexadecimal-digits`; other clients
send none, and nothing follows from that. Only its keyed hash is kept, as long as beats are.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.orm import Session

from courses.people.vault import Vault
from courses.watch.models import Playback
from courses.watch.signals.models import DeviceMark

MARKED = re.compile(r"^(?P<kind>.*?)\s*#(?P<mark>[0-9a-f]{32})$", re.DOTALL)


def parted(device: str) -> tuple[str, str]:
    """What a client calls its device, without the mark; and the mark, empty without one."""
    found = MARKED.match(device)
    return (found["kind"], found["mark"]) if found else (device, "")


def keep(session: Session, vault: Vault, playback: Playback, *, mark: str) -> None:
    """Keep the hash of a playback's mark, if it has one."""
    if mark:
        session.add(
            DeviceMark(
                playback_id=playback.id,
                mark_hash=vault.index("device_mark", mark),
                at=playback.opened_at,
            )
        )


def of_playbacks(session: Session, playback_ids: Iterable[str]) -> dict[str, bytes]:
    """The marks of some playbacks; those without one are left out."""
    rows = session.execute(
        select(DeviceMark.playback_id, DeviceMark.mark_hash).where(
            DeviceMark.playback_id.in_(list(playback_ids))
        )
    )
    return {playback_id: mark_hash for playback_id, mark_hash in rows}  # noqa: C416


def people(session: Session, mark_hash: bytes, *, from_at: datetime, to_at: datetime) -> int:
    """How many learners opened a playback on a device in a period."""
    return session.scalar(
        select(func.count(Playback.subject_key.distinct()))
        .join(DeviceMark, DeviceMark.playback_id == Playback.id)
        .where(DeviceMark.mark_hash == mark_hash, DeviceMark.at >= from_at, DeviceMark.at < to_at)
    ) or 0


def playbacks(
    session: Session, mark_hash: bytes, *, from_at: datetime, to_at: datetime, limit: int
) -> list[Playback]:
    """The first playbacks that a device opened in a period."""
    return list(
        session.scalars(
            select(Playback)
            .join(DeviceMark, DeviceMark.playback_id == Playback.id)
            .where(DeviceMark.mark_hash == mark_hash, DeviceMark.at >= from_at, DeviceMark.at < to_at)
            .order_by(Playback.opened_at, Playback.id)
            .limit(limit)
        )
    )


def forget(session: Session, *, before: datetime) -> int:
    """Delete the marks of playbacks opened before an instant; how many."""
    done = session.execute(delete(DeviceMark).where(DeviceMark.at < before))
    assert isinstance(done, CursorResult)
    return done.rowcount
