"""The class file for the institution whose class it is; masked, without subject keys."""

from flask import Blueprint, Response

from app import access, clock, db
from app.access import Permission
from app.files import sending
from courses.files import class_file
from courses.ledger.classes import runs
from courses.ledger.evidence import TICK

bp = Blueprint("files_studio", __name__, url_prefix="/files/classes")


@bp.get("/<run_id>.zip")
@access.needs(Permission.FILES_STUDIO)
def class_run(run_id: str) -> Response:
    """One class's file."""
    as_of = clock.now() + TICK
    with db.reading() as session:
        runs.for_staff(session, access.someone(), run_id)
    members = class_file.members(sending.content(), run_id, as_of=as_of, for_officials=False)
    return sending.answer(members, kind="class", about=run_id, as_of=as_of, name=f"xueshi-class-{run_id}.zip")
