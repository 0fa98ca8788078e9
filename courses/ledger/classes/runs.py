"""A class run in its institution's hands: plan, sessions, roster, attendance, results, closing.

Open, everything but attendance can be changed; attendance is only marked anew. Once closed, nothing is.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses import errors, policies
from courses.catalogue import instructors as teaching
from courses.ledger.cases import files
from courses.ledger.classes.models import (
    ClassLearner,
    ClassMark,
    ClassReview,
    ClassRun,
    ClassSession,
    RunState,
)
from courses.ledger.offline import DAY_HOURS, KINDS
from courses.people import persons
from courses.people.organisations import Actor, Organisation, Role
from courses.people.persons import Person, Subject
from courses.people.vault import Vault

MOST_SESSIONS, MOST_LEARNERS = 60, 300
RESULTS = ("", "passed", "failed")
LATE = timedelta(hours=DAY_HOURS)


@dataclass(frozen=True, slots=True)
class Line:
    """A learner of a roster with what the attended sessions are worth; `id` is the roster's."""

    id: str
    subject_key: str
    name: str  # masked; empty where it is not to be shown any more
    result: str
    present: frozenset[str]  # session ids
    hours: Fraction


def plan(
    session: Session,
    actor: Actor,
    *,
    organisation_id: str,
    title: str,
    place: str,
    syllabus: str,
    instructors: Collection[str],
    now: datetime,
) -> ClassRun:
    """A new class run; `instructors` are person ids. NotFound for an institution that is not the actor's.

    Refused: Invalid `class_instructors` without one of the institution's.
    """
    if organisation_id not in actor.organisations(Role.INSTITUTION_STAFF):
        raise errors.NotFound()
    if not instructors:
        raise errors.Invalid("class_instructors", "Choose who teaches.", field="instructors")
    made = ClassRun(
        organisation_id=organisation_id,
        title=" ".join(title.split()),
        place=" ".join(place.split()),
        syllabus=syllabus.strip(),
        instructors=[persons.subject_of(session, person_id) for person_id in instructors],
        created_by=actor.subject_key,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def teachers(session: Session, run: ClassRun) -> list[str]:
    """The names of those who taught, as the public reads them; who was forgotten since is left out."""
    by_key = dict(
        session.execute(select(Subject.key, Subject.person_id).where(Subject.key.in_(run.instructors))).all()
    )
    ids = [by_key.get(key) for key in run.instructors]
    return [teaching.public(session, person_id=one)[0].name for one in ids if one is not None]


def of_staff(session: Session, actor: Actor) -> list[tuple[ClassRun, int]]:
    """The runs of the actor's institutions with how many are on the roster, the newest first."""
    count = select(func.count()).where(ClassLearner.run_id == ClassRun.id).scalar_subquery()
    rows = session.execute(
        select(ClassRun, count)
        .where(ClassRun.organisation_id.in_(actor.organisations(Role.INSTITUTION_STAFF)))
        .order_by(ClassRun.created_at.desc(), ClassRun.id)
    )
    return [(run, learners) for run, learners in rows]


def for_staff(
    session: Session, actor: Actor, run_id: str, *, is_changing: bool = False
) -> ClassRun:
    """One run of the actor's institution; locked and open where it is to be changed (`class_closed`)."""
    run = session.get(ClassRun, run_id, with_for_update=is_changing, populate_existing=is_changing)
    if run is None or run.organisation_id not in actor.organisations(Role.INSTITUTION_STAFF):
        raise errors.NotFound()
    if is_changing and run.state != RunState.OPEN:
        raise errors.Conflict("class_closed", "This class is closed. A reviewer can give it back.")
    return run


def add_session(
    session: Session,
    run: ClassRun,
    *,
    from_at: datetime,
    to_at: datetime,
    kind: str,
    hours: Fraction,
    subject: str,
    now: datetime,
) -> ClassSession:
    """One sitting. Refused: Invalid `session_times`, `session_hours` for more than fit, `offline_kind`."""
    if kind not in KINDS:
        raise errors.Invalid(
            "offline_kind", "Choose classroom or practical training.", field="kind"
        )
    if not timedelta() < to_at - from_at <= LATE:
        raise errors.Invalid(
            "session_times", "It ends after it began, on the same day.", field="ends"
        )
    area = session.get_one(Organisation, run.organisation_id).supervised_by
    hour_ms = policies.in_force(session, area, at=from_at, known_at=now).rules["hour_ms"]
    most = Fraction((to_at - from_at) // timedelta(milliseconds=1), hour_ms)
    if not 0 < hours <= most:
        raise errors.Invalid(
            "session_hours",
            "So much time holds at most %(most)s hours.",
            field="hours",
            most=f"{float(most):.2g}",
        )
    there = sessions(session, run.id)
    if len(there) >= MOST_SESSIONS or any(
        row.from_at < to_at and from_at < row.to_at for row in there
    ):
        raise errors.Invalid(
            "session_times", "Another session of this class is at that time.", field="starts"
        )
    made = ClassSession(
        run_id=run.id,
        from_at=from_at,
        to_at=to_at,
        kind=kind,
        hours_num=hours.numerator,
        hours_den=hours.denominator,
        subject=" ".join(subject.split()),
    )
    session.add(made)
    session.flush()
    return made


def remove_session(session: Session, run: ClassRun, session_id: str) -> None:
    """Take a session out that nobody was marked in yet; Conflict `session_marked` otherwise."""
    row = session.get(ClassSession, session_id)
    if row is None or row.run_id != run.id:
        raise errors.NotFound()
    if session.scalar(select(ClassMark.id).where(ClassMark.session_id == session_id).limit(1)):
        raise errors.Conflict("session_marked", "Attendance of this session is recorded; it stays.")
    session.delete(row)


def sessions(session: Session, run_id: str) -> list[ClassSession]:
    """The sittings of a run in time."""
    return list(
        session.scalars(
            select(ClassSession)
            .where(ClassSession.run_id == run_id)
            .order_by(ClassSession.from_at, ClassSession.id)
        )
    )


def enrol(
    session: Session, vault: Vault, actor: Actor, *, run: ClassRun, lines: str, now: datetime
) -> tuple[int, list[int]]:
    """Put people on the roster, a line each: document number, space or comma, name.

    Returns how many are new, and the numbers of the lines at which nobody registered was found; a
    number is found by its blind index and kept nowhere. Conflict `roster_full`.
    """
    there = {row.subject_key for row in roster_rows(session, run.id)}
    added, unknown = 0, []
    for number, line in enumerate(lines.splitlines(), 1):
        words = line.replace(",", " ").replace("，", " ").split(maxsplit=1)
        if not words:
            continue
        found = (
            persons.find(session, vault, number=words[0], name=words[1]) if len(words) == 2 else []
        )
        if len(found) != 1:
            unknown.append(number)
            continue
        key = persons.subject_of(session, found[0].id)
        if key in there:
            continue
        there.add(key)
        added += 1
        session.add(
            ClassLearner(run_id=run.id, subject_key=key, added_by=actor.subject_key, added_at=now)
        )
    if len(there) > MOST_LEARNERS:
        raise errors.Conflict(
            "roster_full", "A class has at most %(most)s learners.", most=MOST_LEARNERS
        )
    session.flush()
    return added, unknown


def roster_rows(session: Session, run_id: str) -> list[ClassLearner]:
    """The roster's rows in order of entry."""
    return list(
        session.scalars(
            select(ClassLearner)
            .where(ClassLearner.run_id == run_id)
            .order_by(ClassLearner.added_at, ClassLearner.subject_key)
        )
    )


def marks(session: Session, run_id: str) -> list[ClassMark]:
    """Every mark of a run, in the order in which it was made."""
    return list(
        session.scalars(
            select(ClassMark)
            .join(ClassSession, ClassSession.id == ClassMark.session_id)
            .where(ClassSession.run_id == run_id)
            .order_by(ClassMark.marked_at, ClassMark.id)
        )
    )


def register(session: Session, run_id: str) -> list[Line]:
    """The roster with attendance as it holds, and the hours that it is worth."""
    rows = roster_rows(session, run_id)
    sittings = sessions(session, run_id)
    latest = {
        (mark.subject_key, mark.session_id): mark.is_present for mark in marks(session, run_id)
    }
    names = dict(
        session.execute(
            select(Subject.key, Person.display_name)
            .join(Person, Subject.person_id == Person.id)
            .where(Subject.key.in_([row.subject_key for row in rows]), persons.is_found())
        ).all()
    )
    found = []
    for row in rows:
        attended = [one for one in sittings if latest.get((row.subject_key, one.id))]
        found.append(
            Line(
                id=row.id,
                subject_key=row.subject_key,
                name=names.get(row.subject_key, ""),
                result=row.result,
                present=frozenset(one.id for one in attended),
                hours=sum((one.hours for one in attended), Fraction(0)),
            )
        )
    return found


def mark(
    session: Session,
    actor: Actor,
    *,
    run: ClassRun,
    present: Collection[tuple[str, str]],
    now: datetime,
) -> int:
    """Attendance as (session id, learner's id); writes a mark for each that is new or has changed.

    Sessions that have not begun by `now` are left alone. Returns how many were written.
    """
    wanted = set(present)
    begun = [row for row in sessions(session, run.id) if row.from_at <= now]
    latest = {(row.session_id, row.subject_key): row.is_present for row in marks(session, run.id)}
    made = [
        ClassMark(
            session_id=row.id, subject_key=learner.subject_key, is_present=is_present,
            marked_by=actor.subject_key, marked_at=now,
        )
        for row in begun
        for learner in roster_rows(session, run.id)
        for is_present in [(row.id, learner.id) in wanted]
        if latest.get((row.id, learner.subject_key)) != is_present
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    return len(made)


def judge(session: Session, run: ClassRun, *, results: dict[str, str]) -> None:
    """The results by learner's id; what is not named stays."""
    for row in roster_rows(session, run.id):
        if results.get(row.id) in RESULTS:
            row.result = results[row.id]
    session.flush()


def lacking(session: Session, run: ClassRun, *, now: datetime) -> list[str]:
    """What a class file lacks before it can be closed, as codes (`domain.md` 1.4)."""
    sittings = sessions(session, run.id)
    lines = register(session, run.id)
    found = {
        "sessions": not sittings,
        "unfinished": any(row.to_at > now for row in sittings),
        "roster": not lines,
        "attendance": not any(line.present for line in lines),
        "results": any(line.present and not line.result for line in lines),
        "files": not files.of(session, run.id),
    }
    return [code for code, is_lacking in found.items() if is_lacking]


def close(session: Session, actor: Actor, *, run: ClassRun, now: datetime) -> None:
    """Hand a run in for review; Conflict `class_lacks` while something is missing."""
    if lacking(session, run, now=now):
        raise errors.Conflict("class_lacks", "Something is missing still; the page says what.")
    run.state = RunState.CLOSED
    run.closed_by, run.closed_at = actor.subject_key, now
    session.flush()


def reviews(session: Session, run_id: str) -> list[ClassReview]:
    """What reviewers decided, in time."""
    return list(
        session.scalars(
            select(ClassReview)
            .where(ClassReview.run_id == run_id)
            .order_by(ClassReview.reviewed_at, ClassReview.id)
        )
    )
