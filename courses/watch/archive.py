"""The archive: what the beats of a closed playback said, kept compactly when the beats may go.

An archive holds the spans that count, as disjoint as stretches are, and the signs of life. Reading it
goes through the same function that beats go through (`evidence`), so that hours are the same for ever.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from courses import errors
from courses.watch import beats, evidence
from courses.watch.models import Archive, Beat, BeatRemoval, Playback
from media.base import to_ms

# Nothing may be told any more by then; as long again for a request that is still under way.
FINAL = timedelta(milliseconds=2 * beats.LATE_MS)
LEAST_KEPT = timedelta(days=30)  # an appeal needs the beats themselves
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Damaged(Exception):
    """An archive is not what it was when it was written."""

    playback_id: str


def due(session: Session, *, now: datetime) -> list[str]:
    """Playbacks of which nothing more can come, not archived yet; those closed longest ago first."""
    return list(
        session.scalars(
            select(Playback.id)
            .where(Playback.archived_at.is_(None), Playback.closed_at < now - FINAL)
            .order_by(Playback.closed_at)
            .limit(MOST_AT_ONCE)
        )
    )


def keep(session: Session, playback_id: str, *, now: datetime) -> Archive | None:
    """Archive a playback; None where that is done, or too early."""
    playback = session.get(Playback, playback_id, with_for_update=True, populate_existing=True)
    if playback is None or playback.archived_at is not None or playback.closed_at is None:
        return None
    if playback.closed_at >= now - FINAL:
        return None
    heard = evidence.of_beats(session, [playback])[playback.id]
    content = encoded(playback, heard)
    made = Archive(
        playback_id=playback.id,
        closed_at=playback.closed_at,
        archived_at=now,
        beats=len(heard),
        content=content,
        content_hash=hashlib.sha256(content).digest(),
    )
    session.add(made)
    playback.archived_at = now
    session.flush()
    return made


def encoded(playback: Playback, heard: Sequence[beats.Heard]) -> bytes:
    """What an archive holds of these beats."""
    opened_ms = to_ms(playback.opened_at)
    stretches = evidence.of_playback(playback, heard)
    moments = [evidence.moment(beat) for beat in sorted(heard, key=lambda one: one.seq)]
    return msgspec.msgpack.encode(
        evidence.Content(
            spans=[
                (one.media_from_ms, one.media_to_ms, one.wall_from - opened_ms, one.wall_to - opened_ms)
                for one in stretches
            ],
            signs=[after - before for before, after in pairwise([0, *moments])],
        )
    )


def remove_beats(session: Session, *, before: datetime, by: str, now: datetime) -> int:
    """Delete the beats of up to 500 archived playbacks closed before an instant; how many playbacks.

    The removal is written down first, and is what lets the tables give them up. Refused: `too_young`
    within 30 days.
    """
    if before > now - LEAST_KEPT:
        raise errors.Invalid(
            "too_young", "Beats are kept for at least %(days)s days.", days=LEAST_KEPT.days, field="before"
        )
    ids = list(
        session.scalars(
            select(Archive.playback_id)
            .join(Playback, Playback.id == Archive.playback_id)
            .where(Archive.closed_at < before, Playback.removed_at.is_(None))
            .order_by(Archive.playback_id)
            .limit(MOST_AT_ONCE)
            .with_for_update(of=Playback)
        )
    )
    if not ids:
        return 0
    for row in session.scalars(select(Archive).where(Archive.playback_id.in_(ids))):
        check(row)
    told = session.scalar(select(func.count()).select_from(Beat).where(Beat.playback_id.in_(ids)))
    session.add(BeatRemoval(at=now, before_at=before, by=by, beats=told))
    session.flush()
    session.execute(delete(Beat).where(Beat.playback_id.in_(ids)))
    session.execute(update(Playback).where(Playback.id.in_(ids)).values(removed_at=now))
    return len(ids)


def check(row: Archive) -> None:
    """Raise `Damaged` where an archive's content is not what its hash says."""
    if hashlib.sha256(row.content).digest() != row.content_hash:
        raise Damaged(row.playback_id)
