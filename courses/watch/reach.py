"""How far learners got in each lesson of an edition: where it loses them. Counts only, and nobody by name."""

from collections import defaultdict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.enrolment import Enrolment
from courses.watch.models import Playback

STEPS = 10


def furthest(session: Session, edition_id: str) -> dict[str, list[int]]:
    """By lesson, the furthest media position (ms) of each enrolment that opened it."""
    rows = session.execute(
        select(Playback.lesson_id, func.max(func.coalesce(Playback.position_ms, 0)))
        .join(Enrolment, Enrolment.id == Playback.enrolment_id)
        .where(Enrolment.edition_id == edition_id)
        .group_by(Playback.lesson_id, Playback.enrolment_id)
    )
    found: defaultdict[str, list[int]] = defaultdict(list)
    for lesson_id, position_ms in rows:
        found[lesson_id].append(position_ms)
    return dict(found)


def staying(positions_ms: list[int], *, duration_ms: int) -> list[int]:
    """How many were still there after each tenth of a lesson, first all who opened it: `STEPS + 1` counts.

    The end counts as reached from 98 % on: the last second of a film is often not played.
    """
    ends = [duration_ms * step // STEPS for step in range(STEPS)] + [duration_ms * 98 // 100]
    return [sum(1 for position in positions_ms if position >= end) for end in ends]
