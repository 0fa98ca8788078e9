"""What was played and could not be let in: media with its reason, shown until it is watched again.

No evidence: hours know nothing of it, and no archive or export holds it. A playback keeps little of it,
written only where something is cut or refused, and forgets it once the piece is covered.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.credit.beats import Span, cut
from courses.watch import beats, playbacks, spans
from courses.watch.beats import Heard, Limits
from courses.watch.models import Playback
from courses.watch.playbacks import Hearing
from courses.watch.reports import Report
from media.base import to_ms

MOST = 32  # pieces that a playback keeps; where a player has more to tell, the longest
Cut = tuple[int, int, str]  # media [from_ms, to_ms), and why it was not let in
Edge = int | str  # whole, or fraction text where a rate made it one


class Why(StrEnum):
    """Why the door let something out."""

    LATE = "late"  # told more than 15 minutes after it was played
    AHEAD = "ahead"  # beyond the server's clock, or before the playback began
    TOO_FAST = "too_fast"  # faster than any player of ours goes
    ELSEWHERE = "other_playback"  # after another playback had taken over
    AWAY = "away"  # while the player said that it was hidden or paused


def of_hearing(hearing: Hearing) -> list[Cut]:
    """What of a new beat the door cut, and what of the rest lies where the player was away."""
    within = playbacks.limits(hearing.playback, hearing.now)
    is_closed = within.newest_ms == playbacks.closed_ms(hearing.playback)
    found = at_the_door(hearing.report.spans, within, is_closed=is_closed)
    return found + _away(hearing.kept, hearing.told)


def at_the_door(told: Iterable[Span], within: Limits, *, is_closed: bool = False) -> list[Cut]:
    """What `beats.door` cuts off these spans, within the lesson. Pure."""
    found: list[Cut] = []
    for span in told:
        inside = spans.within_media(span, 0, within.duration_ms) if spans.is_playing(span) else None
        if inside is None:
            continue
        if beats.is_too_fast(span):
            found.append((inside.from_ms, inside.to_ms, Why.TOO_FAST))
            continue
        late = Why.LATE if within.oldest_ms > 0 else Why.AHEAD
        found += _piece(inside, inside.began_ms, within.oldest_ms, late)
        after = max(within.oldest_ms, within.newest_ms)
        found += _piece(inside, after, inside.ended_ms, Why.ELSEWHERE if is_closed else Why.AHEAD)
    return found


def _away(kept: Iterable[Span], told: Sequence[Heard]) -> list[Cut]:
    holes = beats.away(sorted(told, key=lambda beat: beat.seq))
    return [
        piece
        for span in kept
        for low, high in holes
        for piece in _piece(span, low, span.ended_ms if high is None else high, Why.AWAY)
    ]


def _piece(span: Span, began_ms: int, ended_ms: int, why: Why) -> list[Cut]:
    found = cut(span, began_ms=began_ms, ended_ms=ended_ms)
    return [] if found is None else [(found.from_ms, found.to_ms, why)]


def note(playback: Playback, found: Sequence[Cut]) -> None:
    """Remember what was cut with its playback, whose row is taken."""
    if not found:
        return
    joined = _joined([*_of(playback), *found])
    kept = sorted(joined, key=lambda piece: piece[0] - piece[1])[:MOST]
    playback.cuts = [list(piece) for piece in sorted(kept)]


def note_refused(playback: Playback, report: Report, *, now: datetime) -> None:
    """Remember what a beat told that came after its playback's end: what was played by now is too late."""
    newest_ms = beats.limits(playback.duration_ms, to_ms(now) - to_ms(playback.opened_at)).newest_ms
    note(playback, at_the_door(report.spans, Limits(playback.duration_ms, newest_ms, newest_ms)))


def of_lesson(session: Session, enrolment_id: str, *, lesson_id: str) -> list[Cut]:
    """What playbacks of a lesson remember, covered since or not."""
    return [piece for playback in _with_cuts(session, enrolment_id, lesson_id) for piece in _of(playback)]


def forget(
    session: Session, enrolment_id: str, *, lesson_id: str, covered: Sequence[Sequence[Edge]]
) -> None:
    """Forget what has been watched since. Takes the rows of its playbacks, in order of their ids."""
    for playback in _with_cuts(session, enrolment_id, lesson_id, is_locked=True):
        playback.cuts = [list(piece) for piece in uncovered(_of(playback), covered)] or None


def uncovered(found: Iterable[Cut], covered: Sequence[Sequence[Edge]]) -> list[Cut]:
    """What of these pieces lies outside what is covered (disjoint, ascending), in order of the media. Pure."""
    holes = [(math.floor(Fraction(low)), math.ceil(Fraction(high))) for low, high in covered]
    left: list[Cut] = []
    for begun, ended, why in found:
        at = begun
        for low, high in [*holes, (ended, ended)]:
            if at < min(low, ended):
                left.append((at, min(low, ended), why))
            at = max(at, high)
    return _joined(left)


def _of(playback: Playback) -> list[Cut]:
    return [(begun, ended, why) for begun, ended, why in playback.cuts or ()]


def _with_cuts(
    session: Session, enrolment_id: str, lesson_id: str, *, is_locked: bool = False
) -> Sequence[Playback]:
    wanted = (
        select(Playback)
        .where(
            Playback.enrolment_id == enrolment_id,
            Playback.lesson_id == lesson_id,
            Playback.cuts.is_not(None),
        )
        .order_by(Playback.id)
    )
    if is_locked:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return session.scalars(wanted).all()


def _joined(found: Iterable[Cut]) -> list[Cut]:
    """Pieces of one reason that touch are one, in order of the media."""
    last: dict[str, int] = {}  # where in `joined` the latest piece of a reason is
    joined: list[Cut] = []
    for low, high, why in sorted(found):
        at = last.get(why)
        if at is not None and low <= joined[at][1]:
            joined[at] = (joined[at][0], max(joined[at][1], high), why)
            continue
        last[why] = len(joined)
        joined.append((low, high, why))
    return joined
