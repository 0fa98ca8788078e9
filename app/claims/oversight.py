"""Officers decide claims of their area's learners; the engine's own word stands beside the form."""

from fractions import Fraction

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from app import access, clock, db, jobs, papers
from app.access import Permission
from app.errors import say
from app.forms import ExactField, Form, at_most, exact, required, stripped
from courses import errors, oversight
from courses.ledger.cases import claims, files
from courses.ledger.cases.models import Claim, ClaimDecision

bp = Blueprint("claims_review", __name__, url_prefix="/claims/review")
Answer = str | BaseResponse | tuple[str, int]


class DecisionForm(Form):
    """How much of it counts, and why."""

    factor = ExactField(lazy("Factor"), [InputRequired(message=lazy("Fill this in."))], default=Fraction(1))
    note = TextAreaField(lazy("What you found"), [required(), at_most(500)], [stripped])


@bp.get("/")
@access.needs(Permission.CLAIMS_REVIEW)
def index() -> str:
    """What waits, the oldest first."""
    actor = access.someone()
    areas = None if actor.is_city_regulator else actor.jurisdictions()
    with db.reading() as session:
        rows = claims.waiting(session, actor, areas=areas, on=clock.today())
        return render_template("claims/oversight/index.html", rows=rows)


@bp.get("/<claim_id>")
@access.needs(Permission.CLAIMS_REVIEW)
def show(claim_id: str) -> str:
    """A claim with its proof and what the engine would say; `?factor=` tries another factor."""
    form = DecisionForm(formdata=None)
    try:
        form.factor.data = exact(request.args.get("factor", "") or "1")
    except ValueError:
        form.factor.data = Fraction(1)
    with db.writing() as session:
        claim, decision = reached(session, claim_id)
        return page(session, claim, decision, form)


@bp.post("/<claim_id>")
@access.needs(Permission.CLAIMS_REVIEW)
def decide(claim_id: str) -> Answer:
    """Accept the proof with a factor, or not; the learner is told either way."""
    form = DecisionForm()
    with db.writing() as session:
        claim, decision = reached(session, claim_id)
        if not form.validate():
            return page(session, claim, decision, form), 422
        try:
            claims.decide(
                session,
                access.someone(),
                claim=claim,
                is_accepted=request.form.get("verdict") == "accept",
                factor=form.factor.data or Fraction(0),
                note=form.note.data,
                now=clock.now(),
            )
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return page(session, claim, decision, form), 422
        except errors.Conflict as refusal:
            form.form_errors.append(say(refusal))
            return page(session, claim, decision, form), 409
        jobs.dispatch(session, "ledger", claim.subject_key)
    flash(_("The claim is decided, and the learner is told."), "success")
    return redirect(url_for("claims_review.index"), 303)


@bp.get("/<claim_id>/files/<file_id>")
@access.needs(Permission.CLAIMS_REVIEW)
def evidence_file(claim_id: str, file_id: str) -> Response:
    """One of its proofs."""
    with db.writing() as session:
        claim, _decision = reached(session, claim_id)
        row = files.get(session, file_id, about=claim.id)
    return papers.answer(row)


def reached(session: Session, claim_id: str) -> tuple[Claim, ClaimDecision | None]:
    """A claim of a learner of the officer's area, the look written down."""
    claim, decision = claims.get(session, claim_id)
    oversight.case(
        session,
        access.someone(),
        claim.subject_key,
        reason=_("Decision on hours claimed from %(place)s", place=claim.from_where),
        today=clock.today(),
        now=clock.now(),
    )
    return claim, decision


def page(session: Session, claim: Claim, decision: ClaimDecision | None, form: DecisionForm) -> str:
    """The claim, and what would come of it."""
    rows = files.of(session, claim.id)
    fault = ""
    outcome = None
    try:
        outcome = claims.foreseen(session, claim, factor=form.factor.data or Fraction(1), now=clock.now())
    except errors.Conflict as refusal:
        fault = say(refusal)
    return render_template(
        "claims/oversight/show.html",
        claim=claim,
        decision=decision,
        form=form,
        name=oversight.learner(session, access.someone(), claim.subject_key, today=clock.today()).display_name,
        outcome=outcome,
        same_day=claims.on_the_same_day(session, claim),
        fault=fault,
        files=rows,
        elsewhere=[row for found in files.sent_elsewhere(session, rows).values() for row in found],
        file_url=lambda file_id: url_for("claims_review.evidence_file", claim_id=claim.id, file_id=file_id),
    )
