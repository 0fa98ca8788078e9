"""What pages of signals show: lists with their filters, and one signal drawn on a line."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import paging
from app.paging import Page
from courses import enrolment
from courses.enrolment import Enrolment
from courses.watch import evidence, presence
from courses.watch.models import Playback
from courses.watch.signals import cases, detectors
from courses.watch.signals.cases import Reach, Status
from courses.watch.signals.detectors import Kind
from courses.watch.signals.models import Signal
from media.base import to_ms

PAGE_SIZE = 20
MOST_LANES = 40
BIN_MS = 100
BINS = 3  # on either side of the middle
SECONDS = 10

Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A signal in a list, with the masked names of its learners where the page shows them."""

    signal: Signal
    learners: int
    names: list[str]


@dataclass(frozen=True, slots=True)
class Lane:
    """A playback on the common line: what was played, and when beats came, from the line's beginning."""

    playback: Playback
    title: str
    learner: str
    spans: list[Span]
    beats: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """A signal's evidence: the line's ends, a lane for each playback, a chart of what was too even.

    `is_beatless`: beats are past their time, so there is no chart of them. `more`: lanes not shown.
    """

    from_at: datetime
    to_at: datetime
    lanes: list[Lane]
    chart: list[tuple[str, int]] = field(default_factory=list)
    is_beatless: bool = False
    more: int = 0

    @property
    def length_ms(self) -> int:
        """How long the line is."""
        return max(1, to_ms(self.to_at) - to_ms(self.from_at))


def asked() -> tuple[str, str]:
    """The kind and the status that `?kind=` and `?status=` ask for; nonsense asks for all."""
    kind, status = request.args.get("kind", ""), request.args.get("status", Status.OPEN)
    return (kind if kind in set(Kind) else ""), (status if status in set(Status) else "")


def page(session: Session, reach: Reach, *, names: bool) -> Page[Line]:
    """The asked page of the signals within reach; `names`: with the learners' masked names."""
    kind, status = asked()
    number, offset = paging.asked(PAGE_SIZE)
    rows, total = cases.listed(
        session, reach, kind=kind, status=status, offset=offset, limit=PAGE_SIZE
    )
    learners = cases.learners(session, reach, rows)
    known = cases.names(session, {key for keys in learners.values() for key in keys}) if names else {}
    lines = [
        Line(row, len(learners[row.id]), [known[key] for key in learners[row.id] if key in known])
        for row in rows
    ]
    return Page(lines, number, PAGE_SIZE, total)


def drawing(session: Session, reach: Reach, signal: Signal) -> Drawing:
    """A signal's evidence within reach."""
    opened = cases.playbacks(session, reach, signal)
    shown = opened[:MOST_LANES]
    from_at, to_at = ends(signal, shown)
    return Drawing(
        from_at=from_at,
        to_at=to_at,
        lanes=lanes(session, shown, from_at=from_at, to_at=to_at),
        chart=chart(session, signal, opened),
        is_beatless=any(one.removed_at is not None for one in shown),
        more=len(opened) - len(shown),
    )


def ends(signal: Signal, opened: Sequence[Playback]) -> tuple[datetime, datetime]:
    """Where the line begins and ends: a night whole, otherwise from the first to the last."""
    if signal.kind == Kind.NIGHT or not opened:
        return signal.from_at, signal.to_at
    return min(one.opened_at for one in opened), max(one.closed_at or one.heard_at for one in opened)


def lanes(
    session: Session, opened: Sequence[Playback], *, from_at: datetime, to_at: datetime
) -> list[Lane]:
    """The playbacks, each with its times on the line."""
    begun_ms, length_ms = to_ms(from_at), to_ms(to_at) - to_ms(from_at)
    titles = titles_of(session, opened)
    names = cases.names(session, {one.subject_key for one in opened})
    found = []
    for watched in evidence.of_playbacks(session, opened):
        played = [(one.wall_from - begun_ms, one.wall_to - begun_ms) for one in watched.stretches]
        spans: list[Span] = [
            (max(0, low), min(length_ms, high), "covered")
            for low, high in played
            if low < length_ms and high > 0
        ]
        told = [sign.at - begun_ms for sign in watched.signs]
        spans += [(at, at, "pending") for at in told if 0 <= at <= length_ms]
        playback = watched.playback
        found.append(
            Lane(playback, titles[playback.id], names.get(playback.subject_key, ""), spans, len(told))
        )
    return found


def titles_of(session: Session, opened: Sequence[Playback]) -> dict[str, str]:
    """Course and lesson of each playback."""
    rows = session.scalars(
        select(Enrolment).where(Enrolment.id.in_({one.enrolment_id for one in opened}))
    ).all()
    takings = {one.enrolment.id: one for one in enrolment.takings(session, rows)}
    return {
        one.id: f"{takings[one.enrolment_id].course.title} · "
        f"{takings[one.enrolment_id].lesson(one.lesson_id).title}"
        for one in opened
    }


def chart(session: Session, signal: Signal, opened: Sequence[Playback]) -> list[tuple[str, int]]:
    """How far beats strayed from their mean, or how many seconds answers took; nothing for other kinds."""
    if signal.kind == Kind.REGULAR:
        with_beats = [one for one in opened if one.removed_at is None]
        told = evidence.of_beats(session, with_beats).values()
        return strayed([ms for heard in told for ms in detectors.rhythm(heard).arrivals_ms])
    if signal.kind == Kind.ANSWERS:
        times = presence.answer_times(session, [one.id for one in opened]).values()
        return by_second([ms for answers in times for ms in answers])
    return []


def strayed(intervals_ms: Sequence[int]) -> list[tuple[str, int]]:
    """Counts by distance from the mean, in steps of 100 ms; the ends hold all that is farther."""
    if not intervals_ms:
        return []
    mean = sum(intervals_ms) / len(intervals_ms)
    counts = dict.fromkeys(range(-BINS, BINS + 1), 0)
    for interval_ms in intervals_ms:
        counts[max(-BINS, min(BINS, round((interval_ms - mean) / BIN_MS)))] += 1
    return [(f"{place * BIN_MS:+d}" if place else "0", count) for place, count in counts.items()]


def by_second(times_ms: Sequence[int]) -> list[tuple[str, int]]:
    """Counts by whole seconds; the last holds all that is longer."""
    counts = dict.fromkeys(range(SECONDS), 0)
    for time_ms in times_ms:
        counts[min(SECONDS - 1, time_ms // 1000)] += 1
    return [(f"{second}+" if second == SECONDS - 1 else str(second), n) for second, n in counts.items()]
