"""The API of the two formats of `credit-rules.md`: one's own, and for officials with a reason."""

from collections.abc import Callable
from typing import Any, TypeVar

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app import access, clock, db
from app.access import Permission
from app.ledger import asked
from courses import oversight
from courses.ledger import evidence, export, statement
from courses.oversight import What

View = TypeVar("View", bound=Callable[..., Any])

bp = APIBlueprint("ledger_api", __name__, url_prefix="/api/v1", tag="Hours")


class AsOf(BaseModel):
    """What may stand behind `?`."""

    as_of: str = Field(
        "", description="Only what happened before this instant is seen; default: up to now. ISO 8601 with offset."
    )


class Why(BaseModel):
    """The header an official must send."""

    reason: str = Field(
        alias="X-Reason",
        description="Why the record is looked at; percent-encoded UTF-8 is understood. Kept, and read by the learner.",
    )


PROBLEMS = {
    404: "No such learner in the caller's jurisdiction.",
    409: "`no_policy`: no rule was in force for some of the time.",
    422: "`reason_required`, or `invalid` with `field: as_of`.",
}


def takes(*parts: tuple[type[BaseModel], str]) -> Callable[[View], View]:
    """Describe query and headers in the OpenAPI document; the views read and refuse by themselves."""

    def describe(view: View) -> View:
        spec = view.__dict__.setdefault("_spec", {})
        spec.setdefault("args", []).extend(parts)
        return view

    return describe


@bp.get("/me/statement")
@bp.doc(summary="My statement", description="Format `xueshi-statement/1`.")
@takes((AsOf, "query"))
@access.needs(Permission.LEDGER_SELF)
def my_statement() -> Response:
    """The caller's own statement."""
    with db.reading() as session:
        found = statement.of(session, access.someone().subject_key, as_of=asked.as_of())
        return asked.document(found.to_json())


@bp.get("/me/evidence")
@bp.doc(summary="My evidence", description="Format `xueshi-evidence/1`.")
@takes((AsOf, "query"))
@access.needs(Permission.LEDGER_SELF)
def my_evidence() -> Response:
    """The caller's own evidence, from which anybody computes the statement again."""
    with db.reading() as session:
        known = evidence.of(session, access.someone().subject_key, as_of=asked.as_of())
        return asked.document(export.document(known))


@bp.get("/learners/<subject_key>/statement")
@bp.doc(
    summary="A learner's statement",
    description="For an official whose jurisdiction holds the learner. Logged.",
    responses=PROBLEMS,
)
@takes((AsOf, "query"), (Why, "headers"))
@access.needs(Permission.OVERSIGHT_READ)
def learner_statement(subject_key: str) -> Response:
    """A learner's statement, for an official with a reason."""
    as_of = asked.as_of()
    with db.writing() as session:
        look(session, subject_key, What.STATEMENT)
        return asked.document(statement.of(session, subject_key, as_of=as_of).to_json())


@bp.get("/learners/<subject_key>/evidence")
@bp.doc(
    summary="A learner's evidence",
    description="For an official whose jurisdiction holds the learner. Logged.",
    responses=PROBLEMS,
)
@takes((AsOf, "query"), (Why, "headers"))
@access.needs(Permission.OVERSIGHT_READ)
def learner_evidence(subject_key: str) -> Response:
    """A learner's evidence, for an official with a reason."""
    as_of = asked.as_of()
    with db.writing() as session:
        look(session, subject_key, What.EVIDENCE)
        return asked.document(export.document(evidence.of(session, subject_key, as_of=as_of)))


def look(session: Session, subject_key: str, what: What) -> None:
    """Make sure that the official reaches the learner, and write the reason down first."""
    actor = access.someone()
    oversight.learner(session, actor, subject_key, today=clock.today())
    oversight.note(
        session, actor, subject_key=subject_key, what=what, reason=asked.reason(), now=clock.now()
    )
