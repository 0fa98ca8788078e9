"""The review of a closed class run, by an officer who neither taught nor recorded it; then hours.

Duplicates are shown, not decided: the reviewer leaves out whom it concerns, or gives the run back.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors
from courses.ledger import accounts, offline
from courses.ledger.cases import claims, corrections, files, notices
from courses.ledger.cases.models import Claim
from courses.ledger.classes import runs
from courses.ledger.classes.models import MOVES, ClassReview, ClassRun, ClassSession, RunState
from courses.ledger.models import OfflineHours
from courses.people.jurisdictions import day_of
from courses.people.organisations import Actor, Organisation
from courses.watch import evidence as watched
from media.base import to_ms


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
    found: list[Finding] = []
    for line in runs.register(session, run.id):
        attended = [sittings[one] for one in line.present]
        if attended:
            found += in_other_classes(session, run, line.subject_key, attended)
            found += online(session, line.subject_key, attended)
            found += recorded(session, run, line.subject_key, attended)
    for rows in files.sent_elsewhere(session, files.of(session, run.id)).values():
        found += [Finding("file", "", row.name, row.added_at) for row in rows]
    return found


def in_other_classes(
    session: Session, run: ClassRun, subject_key: str, attended: Collection[ClassSession]
) -> list[Finding]:
    """Sessions of other runs at the same time in which the learner was present too."""
    found = []
    for row in attended:
        for other, title in session.execute(
            select(ClassSession, ClassRun.title)
            .join(ClassRun, ClassRun.id == ClassSession.run_id)
            .where(
                ClassRun.id != run.id,
                ClassSession.from_at < row.to_at,
                ClassSession.to_at > row.from_at,
            )
        ):
            marks = [one for one in runs.marks(session, other.run_id) if one.session_id == other.id]
            if {one.subject_key: one.is_present for one in marks}.get(subject_key):
                found.append(Finding("class", subject_key, title, other.from_at))
    return found


def online(session: Session, subject_key: str, attended: Collection[ClassSession]) -> list[Finding]:
    """Sessions during which the learner watched a lesson: one finding each, at its first instant."""
    stretches = [row for one in watched.of_subject(session, subject_key) for row in one.stretches]
    return [
        Finding("online", subject_key, "", row.from_at)
        for row in attended
        if any(
            one.wall_from < to_ms(row.to_at) and to_ms(row.from_at) < one.wall_to
            for one in stretches
        )
    ]


def recorded(
    session: Session, run: ClassRun, subject_key: str, attended: Collection[ClassSession]
) -> list[Finding]:
    """The same day and hours in the ledger already, or claimed from elsewhere."""
    found = []
    for (on, kind), hours in by_day(attended).items():
        for row in session.scalars(
            select(OfflineHours).where(
                OfflineHours.subject_key == subject_key, OfflineHours.on == on
            )
        ):
            if row.hours == hours and row.class_run_id != run.id:
                found.append(Finding("same_hours", subject_key, row.note, row.entered_at))
        for claim in session.scalars(
            select(Claim).where(
                Claim.subject_key == subject_key, Claim.taken_on == on, Claim.kind == kind
            )
        ):
            if claim.hours == hours:
                found.append(Finding("claimed", subject_key, claim.from_where, claim.applied_at))
    return found


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

    Refused: Conflict `took_part`, `class_reviewed`; Invalid `note_required`; whatever `offline.record`
    refuses of a learner who is not left out.
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
    made = []
    for line in sorted(lines, key=lambda one: one.subject_key):
        if not line.present:
            continue
        accounts.lock(session, line.subject_key)
        for (on, kind), hours in by_day([sittings[one] for one in line.present]).items():
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
        notices.tell(
            session, line.subject_key, kind=notices.Kind.CLASS_ACCEPTED, about=run.id, now=now
        )
    return made
