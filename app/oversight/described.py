"""What officials read: a learner masked, with place and employer; parts of a playback; files."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.templating import is_chinese
from courses import errors
from courses.credit import exact, instants
from courses.credit.motion import Finding
from courses.ledger import export
from courses.people import persons
from courses.people.jurisdictions import Jurisdiction
from courses.people.organisations import Membership, Organisation
from courses.people.persons import Person
from media.base import from_ms


@dataclass(frozen=True, slots=True)
class LearnerLine:
    """A learner as an official's list shows one."""

    subject_key: str
    name: str
    documents: list[str]  # masked
    place: str
    employer: str


def learner_line(session: Session, subject_key: str, *, today: date) -> LearnerLine | None:
    """One learner, masked; None where the person was forgotten since."""
    try:
        person = persons.person_of(session, subject_key)
    except errors.NotFound:
        return None
    place = persons.jurisdiction_of(session, person.id, on=today)
    return LearnerLine(
        subject_key=subject_key,
        name=person.display_name,
        documents=[row.number_masked for row in persons.documents_of(session, person.id)],
        place=place_name(session, place),
        employer=employer(session, person, today=today),
    )


def place_name(session: Session, place_id: str | None) -> str:
    """A jurisdiction in the page's language; empty without one."""
    place = session.get(Jurisdiction, place_id) if place_id else None
    if place is None:
        return ""
    return place.name_zh if is_chinese() else place.name_en


def employer(session: Session, person: Person, *, today: date) -> str:
    """Where somebody works today, by name; empty without an employer."""
    names = session.scalars(
        select(Organisation.name)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(
            Membership.person_id == person.id,
            Membership.from_on <= today,
            (Membership.to_on.is_(None)) | (Membership.to_on > today),
        )
        .order_by(Membership.from_on.desc())
    )
    return "、".join(dict.fromkeys(names)) if is_chinese() else ", ".join(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a stretch with its verdict, edges in whole milliseconds."""

    wall_from: datetime
    wall_to: datetime
    media_from_ms: int
    media_to_ms: int
    verdict: str
    effective_ms: int


def parts(findings: list[Finding]) -> list[Part]:
    """What the engine found of one stretch, in wall order."""
    return [
        Part(
            wall_from=from_ms(exact.floor(row.wall_from)),
            wall_to=from_ms(exact.ceiling(row.wall_to)),
            media_from_ms=exact.floor(row.media_from_ms),
            media_to_ms=exact.ceiling(row.media_to_ms),
            verdict=row.verdict,
            effective_ms=exact.floor(row.effective_ms),
        )
        for row in findings
    ]


def as_of(now: datetime) -> datetime:
    """`?as_of=` of a download, as the record's page writes it; just after now without one."""
    text = request.args.get("as_of", "").replace(" ", "+")
    try:
        return from_ms(instants.parse(text)) if text else now + timedelta(milliseconds=1)
    except (ValueError, OverflowError) as error:
        raise errors.Invalid(
            "invalid", "Write an instant with its offset, such as 2026-06-01T00:00:00+08:00.", field="as_of"
        ) from error


def download(found: dict[str, Any], *, name: str) -> Response:
    """A JSON document as a file that no cache keeps."""
    response = Response(export.text(found), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
