"""一期一档: a class run with plan, roster, attendance, results, review and evaluation, as members of an archive.

The roster is masked and its lines are numbered; subject keys, and with them the rows of the ledger and
their proofs, stand in the authority's copy alone.
"""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors, policies
from courses.files import archive, personal, retention
from courses.files.archive import Member
from courses.files.personal import Source, ms
from courses.ledger.cases import files
from courses.ledger.classes import runs
from courses.ledger.classes.models import ClassLearner, ClassRun
from courses.ledger.classes.runs import Line
from courses.ledger.models import Entry, OfflineHours
from courses.people import jurisdictions
from courses.people.organisations import Organisation
from courses.people.persons import IdentityDocument, Person, Subject


def members(source: Source, run_id: str, *, as_of: datetime, for_officials: bool) -> Iterator[Member]:
    """The members in their order, all but the guide and the verifier."""
    with source.reading() as session:
        run = session.get_one(ClassRun, run_id)
        body = session.get_one(Organisation, run.organisation_id)
        lines = runs.register(session, run.id)
        numbers = {line.subject_key: number for number, line in enumerate(lines, 1)}
        made = [
            archive.document("class.json", plan(session, run, body)),
            archive.document("roster.json", {"learners": roster(session, lines)}),
            archive.document("attendance.json", {"marks": attendance(session, run, numbers)}),
            archive.document("reviews.json", reviews(session, run, numbers)),
            archive.document("evaluation.json", evaluation(session, run, lines)),
            archive.document("retention.json", retention.of_class(session, run.id, on=jurisdictions.day_of(as_of)).to_json()),
            *rule(session, run, body, as_of=as_of),
            *(ledger(session, run, as_of=as_of) if for_officials else ()),
        ]
        papers = [
            personal.paper(row, f"papers/{number}-") for number, row in enumerate(files.of(session, run.id), 1)
        ]
    yield from made
    yield from personal.stored(source.store, papers)


def plan(session: Session, run: ClassRun, body: Organisation) -> dict[str, Any]:
    """What was planned, when and where, and who taught."""
    return {
        "id": run.id,
        "title": run.title,
        "institution": {"name": body.name, "uscc": body.uscc},
        "place": run.place,
        "syllabus": run.syllabus,
        "instructors": runs.teachers(session, run),
        "state": run.state,
        "opened_at": ms(run.created_at),
        "closed_at": ms(run.closed_at),
        "sessions": [
            {
                "id": row.id, "from": ms(row.from_at), "to": ms(row.to_at), "kind": row.kind, "hours": str(row.hours),
                "subject": row.subject,
            }
            for row in runs.sessions(session, run.id)
        ],
    }  # fmt: skip


def roster(session: Session, lines: list[Line]) -> list[dict[str, Any]]:
    """Masked names and numbers, sessions attended, hours, results."""
    masked: dict[str, str] = {}
    for key, number in session.execute(
        select(Subject.key, IdentityDocument.number_masked)
        .join(Person, Person.id == Subject.person_id)
        .join(IdentityDocument, IdentityDocument.person_id == Person.id)
        .where(Subject.key.in_([line.subject_key for line in lines if line.name]))
        .order_by(IdentityDocument.created_at, IdentityDocument.id)
    ):
        masked.setdefault(key, number)
    return [
        {
            "line": number, "name": line.name, "document": masked.get(line.subject_key, ""), "result": line.result,
            "hours": str(line.hours), "present": sorted(line.present),
        }
        for number, line in enumerate(lines, 1)
    ]  # fmt: skip


def attendance(session: Session, run: ClassRun, numbers: dict[str, int]) -> list[dict[str, Any]]:
    """Every mark in the order in which it was made; the latest of a line and session holds."""
    return [
        {"session": row.session_id, "line": numbers.get(row.subject_key), "present": row.is_present, "at": ms(row.marked_at)}
        for row in runs.marks(session, run.id)
    ]


def reviews(session: Session, run: ClassRun, numbers: dict[str, int]) -> list[dict[str, Any]]:
    """What reviewers decided."""
    return [
        {
            "accepted": row.is_accepted, "note": row.note, "at": ms(row.reviewed_at),
            "left_out": sorted(numbers[key] for key in row.left_out if key in numbers),
        }
        for row in runs.reviews(session, run.id)
    ]  # fmt: skip


def evaluation(session: Session, run: ClassRun, lines: list[Line]) -> dict[str, Any]:
    """The class in figures: who came, how much of it, and with which result."""
    sessions = len(runs.sessions(session, run.id))
    present = sum(len(line.present) for line in lines)
    return {
        "learners": len(lines),
        "attended": sum(bool(line.present) for line in lines),
        "attendance": str(Fraction(present, sessions * len(lines))) if sessions and lines else None,
        "hours": str(sum((line.hours for line in lines), Fraction(0))),
        "passed": sum(line.result == "passed" for line in lines),
        "failed": sum(line.result == "failed" for line in lines),
        "without_result": sum(not line.result for line in lines),
    }


def rule(session: Session, run: ClassRun, body: Organisation, *, as_of: datetime) -> Iterator[Member]:
    """The rule in force when the class began, which says how long an hour is."""
    sittings = runs.sessions(session, run.id)
    try:
        found = policies.in_force(
            session, body.supervised_by, at=sittings[0].from_at if sittings else as_of, known_at=as_of
        )
    except errors.Conflict:
        return
    yield from personal.rules([found])


def ledger(session: Session, run: ClassRun, *, as_of: datetime) -> Iterator[Member]:
    """The rows that stand in the ledger for this class, with their proofs."""
    rows = session.scalars(
        select(Entry)
        .join(OfflineHours, OfflineHours.id == Entry.about)
        .join(ClassLearner, (ClassLearner.run_id == run.id) & (ClassLearner.subject_key == Entry.subject_key))
        .where(OfflineHours.class_run_id == run.id, Entry.written_at < as_of)
        .order_by(Entry.written_at, Entry.at, Entry.id)
    )
    yield from personal.ledger(session, rows)
