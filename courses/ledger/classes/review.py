"""The review of a closed class run, by an officer who neither taught nor recorded it; then hours.

Duplicates are shown, not decided: the reviewer leaves out whom it concerns, or gives the run back.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from courses import errors
from courses.ledger import accounts, offline
from courses.ledger.cases import claims, corrections, files, notices
from courses.ledger.cases.models import Claim
from courses.ledger.classes import runs
from courses.ledger.classes.models import (
    MOVES,
    ClassMark,
    ClassReview,
    ClassRun,
    ClassSession,
    RunState,
)
from courses.ledger.models import OfflineHours
from courses.people.jurisdictions import day_of
from courses.people.organisations import Actor, Organisation
from courses.watch import evidence as watched
from courses.watch.models import Playback
from media.base import EPOCH, to_ms

Attended = dict[str, list[ClassSession]]  # by subject key


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that may count twice. `kind`: `class`, `online`, `same_hours`, `claimed`, `file`."""

    kind: str
    subject_key: str  # empty for a file
    text: str  # the other class, the file's name; empty otherwise
    at: datetime


def waiting(session: Session, actor: Actor) -> list[tuple[ClassRun, Organisation]]:
    """Closed runs of the officer's area, the oldest first."""
    asked = (
        select(ClassRun, Organisation)
        .join(Organisation, Organisation.id == ClassRun.organisation_id)
        .where(ClassRun.state == RunState.CLOSED)
        .order_by(ClassRun.closed_at, ClassRun.id)
    )
    if not actor.is_city_regulator:
        asked = asked.where(Organisation.supervised_by.in_(actor.jurisdictions()))
    return [(run, body) for run, body in session.execute(asked)]


def get(session: Session, actor: Actor, run_id: str) -> tuple[ClassRun, Organisation]:
    """A run that was handed in, of the officer's area, or NotFound."""
    run = session.get(ClassRun, run_id)
    if run is None or run.closed_at is None:
        raise errors.NotFound()
    body = session.get_one(Organisation, run.organisation_id)
    if not actor.is_city_regulator and body.supervised_by not in actor.jurisdictions():
        raise errors.NotFound()
    return run, body


def has_part(session: Session, actor: Actor, run: ClassRun) -> bool:
    """Whether the officer taught, recorded or attended any of it, under whatever key."""
    keys = {run.created_by, run.closed_by or "", *run.instructors}
    keys |= {row.marked_by for row in runs.marks(session, run.id)}
    for row in runs.roster_rows(session, run.id):
        keys |= {row.added_by, row.subject_key}
    return (
        actor.subject_key in keys
        or actor.person_id in corrections.persons_of(session, keys).values()
    )


def findings(session: Session, run: ClassRun) -> list[Finding]:
    """What of a run may be counted elsewhere: by time, by day and hours, by the fingerprint of a file."""
    sittings = {row.id: row for row in runs.sessions(session, run.id)}
    attended = {
        line.subject_key: [sittings[one] for one in line.present]
        for line in runs.register(session, run.id)
        if line.present
    }
    found = [*in_other_classes(session, run, attended), *online(session, attended)]
    found += recorded(session, run, attended)
    for rows in files.sent_elsewhere(session, files.of(session, run.id)).values():
        found += [Finding("file", "", row.name, row.added_at) for row in rows]
    return found


def period(attended: Attended) -> tuple[datetime, datetime]:
    """From the first instant of any session to the last."""
    rows = [row for mine in attended.values() for row in mine]
    return min((row.from_at for row in rows), default=EPOCH), max((row.to_at for row in rows), default=EPOCH)


def in_other_classes(session: Session, run: ClassRun, attended: Attended) -> list[Finding]:
    """Sessions of other runs at the same time in which a learner was present too."""
    first, last = period(attended)
    others = {
        row.id: (row, title)
        for row, title in session.execute(
            select(ClassSession, ClassRun.title)
            .join(ClassRun, ClassRun.id == ClassSession.run_id)
            .where(ClassRun.id != run.id, ClassSession.from_at < last, ClassSession.to_at > first)
        )
    }
    marks = session.scalars(
        select(ClassMark)
        .where(ClassMark.session_id.in_(others), ClassMark.subject_key.in_(attended))
        .order_by(ClassMark.marked_at, ClassMark.id)
    )
    latest = {(mark.subject_key, mark.session_id): mark.is_present for mark in marks}
    return [
        Finding("class", key, others[session_id][1], others[session_id][0].from_at)
        for (key, session_id), is_present in latest.items()
        if is_present
        and any(
            row.from_at < others[session_id][0].to_at and others[session_id][0].from_at < row.to_at
            for row in attended[key]
        )
    ]


def online(session: Session, attended: Attended) -> list[Finding]:
    """Sessions during which a learner watched a lesson: one finding each, at its first instant."""
    first, last = period(attended)
    playbacks = session.scalars(
        select(Playback)
        .where(
            Playback.subject_key.in_(attended),
            Playback.opened_at < last,
            or_(Playback.closed_at.is_(None), Playback.closed_at > first),
        )
        .order_by(Playback.opened_at, Playback.id)
    ).all()
    watching = [
        (one.playback.subject_key, part) for one in watched.of_playbacks(session, playbacks) for part in one.stretches
    ]
    return [
        Finding("online", key, "", row.from_at)
        for key, mine in attended.items()
        for row in mine
        if any(
            who == key and part.wall_from < to_ms(row.to_at) and to_ms(row.from_at) < part.wall_to
            for who, part in watching
        )
    ]


def recorded(session: Session, run: ClassRun, attended: Attended) -> list[Finding]:
    """The same day and hours in the ledger already, or claimed from elsewhere."""
    hours = {key: by_day(mine) for key, mine in attended.items()}
    days = {on for mine in hours.values() for on, _kind in mine}
    there = session.scalars(
        select(OfflineHours).where(OfflineHours.subject_key.in_(attended), OfflineHours.on.in_(days))
    )
    claimed = session.scalars(
        select(Claim).where(Claim.subject_key.in_(attended), Claim.taken_on.in_(days))
    )
    found = [
        Finding("same_hours", row.subject_key, row.note, row.entered_at)
        for row in there
        if row.class_run_id != run.id and row.hours in same_day(hours[row.subject_key], row.on)
    ]
    return found + [
        Finding("claimed", row.subject_key, row.from_where, row.applied_at)
        for row in claimed
        if row.hours in same_day(hours[row.subject_key], row.taken_on)
    ]


def same_day(hours: dict[tuple[date, str], Fraction], on: date) -> set[Fraction]:
    """What a day is worth, by kind and in all."""
    parts = [amount for (day, _kind), amount in hours.items() if day == on]
    return {*parts, sum(parts, Fraction(0))} if parts else set()


def by_day(attended: Collection[ClassSession]) -> dict[tuple[date, str], Fraction]:
    """Hours by day and kind, in order."""
    found: defaultdict[tuple[date, str], Fraction] = defaultdict(Fraction)
    for row in sorted(attended, key=lambda one: one.from_at):
        found[day_of(row.from_at), row.kind] += row.hours
    return dict(found)


def decide(
    session: Session,
    actor: Actor,
    *,
    run: ClassRun,
    is_accepted: bool,
    left_out: Collection[str] = (),
    note: str,
    now: datetime,
) -> list[OfflineHours]:
    """Accept a closed run, without those left out (by the roster's ids), or give it back.

    Refused: Conflict `took_part`, `class_reviewed`, `class_line` where hours of somebody who is not left
    out cannot be recorded; Invalid `note_required`.
    """
    if has_part(session, actor, run):
        raise errors.Conflict("took_part", "Whoever taught or recorded a class does not review it.")
    locked = session.get_one(ClassRun, run.id, with_for_update=True, populate_existing=True)
    to = RunState.ACCEPTED if is_accepted else RunState.OPEN
    if locked.state != RunState.CLOSED or to not in MOVES[RunState(locked.state)]:
        raise errors.Conflict("class_reviewed", "This class was reviewed meanwhile.")
    text = claims.words(note)
    lines = runs.register(session, run.id)
    out = [line.subject_key for line in lines if line.id in set(left_out)]
    session.add(
        ClassReview(
            run_id=run.id,
            is_accepted=is_accepted,
            left_out=out,
            note=text,
            reviewed_by=actor.subject_key,
            reviewed_at=now,
        )
    )
    locked.state = to
    made: list[OfflineHours] = []
    if is_accepted:
        made = record(
            session, actor, locked, [line for line in lines if line.subject_key not in out], now=now
        )
        for key in out:
            notices.tell(
                session, key, kind=notices.Kind.CLASS_LEFT_OUT, about=run.id, text=text, now=now
            )
    session.flush()
    return made


def record(
    session: Session, actor: Actor, run: ClassRun, lines: Collection[runs.Line], *, now: datetime
) -> list[OfflineHours]:
    """The hours of everybody who attended, a row for each day and kind; locks stand in order of keys."""
    sittings = {row.id: row for row in runs.sessions(session, run.id)}
    places = {row.id: place for place, row in enumerate(runs.roster_rows(session, run.id), 1)}
    made = []
    for line in sorted(lines, key=lambda one: one.subject_key):
        if not line.present:
            continue
        accounts.lock(session, line.subject_key)
        for (on, kind), hours in by_day([sittings[one] for one in line.present]).items():
            try:
                made.append(
                    offline.record(
                        session,
                        actor,
                        organisation_id=run.organisation_id,
                        subject_key=line.subject_key,
                        on=on,
                        hours=hours,
                        kind=kind,
                        note=run.title,
                        class_run_id=run.id,
                        now=now,
                    )
                )
            except errors.Refusal as refusal:
                raise errors.Conflict(
                    "class_line",
                    "The hours in line %(line)s of the table cannot be recorded: they stand there already, the day holds "
                    "no more, or no rule is in force. Leave that learner out, or give the class back.",
                    line=places[line.id],
                ) from refusal
        notices.tell(session, line.subject_key, kind=notices.Kind.CLASS_ACCEPTED, about=run.id, now=now)
    return made
