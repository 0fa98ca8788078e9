"""An enterprise's own staff, as its safety manager sees them: numbers masked, and only while employed."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db, paging
from app.access import Permission
from app.people import entering
from app.people.blueprint import bp
from courses.people import jurisdictions, organisations, staff

SIZE = 50


@bp.get("/staff")
@access.needs(Permission.PEOPLE_STAFF)
def staff_list() -> str:
    """Who works here now."""
    number, offset = paging.asked(SIZE)
    text = request.args.get("q", "").strip()[:120]
    today = jurisdictions.day_of(clock.now())
    with db.reading() as session:
        total, rows = staff.current(
            session,
            entering.vault(),
            access.someone(),
            on=today,
            ending=text,
            offset=offset,
            limit=SIZE,
        )
        names = enterprise_names(session)
    page = paging.Page(rows, number, SIZE, total)
    return render_template(
        "people/enterprise/staff.html", page=page, enterprises=names, q=text, today=today
    )


def enterprise_names(session: Session) -> list[str]:
    """The enterprises that the actor manages."""
    return [organisations.get(session, one).name for one in staff.managed(access.someone())]


@bp.post("/staff/<membership_id>/end")
@access.needs(Permission.PEOPLE_STAFF)
def staff_end(membership_id: str) -> Response:
    """Somebody does not work here (any more), from today on."""
    today: date = jurisdictions.day_of(clock.now())
    with db.writing() as session:
        staff.end(session, access.someone(), membership_id, on=today)
    flash(_("Noted: no longer employed from today on. Records of the time before stay."), "success")
    return redirect(url_for("people.staff_list"), 303)
