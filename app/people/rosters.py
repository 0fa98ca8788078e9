"""An enterprise's roster: uploaded as a table, read by a job, shown with what became of each; and its invitation."""

import io
from collections.abc import Iterable
from typing import Any

import segno
import xlsxwriter
from flask import Flask, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_wtf.file import FileField
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField
from wtforms.validators import InputRequired

from app import access, clock, db, jobs, paging
from app.access import Permission
from app.errors import say
from app.forms import Form
from app.people import entering
from app.people.blueprint import bp
from courses import errors
from courses.people import invitations, organisations, roster_files, roster_imports, rosters, staff
from courses.people.jurisdictions import day_of
from courses.people.roster_files import Bad
from courses.people.roster_imports import ImportState
from courses.people.rosters import RosterState

SIZE = 50
JOB = "roster"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = ("name", "number", "doc_type", "country", "title", "department")
COLUMN_LABELS = {
    "name": lazy("Name"),
    "number": lazy("Document number"),
    "doc_type": lazy("Kind of document"),
    "country": lazy("Issuing country"),
    "title": lazy("Post"),
    "department": lazy("Department"),
}
STATE_LABELS = {
    RosterState.JOINED: lazy("Works here"),
    RosterState.ASKED: lazy("Asked"),
    RosterState.AWAITED: lazy("Not registered yet"),
    RosterState.DECLINED: lazy("Says no"),
}
Answer = str | BaseResponse | tuple[str, int]


class UploadForm(Form):
    """A table of people."""

    organisation_id = SelectField(lazy("Enterprise"), [InputRequired()])
    file = FileField(lazy("Spreadsheet (.xlsx) or CSV"))


def install(app: Flask) -> None:
    """The job that reads uploaded rosters."""
    jobs.register(app, JOB, read, roster_imports.due)


@bp.get("/staff/roster")
@access.needs(Permission.PEOPLE_STAFF)
def staff_roster() -> str:
    """The roster, and the form that takes a new one."""
    with db.reading() as session:
        return page(session, offered(session, UploadForm()))


def page(session: Session, form: UploadForm) -> str:
    """The page of the roster."""
    actor, now = access.someone(), clock.now()
    number, offset = paging.asked(SIZE)
    state = request.args.get("state", "")
    department = request.args.get("department", "")[:60]
    counts, rows = rosters.listed(
        session,
        entering.vault(),
        actor,
        on=day_of(now),
        state=state if state in set(RosterState) else "",
        department=department,
        offset=offset,
        limit=SIZE,
    )
    total = counts.get(state, 0) if state else sum(counts.values())
    return render_template(
        "people/enterprise/roster.html",
        form=form,
        page=paging.Page(rows, number, SIZE, total),
        counts=[(word, STATE_LABELS[word], counts.get(word, 0)) for word in RosterState],
        tabs=[
            (label, url_for("people.staff_roster", state=word or None, department=department or None), word == state, count)
            for word, label, count in (
                ("", _("Everybody"), sum(counts.values())),
                *((word, STATE_LABELS[word], counts.get(word, 0)) for word in RosterState),
            )
        ],
        everybody=sum(counts.values()),
        state=state,
        department=department,
        departments=[("", _("All departments")), *((one, one) for one in rosters.departments(session, actor))],
        imports=roster_imports.latest(session, actor),
        labels=STATE_LABELS,
    )


def offered(session: Session, form: UploadForm) -> UploadForm:
    """The form with the enterprises that the actor manages."""
    form.organisation_id.choices = [
        (one, organisations.get(session, one).name) for one in staff.managed(access.someone())
    ]
    return form


@bp.post("/staff/roster")
@access.needs(Permission.PEOPLE_STAFF)
def staff_roster_now() -> Answer:
    """Take a table; a job reads it, and its page tells how far it is."""
    with db.reading() as session:
        form = offered(session, UploadForm())
    upload = form.file.data
    data = upload.stream.read(roster_files.MOST_BYTES + 1) if upload else b""
    if not data:
        form.file.errors = [_("Choose the file of your roster.")]
    elif form.validate():
        try:
            with db.writing() as session:
                made = roster_imports.begin(
                    session,
                    entering.vault(),
                    access.someone(),
                    organisation_id=form.organisation_id.data,
                    file_name=upload.filename or "",
                    data=data,
                    now=clock.now(),
                )
                jobs.dispatch(session, JOB, made.id)
            return redirect(url_for("people.staff_import", import_id=made.id), 303)
        except errors.Invalid as refusal:
            form.refuse(refusal)
    with db.reading() as session:
        return page(session, form), 422


def read(_app: Flask, import_id: str) -> None:
    """Read an uploaded roster; safe to run twice, and begun again after a kill."""
    vault = entering.vault()
    with db.writing() as session:
        if not roster_imports.claim(session, import_id, now=clock.now()):
            return
    try:
        with db.reading() as session:
            content = roster_imports.content(session, vault, import_id)
        good, bad = roster_files.check(roster_files.read(content), today=day_of(clock.now()))
    except errors.Invalid as refusal:
        with db.writing() as session:
            roster_imports.finish(session, import_id, now=clock.now(), refusal=refusal)
        return
    with db.writing() as session:
        roster_imports.found(session, vault, import_id, lines=len(good) + len(bad), bad=bad, now=clock.now())
    for at in range(0, len(good), roster_imports.BATCH):
        with db.writing() as session:
            batch = good[at : at + roster_imports.BATCH]
            roster_imports.keep_batch(session, vault, import_id, batch, now=clock.now())
    with db.writing() as session:
        roster_imports.finish(session, import_id, now=clock.now())


@bp.get("/staff/imports/<import_id>")
@access.needs(Permission.PEOPLE_STAFF)
def staff_import(import_id: str) -> str:
    """How far the reading is, what it brought, and each line that was not taken."""
    with db.reading() as session:
        row = roster_imports.of_manager(session, access.someone(), import_id)
        bad = roster_imports.bad_lines(entering.vault(), row)
    return render_template(
        "people/enterprise/import.html",
        row=row,
        bad=bad[:200],
        is_over=row.state in (ImportState.DONE, ImportState.REFUSED),
        refusal=say(errors.Refusal(row.refusal["code"], row.refusal["sentence"], **row.refusal["detail"])) if row.refusal else "",
        reason=reason,
        labels=COLUMN_LABELS,
    )


def reason(bad: Bad) -> str:
    """Why a line was not taken, in the reader's language."""
    return say(errors.Refusal("bad_line", bad.sentence, **bad.detail))


@bp.get("/staff/imports/<import_id>/bad.xlsx")
@access.needs(Permission.PEOPLE_STAFF)
def staff_import_bad(import_id: str) -> Response:
    """The lines that were not taken, with the reasons, to mend and upload again."""
    with db.reading() as session:
        row = roster_imports.of_manager(session, access.someone(), import_id)
    lines = [
        [*(one.cells.get(name, "") for name in COLUMNS), _("Line %(line)d", line=one.line), reason(one)]
        for one in roster_imports.bad_lines(entering.vault(), row)
    ]
    return sheet(lines, "roster-to-mend.xlsx", more=(_("Line"), _("Reason")))


@bp.get("/staff/roster/template.xlsx")
@access.needs(Permission.PEOPLE_STAFF)
def staff_roster_template() -> Response:
    """An empty roster with the headings, every column formatted as text."""
    return sheet([], "roster.xlsx")


def sheet(lines: Iterable[list[Any]], name: str, *, more: tuple[str, ...] = ()) -> Response:
    """A roster as a spreadsheet with the headings that the reading knows."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    as_text = book.add_format({"num_format": "@"})
    bold = book.add_format({"bold": True, "num_format": "@"})
    page = book.add_worksheet()
    page.set_column(0, len(COLUMNS) + len(more) - 1, 22, as_text)
    page.freeze_panes(1, 0)
    for at, heading in enumerate((*(roster_files.HEADINGS[one][0] for one in COLUMNS), *more)):
        page.write_string(0, at, heading, bold)
    for number, line in enumerate(lines, start=1):
        for at, cell in enumerate(line):
            page.write_string(number, at, cell, as_text)
    book.close()
    response = Response(buffer.getvalue(), content_type=XLSX)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/staff/roster/<line_id>/remove")
@access.needs(Permission.PEOPLE_STAFF)
def staff_roster_remove(line_id: str) -> BaseResponse:
    """Take a line off the roster."""
    with db.writing() as session:
        rosters.remove(session, access.someone(), line_id)
    flash(_("Taken off the roster."), "success")
    return redirect(url_for("people.staff_roster"), 303)


@bp.get("/staff/invitation")
@access.needs(Permission.PEOPLE_STAFF)
def staff_invitation() -> str:
    """The links of the actor's enterprises, each with its code to print."""
    with db.reading() as session:
        standing = {one.organisation_id: one for one in invitations.standing(session, access.someone(), now=clock.now())}
        rows = [
            (organisations.get(session, one), standing.get(one)) for one in staff.managed(access.someone())
        ]
    return render_template("people/enterprise/invitation.html", rows=rows, link=link, code=code)


def link(invitation: invitations.Invitation) -> str:
    """The address that staff open."""
    return url_for("people.join", invitation_id=invitation.id, _external=True)


def code(invitation: invitations.Invitation) -> Markup:
    """The address as a code for phones, drawn as SVG."""
    drawn = segno.make(link(invitation), error="m", micro=False)
    return Markup(drawn.svg_inline(scale=6, border=2, title=_("Code of the invitation")))  # noqa: S704 - drawn by segno


@bp.post("/staff/invitation")
@access.needs(Permission.PEOPLE_STAFF)
def staff_invitation_now() -> BaseResponse:
    """A new link, or an end to the present one."""
    organisation_id = request.form.get("organisation_id", "")
    with db.writing() as session:
        if request.form.get("go") == "end":
            invitations.end(session, access.someone(), organisation_id=organisation_id, now=clock.now())
            flash(_("The former link leads nowhere any more."), "success")
        else:
            invitations.renew(session, access.someone(), organisation_id=organisation_id, now=clock.now())
            flash(_("The new link holds for 90 days; a former one has ended."), "success")
    return redirect(url_for("people.staff_invitation"), 303)
