"""A learner's own claims: what was learnt on another platform, with its proof, and what was decided."""

from fractions import Fraction

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response as BaseResponse
from wtforms import DateField, IntegerField, MultipleFileField, RadioField, StringField
from wtforms.validators import InputRequired

from app import access, clock, db, papers
from app.access import Permission
from app.forms import ExactField, Form, at_most, required, stripped
from courses import errors
from courses.ledger import evidence, statement
from courses.ledger.cases import claims, files

bp = Blueprint("claims", __name__, url_prefix="/claims")
Answer = str | BaseResponse | tuple[str, int]
MINUTE_MS = 60_000


class ClaimForm(Form):
    """What was learnt elsewhere."""

    from_where = StringField(lazy("Platform or organiser"), [required(), at_most(120)], [stripped])
    title = StringField(lazy("Course"), [required(), at_most(120)], [stripped])
    taken_on = DateField(lazy("Finished on"), [InputRequired(message=lazy("Fill this in."))])
    hours = ExactField(lazy("Hours on the certificate"), [InputRequired(message=lazy("Fill this in."))])
    minutes = IntegerField(
        lazy("Minutes in one of these hours"), [InputRequired(message=lazy("Write whole minutes."))], default=45
    )
    kind = RadioField(
        lazy("Kind"),
        [InputRequired(message=lazy("Choose one."))],
        choices=[
            ("online", lazy("Online training")),
            ("classroom", lazy("Classroom training")),
            ("practical", lazy("Practical training")),
        ],
        default="online",
    )
    file = MultipleFileField(lazy("Certificate or other proof"))


@bp.get("/")
@access.needs(Permission.CLAIMS_SELF)
def index() -> str:
    """All of them, the latest first."""
    with db.reading() as session:
        rows = claims.of_subject(session, access.someone().subject_key)
        return render_template("claims/learner/index.html", rows=rows)


@bp.get("/new")
@access.needs(Permission.CLAIMS_SELF)
def new() -> str:
    """The form."""
    return render_template("claims/learner/new.html", form=ClaimForm())


@bp.post("/new")
@access.needs(Permission.CLAIMS_SELF)
def create() -> Answer:
    """File a claim; it can be read afterwards, and not changed."""
    form = ClaimForm()
    actor = access.someone()
    if not form.validate():
        return render_template("claims/learner/new.html", form=form), 422
    try:
        claim = claims.new(
            actor.subject_key,
            from_where=form.from_where.data,
            title=form.title.data,
            taken_on=form.taken_on.data,
            hours=form.hours.data or Fraction(0),
            hour_ms=form.minutes.data * MINUTE_MS,
            kind=form.kind.data,
            today=clock.today(),
            now=clock.now(),
        )
        with db.reading() as session:
            claims.check_room(session, actor.subject_key)
        rows = papers.taken(about=claim.id, added_by=actor.subject_key)
        with db.writing() as session:
            claims.file(session, claim, papers=rows)
    except errors.Invalid as refusal:
        form.refuse(refusal)
        return render_template("claims/learner/new.html", form=form), 422
    except errors.Conflict as refusal:
        form.refuse(errors.Invalid(refusal.code, refusal.sentence, **refusal.detail))
        return render_template("claims/learner/new.html", form=form), 409
    flash(_("Your claim is filed. You are told here when it is decided."), "success")
    return redirect(url_for("claims.show", claim_id=claim.id), 303)


@bp.get("/<claim_id>")
@access.needs(Permission.CLAIMS_SELF)
def show(claim_id: str) -> str:
    """One of them, with what became of it in the ledger."""
    key = access.someone().subject_key
    with db.reading() as session:
        claim, decision = claims.own(session, claim_id, subject_key=key)
        entry = None
        if decision is not None:
            told = statement.of(session, key, as_of=clock.now() + evidence.TICK)
            entry = next((row.line for row in told.rows if row.line.about == claim.id), None)
        return render_template(
            "claims/learner/show.html",
            claim=claim,
            decision=decision,
            entry=entry,
            files=files.of(session, claim.id),
            file_url=lambda file_id: url_for("claims.evidence_file", claim_id=claim.id, file_id=file_id),
        )


@bp.get("/<claim_id>/files/<file_id>")
@access.needs(Permission.CLAIMS_SELF)
def evidence_file(claim_id: str, file_id: str) -> Response:
    """One's own proof."""
    with db.reading() as session:
        claims.own(session, claim_id, subject_key=access.someone().subject_key)
        row = files.get(session, file_id, about=claim_id)
    return papers.answer(row)
