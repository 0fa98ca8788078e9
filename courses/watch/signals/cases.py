"""Signals as people see them: found for who asks, with their playbacks, answered with a note.

Who reaches which signal is a condition (`in_areas`, `of_institutions`, `of_learner`), the same for a list
and for one of it. A signal of several learners shows each audience only its own of them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from courses import errors
from courses.people import persons
from courses.people.persons import Person, Subject
from courses.watch.models import Playback
from courses.watch.signals.models import Signal, SignalNote, SignalPlayback

SHORTEST_NOTE, LONGEST_NOTE = 2, 500


class Status(StrEnum):
    """What became of a signal."""

    OPEN = "open"
    EXPLAINED = "explained"  # somebody asked, and the answer convinced
    DISMISSED = "dismissed"  # there was nothing to ask


MOVES = {
    Status.OPEN: (Status.EXPLAINED, Status.DISMISSED),
    Status.EXPLAINED: (Status.OPEN,),
    Status.DISMISSED: (Status.OPEN,),
}


@dataclass(frozen=True, slots=True)
class Reach:
    """Which rows of `signal_playbacks` somebody may see."""

    condition: ColumnElement[bool]


def in_areas(areas: Collection[str] | None, *, on: date) -> Reach:
    """Learners who belong to one of these jurisdictions on a day; None is everybody who is known."""
    known = select(Subject.key).join(Person, Subject.person_id == Person.id)
    if areas is not None:
        known = known.where(persons.belongs_to(areas, on=on))
    return Reach(SignalPlayback.subject_key.in_(known))


def of_institutions(organisation_ids: Collection[str]) -> Reach:
    """Playbacks of these institutions' courses."""
    return Reach(SignalPlayback.organisation_id.in_(list(organisation_ids)))


def of_learner(subject_key: str) -> Reach:
    """A learner's own playbacks."""
    return Reach(SignalPlayback.subject_key == subject_key)


def listed(
    session: Session,
    reach: Reach,
    *,
    kind: str = "",
    status: str = "",
    offset: int = 0,
    limit: int = 20,
) -> tuple[list[Signal], int]:
    """Signals within reach, the newest first, and how many there are in all."""
    wanted: list[ColumnElement[bool]] = [
        Signal.id.in_(select(SignalPlayback.signal_id).where(reach.condition))
    ]
    if kind:
        wanted.append(Signal.kind == kind)
    if status:
        wanted.append(Signal.status == status)
    total = session.scalar(select(func.count()).select_from(Signal).where(*wanted)) or 0
    rows = session.scalars(
        select(Signal)
        .where(*wanted)
        .order_by(Signal.found_at.desc(), Signal.id)
        .offset(offset)
        .limit(limit)
    )
    return list(rows), total


def get(session: Session, reach: Reach, signal_id: str) -> Signal:
    """One signal within reach, or NotFound."""
    found = session.scalar(
        select(Signal).where(
            Signal.id == signal_id,
            Signal.id.in_(select(SignalPlayback.signal_id).where(reach.condition)),
        )
    )
    if found is None:
        raise errors.NotFound()
    return found


def playbacks(session: Session, reach: Reach, signal: Signal) -> list[Playback]:
    """A signal's playbacks within reach, in order of opening."""
    return list(
        session.scalars(
            select(Playback)
            .join(SignalPlayback, SignalPlayback.playback_id == Playback.id)
            .where(SignalPlayback.signal_id == signal.id, reach.condition)
            .order_by(Playback.opened_at, Playback.id)
        )
    )


def learners(session: Session, reach: Reach, signals: Collection[Signal]) -> dict[str, list[str]]:
    """The subject keys of each signal's learners within reach, by the signal's id."""
    rows = session.execute(
        select(SignalPlayback.signal_id, SignalPlayback.subject_key)
        .where(SignalPlayback.signal_id.in_([one.id for one in signals]), reach.condition)
        .distinct()
        .order_by(SignalPlayback.subject_key)
    )
    found: dict[str, list[str]] = {one.id: [] for one in signals}
    for signal_id, subject_key in rows:
        found[signal_id].append(subject_key)
    return found


def names(session: Session, subject_keys: Collection[str]) -> dict[str, str]:
    """Masked names by subject key; who asked for deletion has none."""
    rows = session.execute(
        select(Subject.key, Person.display_name)
        .join(Person, Subject.person_id == Person.id)
        .where(Subject.key.in_(list(subject_keys)), persons.is_found())
    )
    return {key: name for key, name in rows}  # noqa: C416 - rows are no tuples to mypy


def notes(session: Session, signal: Signal) -> Sequence[SignalNote]:
    """What officials answered, in time."""
    return session.scalars(
        select(SignalNote)
        .where(SignalNote.signal_id == signal.id)
        .order_by(SignalNote.at, SignalNote.id)
    ).all()


def answer(
    session: Session, signal_id: str, *, to: str, note: str, by: str, now: datetime
) -> SignalNote:
    """Move a signal on with a note; `by` is the official's subject key. Hours do not change by it.

    Refused: Invalid `note_required`; Conflict `signal_answered` where it cannot become that now.
    """
    signal = session.get_one(Signal, signal_id, with_for_update=True, populate_existing=True)
    text = " ".join(note.split())
    if not SHORTEST_NOTE <= len(text) <= LONGEST_NOTE:
        raise errors.Invalid(
            "note_required",
            "Say in %(shortest)s to %(longest)s characters what you found out.",
            field="note", shortest=SHORTEST_NOTE, longest=LONGEST_NOTE,
        )
    if to not in MOVES[Status(signal.status)]:
        raise errors.Conflict("signal_answered", "This signal was answered meanwhile. Look at it again.")
    signal.status = to
    made = SignalNote(signal_id=signal.id, official_key=by, status=to, note=text, at=now)
    session.add(made)
    session.flush()
    return made
