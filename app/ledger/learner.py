"""The learner's own pages: the statement that explains every hour, downloads, and who looked."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import access, clock, db
from app import errors as telling
from app.access import Permission
from app.ledger import asked
from courses import errors, oversight
from courses.ledger import evidence, explained, export, statement
from courses.ledger.cases import notices as told
from courses.policies import instant_text
from courses.watch.signals import cases

bp = Blueprint("ledger", __name__, url_prefix="/ledger")


@access.needs(Permission.LEDGER_SELF)
def show() -> str:
    """Every hour down to the rule and the spans, and what is still short of a requirement."""
    as_of = asked.as_of()
    subject_key = access.someone().subject_key
    with db.reading() as session:
        try:
            record = explained.of(session, subject_key, as_of=as_of)
        except errors.Conflict as refusal:
            return render_template("ledger/learner/unreadable.html", sentence=telling.say(refusal))
        return render_template(
            "ledger/learner/statement.html",
            record=record,
            as_of_text=instant_text(as_of, record.told.trace.statement.zone),
            is_past="as_of" in request.args,
            unread=told.unread(session, subject_key),
            asked=cases.listed(session, cases.of_learner(subject_key))[0],
        )


# One page, two names: the shell's navigation leads to `index`, other features to `statement`.
bp.add_url_rule("/", endpoint="statement", view_func=show)
bp.add_url_rule("/", endpoint="index", view_func=show)


@bp.get("/statement.json")
@access.needs(Permission.LEDGER_SELF)
def statement_file() -> Response:
    """The statement as its file."""
    with db.reading() as session:
        found = statement.of(session, access.someone().subject_key, as_of=asked.as_of())
        return asked.document(found.to_json(), name="xueshi-statement.json")


@bp.get("/evidence.json")
@access.needs(Permission.LEDGER_SELF)
def evidence_file() -> Response:
    """The evidence as its file."""
    with db.reading() as session:
        known = evidence.of(session, access.someone().subject_key, as_of=asked.as_of())
        return asked.document(export.document(known), name="xueshi-evidence.json")


# Where each kind of notice leads.
PAGES = {
    "class": lambda row: url_for("ledger.index", _anchor="ledger"),
    "claim": lambda row: url_for("claims.show", claim_id=row.about),
    "corrected": lambda row: url_for("ledger.index", _anchor="ledger"),
    "voided": lambda row: url_for("ledger.index", _anchor="ledger"),
    "appeal": lambda row: url_for("appeals.show", appeal_id=row.about),
    "assigned": lambda _row: url_for("enrolment.index", _anchor="asked"),
    "certificate": lambda _row: url_for("certificates.index"),
    "reversal": lambda _row: url_for("reversals.index"),
}


@bp.get("/notices")
@access.needs(Permission.LEDGER_SELF)
def notices() -> str:
    """What was decided about the learner's hours, and what their employer asks."""
    key = access.someone().subject_key
    with db.reading() as session:
        rows = [(row, PAGES[row.kind.partition("_")[0]](row)) for row in told.of_subject(session, key)]
        return render_template("ledger/learner/notices.html", rows=rows, unread=told.unread(session, key))


@bp.post("/notices")
@access.needs(Permission.LEDGER_SELF)
def notices_read() -> BaseResponse:
    """All of them were read."""
    with db.writing() as session:
        told.read(session, access.someone().subject_key, now=clock.now())
    return redirect(url_for("ledger.notices"), 303)


@bp.get("/accesses")
@access.needs(Permission.LEDGER_SELF)
def accesses() -> str:
    """Who looked at the learner's record, when and why."""
    with db.reading() as session:
        rows = oversight.of_subject(session, access.someone().subject_key)
        return render_template("ledger/learner/accesses.html", lines=oversight.lines(session, rows))
