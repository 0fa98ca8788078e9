"""The API of enrolling: `POST /courses/{id}/enrolments`, and one's own enrolments."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify
from sqlalchemy.orm import Session

from app import access, clock, db
from app.access import Permission
from app.enrolment import taking
from courses import enrolment
from courses.enrolment import Taking

bp = APIBlueprint("enrolment_api", __name__, url_prefix="/api/v1", tag="Enrolments")


@bp.post("/courses/<course_id>/enrolments")
@bp.doc(
    summary="Enrol in a free course",
    description="201 also when the caller is enrolled already, with that enrolment: told twice, done once.",
    responses={
        201: "Enrolled: `id`, `course`, `edition` (its number), `at`, `lessons` of that edition.",
        402: "`payment_required`, with `price`: the course is bought on its page first.",
        404: "There is no such course on offer.",
        409: "`registration_required` or `district_required`.",
    },
)
@access.needs(Permission.ENROLMENT_SELF)
def create(course_id: str) -> tuple[Response, int]:
    """Enrol the caller in the current edition."""
    with db.writing() as session:
        made = taking.take(session, access.someone(), course_id, now=clock.now())
        return jsonify(as_json(enrolment.taking(session, made))), 201


@bp.get("/me/enrolments")
@bp.doc(summary="My enrolments", description="`items`, the latest first, each as when it was made.")
@access.needs(Permission.ENROLMENT_SELF)
def mine() -> Response:
    """The caller's enrolments."""
    with db.reading() as session:
        return jsonify(items=[as_json(one) for one in of_caller(session)])


def of_caller(session: Session) -> list[Taking]:
    """What the caller takes."""
    return enrolment.takings(session, enrolment.mine(session, access.someone().subject_key))


def as_json(one: Taking) -> dict[str, Any]:
    """An enrolment as the API writes it."""
    return {
        "id": one.enrolment.id,
        "course": one.enrolment.course_id,
        "edition": one.edition.number,
        "at": one.enrolment.at.isoformat(timespec="milliseconds"),
        "lessons": [
            {
                "id": lesson.lesson_id,
                "title": lesson.title,
                "duration_ms": lesson.duration_ms,
                "preview": lesson.is_preview,
            }
            for lesson in one.lessons
        ],
    }
