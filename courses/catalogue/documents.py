"""What a course is found by: the texts of its current edition, with the names of its axes."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.catalogue import shelf, taxonomy
from courses.catalogue.models import Course, CourseState, Edition
from courses.catalogue.words import Document
from courses.people.organisations import Organisation

AT_ONCE = 500  # ids in one IN list: SQLite's oldest supported limit of variables is 999


def of(session: Session, course_ids: Iterable[str]) -> list[Document]:
    """The documents of these courses, as far as they are on offer."""
    ids = sorted(course_ids)
    found: list[Document] = []
    for start in range(0, len(ids), AT_ONCE):
        found += _read(session, ids[start : start + AT_ONCE])
    return found


def _read(session: Session, ids: list[str]) -> list[Document]:
    rows = session.execute(
        select(Course, Edition, Organisation)
        .join(Organisation, Organisation.id == Course.organisation_id)
        .join(
            Edition,
            (Edition.course_id == Course.id) & (Edition.number == Course.current_edition),
        )
        .where(Course.id.in_(ids), Course.state != CourseState.WITHDRAWN)
    )
    return [
        document(shelf.card_of(course, edition, organisation), edition)
        for course, edition, organisation in rows
    ]


def document(card: shelf.Card, edition: Edition) -> Document:
    """A course's texts by field."""
    labels = [card.organisation, card.organisation_en, *(name for _id, name in card.instructors)]
    for name, codes in card.codes.items():
        for code in sorted(codes):
            term = taxonomy.AXES[name].terms[code]
            labels += [term.zh, term.en]
    return Document(
        card.course_id,
        card.text_revision,
        {
            "title": card.title,
            "lessons": "\n".join(lesson["title"] for lesson in edition.facts["lessons"]),
            "labels": "\n".join(labels),
            "summary": card.summary,
        },
    )


def wanted(session: Session) -> dict[str, int]:
    """The `text_revision` that an index should hold, for every course on offer."""
    rows = session.execute(
        select(Course.id, Course.text_revision).where(
            Course.current_edition.is_not(None), Course.state != CourseState.WITHDRAWN
        )
    )
    return {row.id: row.text_revision for row in rows}
