"""Looking for signals: what a learner's newly archived playbacks say, with those of the same day beside them.

Incremental: a playback is looked at once, when nothing more of it can come, and what is read beside it
lies in its own night, day or week. Found again, a signal is the same row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from courses import enrolment as enrolments
from courses.catalogue.models import Course
from courses.enrolment import Enrolment
from courses.people import jurisdictions
from courses.watch import evidence, playbacks, presence
from courses.watch.models import Playback
from courses.watch.signals import detectors, marks
from courses.watch.signals.detectors import Figures, Kind, Opening, Rhythm
from courses.watch.signals.models import Signal, SignalPlayback
from courses.watch.tokens import LASTS_MS
from media.base import to_ms

DAY = timedelta(days=1)
NIGHT = (time(23), time(6))
LONGEST = timedelta(milliseconds=LASTS_MS)  # no playback is heard for longer
MOST_AT_ONCE = 500
MOST_PLAYBACKS = 200  # that one signal names


@dataclass(frozen=True, slots=True)
class Period:
    """Wall time `[from_at, to_at)`, named by the day on which it began."""

    on: date
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A signal as a detector found it."""

    kind: Kind
    about: str
    period: Period
    playbacks: Sequence[Playback]
    figures: Figures


def due(session: Session) -> list[str]:
    """Learners with archived playbacks that nobody looked at yet, those archived longest ago first."""
    rows = session.scalars(
        select(Playback.subject_key)
        .where(Playback.examined_at.is_(None), Playback.archived_at.is_not(None))
        .order_by(Playback.archived_at)
        .limit(MOST_AT_ONCE)
    )
    return list(dict.fromkeys(rows))


def examine(session: Session, subject_key: str, *, now: datetime) -> list[Signal]:
    """Look at what a learner's newly archived playbacks say; the signals that are open now because of it."""
    enrolments.lock_subject(session, subject_key)
    fresh = session.scalars(
        select(Playback)
        .where(
            Playback.subject_key == subject_key,
            Playback.examined_at.is_(None),
            Playback.archived_at.is_not(None),
        )
        .order_by(Playback.opened_at, Playback.id)
        .limit(MOST_AT_ONCE)
    ).all()
    found = [keep(session, one, now=now) for one in _found(session, subject_key, fresh)]
    for playback in fresh:
        playback.examined_at = now
    session.flush()
    return found


def _found(session: Session, subject_key: str, fresh: Sequence[Playback]) -> Iterator[Found]:
    for day in sorted({jurisdictions.day_of(one.opened_at) for one in fresh}):
        yield from _in_day(session, subject_key, day_period(day))
    for night in sorted({day for one in fresh for day in _nights(one)}):
        yield from _in_night(session, subject_key, night_period(night))
    for monday in sorted({_monday(jurisdictions.day_of(one.opened_at)) for one in fresh}):
        period = week_period(monday)
        yield from _in_week(session, subject_key, period)
        mine = [one for one in fresh if period.from_at <= one.opened_at < period.to_at]
        yield from _on_devices(session, mine, period)


def _in_day(session: Session, subject_key: str, period: Period) -> Iterator[Found]:
    opened = _opened(session, subject_key, period.from_at, period.to_at)
    about = f"{subject_key}:{period.on}"
    known = marks.of_playbacks(session, [one.id for one in opened])
    taken_turns = detectors.switches([_opening(one, known) for one in opened])
    if taken_turns is not None:
        met = {one.playback_id for one in taken_turns[0]}
        yield Found(
            Kind.CONCURRENT, about, period, [one for one in opened if one.id in met], taken_turns[1]
        )
    with_beats = [one for one in opened if one.removed_at is None]
    rhythms = {
        playback_id: detectors.rhythm(heard)
        for playback_id, heard in evidence.of_beats(session, with_beats).items()
    }
    together = Rhythm(
        [ms for one in rhythms.values() for ms in one.arrivals_ms],
        [ms for one in rhythms.values() for ms in one.lengths_ms],
    )
    figures = detectors.regular(together)
    if figures is not None:
        steady = [one for one in with_beats if rhythms[one.id].arrivals_ms]
        yield Found(Kind.REGULAR, about, period, steady, figures)


def _in_night(session: Session, subject_key: str, period: Period) -> Iterator[Found]:
    opened = [
        one
        for one in _opened(session, subject_key, period.from_at - LONGEST, period.to_at)
        if one.closed_at is not None and one.closed_at > period.from_at
    ]
    played = {
        one.playback.id: [(stretch.wall_from, stretch.wall_to) for stretch in one.stretches]
        for one in evidence.of_playbacks(session, opened)
    }
    from_ms, to_ms_ = to_ms(period.from_at), to_ms(period.to_at)
    figures = detectors.night(
        [span for spans in played.values() for span in spans], from_ms=from_ms, to_ms=to_ms_
    )
    if figures is not None:
        awake = [
            one for one in opened if any(low < to_ms_ and high > from_ms for low, high in played[one.id])
        ]
        yield Found(Kind.NIGHT, f"{subject_key}:{period.on}", period, awake, figures)


def _in_week(session: Session, subject_key: str, period: Period) -> Iterator[Found]:
    opened = _opened(session, subject_key, period.from_at, period.to_at)
    times = presence.answer_times(session, [one.id for one in opened])
    figures = detectors.even([ms for answers in times.values() for ms in answers])
    if figures is not None:
        asked = [one for one in opened if one.id in times]
        yield Found(Kind.ANSWERS, f"{subject_key}:{period.on}", period, asked, figures)


def _on_devices(session: Session, mine: Sequence[Playback], period: Period) -> Iterator[Found]:
    known = marks.of_playbacks(session, [one.id for one in mine])
    for mark in sorted(set(known.values())):
        figures = detectors.crowd(
            marks.people(session, mark, from_at=period.from_at, to_at=period.to_at)
        )
        if figures is not None:
            opened = marks.playbacks(
                session, mark, from_at=period.from_at, to_at=period.to_at, limit=MOST_PLAYBACKS
            )
            # Named by its first playback: the mark itself must not outlive its time.
            yield Found(Kind.DEVICE, opened[0].id, period, opened, figures)


def keep(session: Session, found: Found, *, now: datetime) -> Signal:
    """The signal's row: made, or told what is new while it is open. Once answered it stays as it was."""
    signal = _row(session, found)
    if signal is None:
        signal = Signal(
            kind=found.kind,
            about=found.about,
            from_at=found.period.from_at,
            to_at=found.period.to_at,
            figures=dict(found.figures),
            found_at=now,
            status="open",
        )
        try:
            with session.begin_nested():  # two learners of one device at once: the unique key decides
                session.add(signal)
        except IntegrityError:
            signal = _row(session, found)
            assert signal is not None
    if signal.status == "open":
        signal.figures = dict(found.figures)
        _name(session, signal, found.playbacks[:MOST_PLAYBACKS])
    session.flush()
    return signal


def _row(session: Session, found: Found) -> Signal | None:
    return session.scalar(
        select(Signal)
        .where(Signal.kind == found.kind, Signal.about == found.about)
        .with_for_update()
    )


def _name(session: Session, signal: Signal, rows: Sequence[Playback]) -> None:
    named = set(
        session.scalars(
            select(SignalPlayback.playback_id).where(SignalPlayback.signal_id == signal.id)
        )
    )
    bodies = dict(
        session.execute(
            select(Enrolment.id, Course.organisation_id)
            .join(Course, Course.id == Enrolment.course_id)
            .where(Enrolment.id.in_({one.enrolment_id for one in rows}))
        )
        .all()
    )
    session.add_all(
        SignalPlayback(
            signal_id=signal.id,
            playback_id=one.id,
            subject_key=one.subject_key,
            organisation_id=bodies[one.enrolment_id],
        )
        for one in rows
        if one.id not in named
    )


def _opened(
    session: Session, subject_key: str, from_at: datetime, to_at: datetime
) -> Sequence[Playback]:
    return session.scalars(
        select(Playback)
        .where(
            Playback.subject_key == subject_key,
            Playback.opened_at >= from_at,
            Playback.opened_at < to_at,
        )
        .order_by(Playback.opened_at, Playback.id)
    ).all()


def _opening(playback: Playback, known: dict[str, bytes]) -> Opening:
    mark = known.get(playback.id)
    return Opening(
        playback_id=playback.id,
        device=mark.hex() if mark else playback.device,
        opened_ms=to_ms(playback.opened_at),
        heard_ms=to_ms(playback.heard_at),
        closed_ms=None if playback.closed_at is None else to_ms(playback.closed_at),
        is_taken_over=playback.close_reason == playbacks.Reason.TAKEN_OVER,
    )


def _nights(playback: Playback) -> Iterator[date]:
    """The nights that a playback may have been heard in, each named by the day on which it ends."""
    assert playback.closed_at is not None  # it is archived
    day = jurisdictions.day_of(playback.opened_at)
    while night_period(day).from_at < playback.closed_at:
        if night_period(day).to_at > playback.opened_at:
            yield day
        day += DAY


def at(day: date, hour: time = time()) -> datetime:
    """An instant of a day in the city."""
    return datetime.combine(day, hour, jurisdictions.ZONE)


def day_period(day: date) -> Period:
    """A day, from midnight."""
    return Period(day, at(day), at(day + DAY))


def night_period(day: date) -> Period:
    """The night that ends on a day."""
    return Period(day, at(day - DAY, NIGHT[0]), at(day, NIGHT[1]))


def week_period(monday: date) -> Period:
    """A week from a Monday."""
    return Period(monday, at(monday), at(monday + 7 * DAY))


def _monday(day: date) -> date:
    return day - day.weekday() * DAY
