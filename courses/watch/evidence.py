"""What watching says of a learner, as the credit engine takes it: stretches, presence, signs of life.

Everything that anybody counts comes from here: beats as stored, less the time away and what lies beyond
the playback's end, through the one function `courses.credit.beats.stretches`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.credit import beats as credit_beats
from courses.credit.evidence import HeardBeat, PresenceCheck, Stretch
from courses.watch import beats, spans
from courses.watch.beats import Heard, State
from courses.watch.models import Beat, Playback
from media.base import to_ms


def stretches(
    session: Session, subject_key: str, *, before: datetime | None = None
) -> list[Stretch]:
    """All stretches of a subject, in order of their playbacks' opening.

    `before` leaves out playbacks opened at or after it; a stretch that runs over it is the engine's
    to cut (`as_of`).
    """
    return [
        stretch
        for playback, heard in told(session, subject_key, before=before)
        for stretch in of_playback(playback, heard)
    ]


def beats_heard(
    session: Session, subject_key: str, *, before: datetime | None = None
) -> list[HeardBeat]:
    """Every beat's instant: its latest `ended_ms`, or its receipt where it has no spans (5.38)."""
    return [
        sign
        for playback, heard in told(session, subject_key, before=before)
        for sign in signs_of_life(playback, heard)
    ]


def signs_of_life(playback: Playback, heard: Iterable[Heard]) -> list[HeardBeat]:
    """The instants of one playback's beats, in the order of their numbers."""
    opened_ms = to_ms(playback.opened_at)
    return [
        HeardBeat(playback.id, opened_ms + moment(beat))
        for beat in sorted(heard, key=lambda one: one.seq)
    ]


def presence(
    session: Session, subject_key: str, *, before: datetime | None = None
) -> list[PresenceCheck]:
    """Presence checks of a subject. No prompts are offered yet, so there are none."""
    del session, subject_key, before
    return []


def of_playback(playback: Playback, heard: Iterable[Heard]) -> list[Stretch]:
    """The stretches of one playback from all its beats, whatever order they arrived in."""
    return credit_beats.stretches(
        [credit_beats.Beat(beat.seq, beat.spans) for beat in counted(playback, heard)],
        playback=playback.id,
        enrolment=playback.enrolment_id,
        lesson=playback.lesson_id,
        opened_at=to_ms(playback.opened_at),
    )


def counted(playback: Playback, heard: Iterable[Heard]) -> list[Heard]:
    """A playback's beats in order, without the time away and what was told beyond its end."""
    present = beats.attended(tuple(heard))
    if playback.closed_at is None:
        return present
    end_ms = to_ms(playback.closed_at) - to_ms(playback.opened_at)
    return [
        Heard(
            beat.seq,
            tuple(piece for span in beat.spans for piece in spans.until(span, end_ms)),
            beat.state,
            beat.received_ms,
        )
        for beat in present
    ]


def told(
    session: Session, subject_key: str, *, before: datetime | None = None
) -> list[tuple[Playback, list[Heard]]]:
    """A subject's playbacks in order of opening, each with its beats as stored."""
    wanted = select(Playback).where(Playback.subject_key == subject_key)
    if before is not None:
        wanted = wanted.where(Playback.opened_at < before)
    playbacks = session.scalars(wanted.order_by(Playback.opened_at, Playback.id)).all()
    heard = of_beats(session, playbacks)
    return [(playback, heard[playback.id]) for playback in playbacks]


def of_beats(session: Session, playbacks: Sequence[Playback]) -> dict[str, list[Heard]]:
    """The beats of some playbacks, by the playback's id."""
    opened = {playback.id: to_ms(playback.opened_at) for playback in playbacks}
    wanted = select(
        Beat.playback_id, Beat.seq, Beat.spans, Beat.state, Beat.received_at
    ).where(Beat.playback_id.in_(opened))
    found: dict[str, list[Heard]] = {playback_id: [] for playback_id in opened}
    for playback_id, seq, rows, state, received_at in session.execute(wanted):
        received_ms = to_ms(received_at) - opened[playback_id]
        found[playback_id].append(Heard(seq, spans.of_rows(rows), State(state), received_ms))
    return found


def moment(beat: Heard) -> int:
    """The sign of life that a beat is, in player time (credit-rules.md 5.38)."""
    return spans.last_end_ms(beat.spans) if beat.spans else beat.received_ms
