"""What watching says of a learner, as the credit engine takes it: stretches and signs of life.

Everything that anybody counts comes from here: beats as stored, less the time away and what lies beyond
the playback's end, or the archive that was made of them, through the one function
`courses.credit.beats.stretches`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.credit import beats as credit_beats
from courses.credit.beats import Span
from courses.credit.evidence import HeardBeat, Stretch
from courses.watch import beats, spans
from courses.watch.beats import Heard, State
from courses.watch.models import Archive, Beat, Playback
from media.base import to_ms


class Content(msgspec.Struct, array_like=True, frozen=True):
    """What an archive holds: spans `(from_ms, to_ms, began_ms, ended_ms)`, and the time between signs of life."""

    spans: list[tuple[int, int, int, int]]
    signs: list[int]


@dataclass(frozen=True, slots=True)
class Watched:
    """One playback, and what it proves; `signs` in the order of its beats' numbers."""

    playback: Playback
    stretches: list[Stretch]
    signs: list[HeardBeat]


def playbacks_of(session: Session, subject_key: str, *, before: datetime) -> Sequence[Playback]:
    """A subject's playbacks opened before an instant, in order of opening.

    A stretch that runs over it is the engine's to cut (`as_of`).
    """
    wanted = select(Playback).where(Playback.subject_key == subject_key, Playback.opened_at < before)
    return session.scalars(wanted.order_by(Playback.opened_at, Playback.id)).all()


def of_playbacks(
    session: Session, playbacks: Sequence[Playback], *, told: Mapping[str, Sequence[Heard]] | None = None
) -> list[Watched]:
    """What these playbacks prove, in their order; `told` are beats that are not all stored yet."""
    known = dict(told or {})
    archived = {one.id for one in playbacks if one.archived_at is not None} - known.keys()
    kept = _of_archives(session, archived)
    known |= of_beats(session, [one for one in playbacks if one.id not in archived | known.keys()])
    return [
        Watched(one, *kept[one.id]) if one.id in archived
        else Watched(one, of_playback(one, known[one.id]), signs_of_life(one, known[one.id]))
        for one in playbacks
    ]  # fmt: skip


def _of_archives(
    session: Session, archived: Iterable[str]
) -> dict[str, tuple[list[Stretch], list[HeardBeat]]]:
    rows = session.execute(
        select(Playback, Archive.content)
        .join(Archive, Archive.playback_id == Playback.id)
        .where(Playback.id.in_(archived))
    )
    return {playback.id: _archived(playback, content) for playback, content in rows}


def _archived(playback: Playback, content: bytes) -> tuple[list[Stretch], list[HeardBeat]]:
    read = msgspec.msgpack.decode(content, type=Content)
    opened_ms = to_ms(playback.opened_at)
    return (
        _stretches(playback, [credit_beats.Beat(0, [Span(*row) for row in read.spans])]),
        [HeardBeat(playback.id, opened_ms + at) for at in accumulate(read.signs)],
    )


def of_playback(playback: Playback, heard: Iterable[Heard]) -> list[Stretch]:
    """The stretches of one playback from all its beats, whatever order they arrived in."""
    return _stretches(
        playback, [credit_beats.Beat(beat.seq, beat.spans) for beat in counted(playback, heard)]
    )


def _stretches(playback: Playback, told: Iterable[credit_beats.Beat]) -> list[Stretch]:
    return credit_beats.stretches(
        told,
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


def signs_of_life(playback: Playback, heard: Iterable[Heard]) -> list[HeardBeat]:
    """The instants of one playback's beats, in the order of their numbers."""
    opened_ms = to_ms(playback.opened_at)
    return [
        HeardBeat(playback.id, opened_ms + moment(beat))
        for beat in sorted(heard, key=lambda one: one.seq)
    ]


def moment(beat: Heard) -> int:
    """The sign of life that a beat is, in player time (credit-rules.md 5.38)."""
    return spans.last_end_ms(beat.spans) if beat.spans else beat.received_ms


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
