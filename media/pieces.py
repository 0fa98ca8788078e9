"""What a video still needs, as rows that workers take: a piece is one job with a lease of its own.

A short lecture is one piece for each step; a long one is cut into chunks, which several workers, on several
machines, encode at once, and a last piece joins. States are one table, `TRANSITIONS`. The first step
ends with a lesson that plays, the further one with the whole ladder; then its rows are gone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    and_,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from media import errors, leases
from media.base import Base, new_id


class Step(StrEnum):
    """What a piece is needed for."""

    FIRST = "first"  # nothing plays before
    FURTHER = "further"  # the other rungs of a lesson that plays
    AFTER = "after"  # tidying up


class Task(StrEnum):
    """What a worker does for a piece."""

    RUNGS = "rungs"  # every rung of the step in one decode, shown at the end
    SOUND = "sound"  # the sound of the whole lecture, encoded once
    CHUNK = "chunk"  # the pictures between two key frames
    JOIN = "join"  # chunks and sound become rungs and are shown; open once the others are done
    DROP = "drop"  # files that nobody plays any more are deleted


class PieceState(StrEnum):
    """Where a piece stands."""

    WAITING = "waiting"
    WORKING = "working"  # leased by a worker
    DONE = "done"  # its files are in the store
    FAILED = "failed"  # given up or cancelled; an operator may try again


TRANSITIONS: dict[PieceState, frozenset[PieceState]] = {
    PieceState.WAITING: frozenset({PieceState.WORKING, PieceState.FAILED}),
    PieceState.WORKING: frozenset({PieceState.DONE, PieceState.WAITING, PieceState.FAILED}),
    PieceState.DONE: frozenset(),
    PieceState.FAILED: frozenset({PieceState.WAITING}),
}
# Parts of the work in thousandths of what encoding the pictures takes, for progress alone.
SHARES = {Task.RUNGS: 1150, Task.CHUNK: 1000, Task.SOUND: 150, Task.JOIN: 30, Task.DROP: 0}


class Piece(Base):
    """One job of a video. Its media lie in `[from_ms, to_ms)`, an open end goes to the last frame."""

    __tablename__ = "pieces"
    __table_args__ = (
        UniqueConstraint("asset_id", "step", "number"),
        CheckConstraint("step IN ('first','further','after')", name="step"),
        CheckConstraint("task IN ('rungs','sound','chunk','join','drop')", name="task"),
        CheckConstraint("state IN ('waiting','working','done','failed')", name="state"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), index=True)
    step: Mapped[str] = mapped_column(String(10))
    number: Mapped[int]  # within the step, from 0
    task: Mapped[str] = mapped_column(String(10))
    from_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    to_ms: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default=PieceState.WAITING, index=True)
    progress_permille: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    lease_by: Mapped[str | None] = mapped_column(String(40))
    begun_at: Mapped[datetime | None]  # this attempt
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(60))
    last_log: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Span:
    """Media time `[from_ms, to_ms)`; without `to_ms` to the last frame."""

    from_ms: int
    to_ms: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the pieces of a step are; `left_ms` is None while nobody works on them."""

    permille: int
    left_ms: int | None


def move(piece: Piece, state: PieceState) -> None:
    """Take a step that `TRANSITIONS` allows; Conflict otherwise. Whoever held it holds it no more."""
    if state not in TRANSITIONS[PieceState(piece.state)]:
        raise errors.Conflict()
    piece.state = state
    piece.lease_by = piece.lease_until = None


def plan(
    session: Session, asset_id: str, step: Step, *, spans: Sequence[Span], has_sound: bool, now: datetime
) -> None:
    """Write down what a step needs. `spans` cover the lecture; one span alone is made in one go."""
    session.execute(delete(Piece).where(Piece.asset_id == asset_id, Piece.step == step))
    if len(spans) == 1:
        wanted: list[tuple[Task, Span]] = [(Task.RUNGS, spans[0])]
    else:
        wanted = [(Task.SOUND, Span(0, None))] if has_sound else []
        wanted += [(Task.CHUNK, span) for span in spans]
        wanted.append((Task.JOIN, Span(0, None)))
    session.add_all(
        Piece(asset_id=asset_id, step=step, number=number, task=task, from_ms=span.from_ms,
              to_ms=span.to_ms, created_at=now)
        for number, (task, span) in enumerate(wanted)
    )  # fmt: skip


def drop_later(session: Session, asset_id: str, *, due_at: datetime, now: datetime) -> None:
    """Files of the asset that are shown no more are to be deleted at `due_at`."""
    session.add(
        Piece(asset_id=asset_id, step=Step.AFTER, number=0, task=Task.DROP, due_at=due_at, created_at=now)
    )


def _open(now: datetime):  # type: ignore[no-untyped-def]
    other = aliased(Piece)
    unfinished = select(other.id).where(
        other.asset_id == Piece.asset_id,
        other.step == Piece.step,
        other.task != Task.JOIN,
        other.state != PieceState.DONE,
    )
    return and_(
        or_(
            and_(Piece.state == PieceState.WAITING, or_(Piece.due_at.is_(None), Piece.due_at <= now)),
            and_(Piece.state == PieceState.WORKING, Piece.lease_until <= now),
        ),
        or_(Piece.task != Task.JOIN, ~unfinished.exists()),
    )


def due(session: Session, *, now: datetime) -> list[str]:
    """Ids of the pieces that may be taken: none while a file waits, no further ones while first ones do."""
    if leases.due(session, now=now):
        return []
    found = session.execute(
        select(Piece.id, Piece.step)
        .where(_open(now))
        .order_by(Piece.created_at, Piece.asset_id, Piece.number)
    ).all()
    firsts = [row.id for row in found if row.step == Step.FIRST]
    return firsts or [row.id for row in found]


def claim(session: Session, piece_id: str, *, by: str, now: datetime) -> Piece | None:
    """The piece, taken for one lease; None when it is not to be taken, or killed every worker before."""
    taken = session.execute(
        update(Piece)
        .where(Piece.id == piece_id, _open(now))
        .values(
            state=PieceState.WORKING,
            lease_by=by,
            lease_until=now + leases.LEASE,
            begun_at=now,
            attempts=Piece.attempts + 1,
            progress_permille=0,
        )
        .execution_options(synchronize_session=False)
    )
    assert isinstance(taken, CursorResult)
    session.expire_all()
    return session.get_one(Piece, piece_id) if taken.rowcount == 1 else None


def renew(session: Session, piece_id: str, *, by: str, now: datetime, permille: int) -> None:
    """Hold the piece for another lease and say how far it is; leases.Lost when it is another's."""
    kept = session.execute(
        update(Piece)
        .where(Piece.id == piece_id, Piece.lease_by == by, Piece.state == PieceState.WORKING)
        .values(lease_until=now + leases.LEASE, progress_permille=min(max(permille, 0), 999))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(kept, CursorResult)
    session.expire_all()
    if kept.rowcount != 1:
        raise leases.Lost()


def held(session: Session, piece_id: str, *, by: str) -> Piece:
    """The piece, locked, for the worker that still holds it; leases.Lost otherwise."""
    piece = session.get(Piece, piece_id, with_for_update=True, populate_existing=True)
    if piece is None or piece.lease_by != by or piece.state != PieceState.WORKING:
        raise leases.Lost()
    return piece


def finish(piece: Piece) -> None:
    """Its files are in the store."""
    move(piece, PieceState.DONE)
    piece.progress_permille = 1000
    piece.last_error = None


def give_back(piece: Piece, *, code: str, log: str, now: datetime) -> bool:
    """It failed through no fault of the file: wait longer each time; False when it is given up."""
    piece.last_error, piece.last_log = code, log
    if code in leases.MACHINE_WAITS:  # however long that lasts
        piece.attempts = min(piece.attempts, leases.MOST_ATTEMPTS - 1)
    if piece.attempts >= leases.MOST_ATTEMPTS:
        return False
    move(piece, PieceState.WAITING)
    piece.due_at = now + timedelta(seconds=leases.pause_s(piece.attempts))
    return True


def of(session: Session, asset_id: str, step: Step | None = None) -> list[Piece]:
    """The pieces of an asset, or of one step of it, in their order."""
    found = select(Piece).where(Piece.asset_id == asset_id)
    if step is not None:
        found = found.where(Piece.step == step)
    return list(session.scalars(found.order_by(Piece.step, Piece.number)))


def end(session: Session, asset_id: str, step: Step, *, code: str) -> None:
    """Give up what is not done of a step, and say why where nothing was said."""
    for piece in of(session, asset_id, step):
        if piece.state in (PieceState.WAITING, PieceState.WORKING):
            move(piece, PieceState.FAILED)
            piece.last_error = code


def again(session: Session, asset_id: str) -> int:
    """Put the pieces that were given up back into the queue; how many those were."""
    failed = [piece for piece in of(session, asset_id) if piece.state == PieceState.FAILED]
    for piece in failed:
        move(piece, PieceState.WAITING)
        piece.attempts = piece.progress_permille = 0
        piece.due_at = piece.last_error = None
    return len(failed)


def forget(session: Session, asset_id: str, step: Step) -> None:
    """Nothing of this step is needed any more."""
    session.execute(delete(Piece).where(Piece.asset_id == asset_id, Piece.step == step))
    session.expire_all()


def progress(pieces: Iterable[Piece], *, duration_ms: int, now: datetime) -> Progress:
    """How far these pieces of one lecture are, and the time left at the speed of those in work."""
    whole = done = speed = Fraction(0)
    for piece in pieces:
        until = duration_ms if piece.to_ms is None else piece.to_ms
        share = Fraction(max(until - piece.from_ms, 0) * SHARES[Task(piece.task)], 1000)
        made = share * piece.progress_permille / 1000
        whole, done = whole + share, done + made
        if piece.state == PieceState.WORKING and piece.begun_at is not None and now > piece.begun_at:
            speed += made / Fraction((now - piece.begun_at) / timedelta(milliseconds=1))
    permille = int(done * 1000 / whole) if whole else 0
    return Progress(permille, int((whole - done) / speed) if speed else None)
