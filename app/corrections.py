"""Officers correct hours or take a row back: one proposes with a reason code, the city's second decides."""

from fractions import Fraction

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Optional

from app import access, clock, db, jobs
from app.access import Permission
from app.errors import say
from app.forms import ExactField, Form, at_most, required, stripped
from courses import errors, oversight
from courses.enrolment import Enrolment
from courses.ledger.cases import appeals, corrections
from courses.ledger.cases.corrections import Proposed
from courses.ledger.cases.models import Appeal, ReasonCode
from courses.ledger.models import Entry

bp = Blueprint("corrections", __name__, url_prefix="/corrections")
Answer = str | Response | tuple[str, int]
LABELS = {
    ReasonCode.RECORDING_ERROR: lazy("Recorded wrongly"),
    ReasonCode.DUPLICATE_RECORD: lazy("Recorded twice"),
    ReasonCode.WRONG_LEARNER: lazy("Recorded for the wrong learner"),
    ReasonCode.WATCHED_BY_ANOTHER: lazy("Somebody else watched"),
    ReasonCode.ATTENDANCE_FALSE: lazy("The attendance was not true"),
    ReasonCode.EVIDENCE_FALSE: lazy("The evidence was not true"),
    ReasonCode.SYSTEM_FAULT: lazy("A fault of the platform"),
    ReasonCode.APPEAL_UPHELD: lazy("An appeal was upheld"),
}


class ProposalForm(Form):
    """What is to change, and why."""

    kind = RadioField(
        lazy("What is to be done"),
        [InputRequired(message=lazy("Choose one."))],
        choices=[("void", lazy("take the row back whole")), ("adjust", lazy("correct it by so many hours"))],
        default="void",
    )
    hours = ExactField(lazy("Hours to add; with a minus sign to take away"), [Optional()])
    reason_code = SelectField(
        lazy("Reason"), [InputRequired()], choices=[(code.value, label) for code, label in LABELS.items()]
    )
    note = TextAreaField(lazy("What you found"), [required(), at_most(500)], [stripped])


class DecisionForm(Form):
    """What the second officer found."""

    note = TextAreaField(lazy("What you found"), [required(), at_most(500)], [stripped])


@bp.get("/")
@access.needs(Permission.CORRECTIONS_PROPOSE)
def index() -> str:
    """What waits for a second officer, and what was decided."""
    actor = access.someone()
    areas = None if actor.is_city_regulator else actor.jurisdictions()
    with db.reading() as session:
        waiting, decided = (
            corrections.listed(session, areas=areas, on=clock.today(), is_decided=is_decided)
            for is_decided in (False, True)
        )
        return render_template("corrections/oversight/index.html", waiting=waiting, decided=decided)


@bp.get("/entries/<entry_id>")
@access.needs(Permission.CORRECTIONS_PROPOSE)
def new(entry_id: str) -> str:
    """The form for a row of the ledger."""
    with db.writing() as session:
        entry = row_of(session, entry_id)
        return asked(session, ProposalForm(formdata=None), entry, None)


@bp.post("/entries/<entry_id>")
@access.needs(Permission.CORRECTIONS_PROPOSE)
def propose(entry_id: str) -> Answer:
    """Propose it to a second officer."""
    with db.writing() as session:
        return proposed(session, row_of(session, entry_id), None)


@bp.get("/appeals/<appeal_id>")
@access.needs(Permission.CORRECTIONS_PROPOSE)
def new_for_appeal(appeal_id: str) -> str:
    """The form for hours that an appeal adds."""
    form = ProposalForm(formdata=None)
    form.reason_code.data = ReasonCode.APPEAL_UPHELD.value
    with db.writing() as session:
        return asked(session, form, None, appeal_of(session, appeal_id))


@bp.post("/appeals/<appeal_id>")
@access.needs(Permission.CORRECTIONS_PROPOSE)
def propose_for_appeal(appeal_id: str) -> Answer:
    """Propose the hours to a second officer."""
    with db.writing() as session:
        return proposed(session, None, appeal_of(session, appeal_id))


@bp.get("/<correction_id>")
@access.needs(Permission.CORRECTIONS_PROPOSE)
def show(correction_id: str) -> str:
    """One of them; the look is written down."""
    with db.writing() as session:
        return page(session, reached(session, correction_id), DecisionForm(formdata=None))


@bp.post("/<correction_id>")
@access.needs(Permission.CORRECTIONS_DECIDE)
def decide(correction_id: str) -> Answer:
    """Approve or decline what somebody else proposed."""
    form = DecisionForm()
    with db.writing() as session:
        found = reached(session, correction_id)
        if not form.validate():
            return page(session, found, form), 422
        try:
            corrections.decide(
                session,
                access.someone(),
                correction=found.row,
                is_approved=request.form.get("verdict") == "approve",
                note=form.note.data,
                now=clock.now(),
            )
        except errors.Refusal as refusal:
            form.form_errors.append(say(refusal))
            return page(session, found, form), 422 if isinstance(refusal, errors.Invalid) else 409
        jobs.dispatch(session, "ledger", found.row.subject_key)
    flash(_("The correction is decided. What was approved stands in the ledger, and the learner is told."), "success")
    return redirect(url_for("corrections.index"), 303)


def row_of(session: Session, entry_id: str) -> Entry:
    """A row of a learner of the officer's area, the look written down."""
    entry = session.get(Entry, entry_id)
    if entry is None:
        raise errors.NotFound()
    looked(session, entry.subject_key)
    return entry


def appeal_of(session: Session, appeal_id: str) -> Appeal:
    """An appeal of a learner of the officer's area, the look written down."""
    row = appeals.get(session, appeal_id)
    looked(session, row.subject_key)
    return row


def reached(session: Session, correction_id: str) -> Proposed:
    """A correction of a learner of the officer's area, the look written down."""
    found = corrections.get(session, correction_id)
    looked(session, found.row.subject_key)
    return found


def looked(session: Session, subject_key: str) -> None:
    """The learner finds who corrected, and why, among the reads of the record."""
    oversight.case(
        session, access.someone(), subject_key, reason=_("Correction of hours"), today=clock.today(), now=clock.now()
    )


def proposed(session: Session, entry: Entry | None, appeal: Appeal | None) -> Answer:
    """The answer to a form that was sent."""
    form = ProposalForm()
    if not form.validate():
        return asked(session, form, entry, appeal), 422
    try:
        corrections.propose(
            session,
            access.someone(),
            entry=entry,
            appeal=appeal,
            hours=None if form.kind.data == "void" else form.hours.data or Fraction(0),
            reason_code=form.reason_code.data,
            note=form.note.data,
            now=clock.now(),
        )
    except errors.Invalid as refusal:
        form.refuse(refusal)
        return asked(session, form, entry, appeal), 422
    except errors.Conflict as refusal:
        form.form_errors.append(say(refusal))
        return asked(session, form, entry, appeal), 409
    flash(_("The correction is proposed. A second officer of the city's bureau decides."), "success")
    return redirect(url_for("corrections.index"), 303)


def asked(session: Session, form: ProposalForm, entry: Entry | None, appeal: Appeal | None) -> str:
    """The form with what it is about."""
    target = entry or appeal
    assert target is not None
    person = oversight.learner(session, access.someone(), target.subject_key, today=clock.today())
    return render_template(
        "corrections/oversight/new.html",
        form=form,
        entry=entry,
        appeal=appeal,
        name=person.display_name,
        subject_key=target.subject_key,
        may_adjust=appeal is not None or (entry is not None and session.get(Enrolment, entry.about) is not None),
    )


def page(session: Session, found: Proposed, form: DecisionForm) -> str:
    """A correction with the row or the appeal that it points back to."""
    row = found.row
    return render_template(
        "corrections/oversight/show.html",
        found=found,
        form=form,
        entry=session.get(Entry, row.entry_id) if row.entry_id else None,
        appeal=session.get(Appeal, row.appeal_id) if row.appeal_id else None,
        may_decide=access.may(Permission.CORRECTIONS_DECIDE)
        and found.decision is None
        and row.proposed_by != access.someone().subject_key,
    )


def install(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(bp)
