"""The enterprise's safety manager: the board of assignments, assigning, taking back, and the board as a sheet."""

import io
from collections import Counter
from datetime import date

import xlsxwriter
from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import DateField, HiddenField, SelectMultipleField
from wtforms.validators import InputRequired, Optional

from app import access, clock, db, paging
from app.access import Permission
from app.forms import Form
from app.seats import board, daily
from app.seats.board import BoardState, Line, Place
from courses import errors, seats
from courses.catalogue import editions
from courses.ledger.cases import notices
from courses.people.jurisdictions import day_of

bp = Blueprint("seats", __name__, url_prefix="/seats")
SIZE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATE_LABELS = {
    BoardState.OVERDUE: lazy("Overdue"),
    BoardState.WAITING: lazy("Not begun"),
    BoardState.GOING: lazy("On the way"),
    BoardState.DONE: lazy("Done"),
}
STATE_KINDS = {"overdue": "bad", "waiting": "waiting", "going": "info", "done": "good"}
FILTERS = ("state", "course", "department", "title", "person")


def asked() -> dict[str, str]:
    """What the board is narrowed to."""
    return {name: request.args.get(name, "").strip()[:120] for name in FILTERS}


def staffed(session: Session) -> list[Place]:
    """The staff of the actor's enterprises today."""
    return board.places(session, current_app.extensions["xueshi_vault"], access.someone(), on=today())


def today() -> date:
    """The day in the city."""
    return day_of(clock.now())


def narrowed(lines: list[Line], by: dict[str, str]) -> list[Line]:
    """The lines that fit every filter."""
    return [
        one
        for one in lines
        if by["state"] in ("", one.state)
        and by["course"] in ("", one.course.id)
        and by["department"] in ("", one.place.department)
        and by["title"] in ("", one.place.membership.title)
        and by["person"] in ("", one.place.membership.id)
    ]


@bp.get("/")
@access.needs(Permission.SEATS_ASSIGN)
def index() -> str:
    """Who is done, on the way, not begun, overdue; each figure leads to its people."""
    number, offset = paging.asked(SIZE)
    by = asked()
    with db.reading() as session:
        here = staffed(session)
        lines = board.lines(session, here, on=today())
        stock = seats.stock(session, access.someone())
    wide = narrowed(lines, by | {"state": ""})
    counts = Counter(one.state for one in wide)
    found = narrowed(wide, by)
    return render_template(
        "seats/enterprise/index.html",
        page=paging.Page(found[offset : offset + SIZE], number, SIZE, len(found)),
        by=by,
        is_narrowed=any(by.values()),
        total=len(wide),
        states=[(word, STATE_LABELS[word], counts[word], narrow_url(by | {"state": word})) for word in BoardState],
        tabs=[
            (label, narrow_url(by | {"state": word}), by["state"] == word, count)
            for word, label, count in (("", _("All"), len(wide)), *((w, STATE_LABELS[w], counts[w]) for w in BoardState))
        ],
        courses=by_course(wide, by),
        choices=choices(lines, here),
        stock=stock,
        kinds=STATE_KINDS,
        labels=STATE_LABELS,
        sheet_url=url_for("seats.sheet", **{name: value for name, value in by.items() if value}),
    )


def narrow_url(by: dict[str, str]) -> str:
    """The board narrowed so."""
    return url_for("seats.index", **{name: value for name, value in by.items() if value})


def by_course(lines: list[Line], by: dict[str, str]) -> list[tuple[str, str, int, int]]:
    """Title, address, how many are done, and of how many, by course."""
    done: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    titles = {}
    for one in lines:
        whole[one.course.id] += 1
        done[one.course.id] += one.state is BoardState.DONE
        titles[one.course.id] = one.course.title
    return [
        (title, narrow_url(by | {"course": course_id}), done[course_id], whole[course_id])
        for course_id, title in sorted(titles.items(), key=lambda item: item[1])
    ]


def choices(lines: list[Line], here: list[Place]) -> dict[str, list[tuple[str, str]]]:
    """What the selects of the filter offer."""
    courses = {one.course.id: one.course.title for one in lines}
    return {
        "course": [("", _("All courses")), *sorted(courses.items(), key=lambda item: item[1])],
        "department": [("", _("All departments")), *named({one.department for one in here})],
        "title": [("", _("All posts")), *named({one.membership.title for one in here})],
        "person": [("", _("Everybody")), *((one.membership.id, one.name or _("Name not registered")) for one in here)],
    }


def named(words: set[str]) -> list[tuple[str, str]]:
    """Those that are not empty, in order."""
    return [(word, word) for word in sorted(words) if word]


@bp.get("/board.xlsx")
@access.needs(Permission.SEATS_ASSIGN)
def sheet() -> Response:
    """The board, narrowed as the page was, as a spreadsheet."""
    with db.reading() as session:
        lines = narrowed(board.lines(session, staffed(session), on=today()), asked())
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold, day, share = (book.add_format(one) for one in ({"bold": True}, {"num_format": "yyyy-mm-dd"}, {"num_format": "0.0%"}))
    page = book.add_worksheet()
    page.set_column(0, 7, 18)
    page.freeze_panes(1, 0)
    headings = (
        _("Name"), _("Document number"), _("Department"), _("Post"), _("Course"), _("Until"), _("Watched"), _("State"),
    )  # fmt: skip
    for at, heading in enumerate(headings):
        page.write_string(0, at, heading, bold)
    for row, one in enumerate(lines, start=1):
        place = one.place
        for at, cell in enumerate((place.name, place.document, place.department, place.membership.title, one.course.title)):
            page.write_string(row, at, cell)
        if one.assignment.due_on is not None:
            page.write_datetime(row, 5, one.assignment.due_on, day)
        page.write_number(row, 6, one.permille / 1000, share)
        page.write_string(row, 7, str(STATE_LABELS[one.state]))
    book.close()
    response = Response(buffer.getvalue(), content_type=XLSX)
    response.headers["Content-Disposition"] = f"attachment; filename=board-{today()}.xlsx"
    response.headers["Cache-Control"] = "private, no-store"
    return response


class AssignForm(Form):
    """Whom, and until when; the course, and how the list of people was narrowed, travel along."""

    course = HiddenField()
    department = HiddenField(id="kept-department")
    title = HiddenField(id="kept-title")
    who = SelectMultipleField(lazy("Staff"), [InputRequired(message=lazy("Choose at least one person."))])
    due_on = DateField(lazy("Until"), [Optional()])


@bp.get("/assign")
@access.needs(Permission.SEATS_ASSIGN)
def assign_form() -> str:
    """Choose a course, then the people."""
    form = AssignForm(request.args)
    with db.reading() as session:
        return page(session, offered(session, form))


def offered(session: Session, form: AssignForm) -> AssignForm:
    """The form with the staff that fit department and post, and how each stands with the course."""
    here = staffed(session)
    stands = {
        one.assignment.subject_key: STATE_LABELS[one.state]
        for one in board.lines(session, here, on=today())
        if one.course.id == form.course.data
    }
    form.who.choices = [
        (one.membership.id, " · ".join(str(word) for word in words if word))
        for one in here
        if (form.department.data or "") in ("", one.department) and (form.title.data or "") in ("", one.membership.title)
        for words in [
            (one.name or _("Name not registered"), one.department, one.membership.title, stands.get(one.subject_key))
        ]
    ]
    return form


def page(session: Session, form: AssignForm) -> str:
    """The choice of a course, or of people for the course."""
    stock = seats.stock(session, access.someone())
    edition = editions.current(session, form.course.data) if form.course.data else None
    if edition is None:
        return render_template("seats/enterprise/choose.html", stock=stock)
    return render_template(
        "seats/enterprise/assign.html",
        form=form,
        edition=edition,
        price=editions.price(edition),
        free=next((one.free for one in stock if one.course.id == edition.course_id), 0),
        choices=choices([], staffed(session)),
    )


@bp.post("/assign")
@access.needs(Permission.SEATS_ASSIGN)
def assign() -> str | BaseResponse | tuple[str, int]:
    """Assign the course to those who were ticked."""
    form = AssignForm()
    with db.reading() as session:
        offered(session, form)
    if form.validate():
        try:
            with db.writing() as session:
                done = assign_now(session, form)
            return told(done, form.course.data or "")
        except errors.Invalid as refusal:
            form.refuse(refusal)
    with db.reading() as session:
        return page(session, form), 422


def told(done: seats.Assigned, course_id: str) -> BaseResponse:
    """Say what was done, and for whom a seat lacks."""
    if done.new or not done.lacking:
        flash(ngettext("Assigned to %(num)d person.", "Assigned to %(num)d people.", len(done.new) + done.already), "success")
    if done.lacking:
        sentence = ngettext(
            "A seat lacks for %(num)d person. Buy more, then assign again.",
            "Seats lack for %(num)d people. Buy more, then assign again.",
            done.lacking,
        )
        flash(sentence, "error")
    return redirect(url_for("seats.index", course=course_id), 303)


def assign_now(session: Session, form: AssignForm) -> seats.Assigned:
    """The assigning itself; whoever manages several enterprises does it for each."""
    edition = editions.current(session, form.course.data or "")
    if edition is None:
        raise errors.NotFound()
    chosen = [one for one in staffed(session) if one.membership.id in set(form.who.data or ())]
    parts = [
        seats.assign(
            session,
            access.someone(),
            organisation_id=organisation_id,
            edition=edition,
            is_free=editions.price(edition).minor == 0,
            subject_keys=[one.subject_key for one in chosen if one.membership.organisation_id == organisation_id],
            due_on=form.due_on.data,
            on=today(),
            now=clock.now(),
        )
        for organisation_id in sorted({one.membership.organisation_id for one in chosen})
    ]
    new = [one for part in parts for one in part.new]
    for one in new:
        daily.tell(session, one, notices.Kind.ASSIGNED, now=clock.now())
    return seats.Assigned(new, sum(part.already for part in parts), sum(part.lacking for part in parts))


@bp.post("/<assignment_id>/withdraw")
@access.needs(Permission.SEATS_ASSIGN)
def withdraw(assignment_id: str) -> BaseResponse:
    """Take an assignment back."""
    with db.writing() as session:
        is_free = seats.withdraw(session, access.someone(), assignment_id, now=clock.now())
    if is_free:
        flash(_("Taken back; the seat is free for somebody else."), "success")
    else:
        flash(_("Taken back. Whoever began the course can finish it."), "success")
    return redirect(url_for("seats.index"), 303)
