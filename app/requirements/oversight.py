"""Officials say what the enterprises under their bureau do, since it decides which hours their staff owe."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db, paging
from app.access import Permission
from app.requirements import asked, enterprise
from app.requirements.enterprise import IndustryForm
from courses import errors
from courses.ledger.required import industries
from courses.people.jurisdictions import day_of

bp = Blueprint("requirements_oversight", __name__, url_prefix="/requirements/enterprises")

SIZE = 50


@bp.get("/")
@access.needs(Permission.REQUIREMENTS_CLASSIFY)
def index() -> str:
    """The enterprises under the official's bureau, with what is known of each."""
    number, offset = paging.asked(SIZE)
    name = request.args.get("q", "").strip()[:120]
    with db.reading() as session:
        total, rows = industries.supervised(session, access.someone(), name=name, offset=offset, limit=SIZE)
        known = industries.newest(session, [row.id for row in rows])
        return render_template(
            "requirements/oversight/enterprises.html",
            page=paging.Page(rows, number, SIZE, total),
            known=known,
            q=name,
        )


@bp.get("/<organisation_id>")
@access.needs(Permission.REQUIREMENTS_CLASSIFY)
def show(organisation_id: str) -> str:
    """One enterprise, and the form."""
    with db.reading() as session:
        return page(session, organisation_id, IndustryForm(from_on=day_of(clock.now())))


def page(session: Session, organisation_id: str, form: IndustryForm) -> str:
    """The form for one enterprise, with what was said of it before."""
    form.industry.choices = asked.industries()
    return render_template(
        "requirements/oversight/enterprise.html",
        enterprise=industries.reached(session, access.someone(), organisation_id),
        rows=industries.of_enterprise(session, organisation_id),
        form=form,
    )


@bp.post("/<organisation_id>")
@access.needs(Permission.REQUIREMENTS_CLASSIFY)
def enter(organisation_id: str) -> Response | tuple[str, int]:
    """Say what it does from a day on."""
    form = IndustryForm()
    form.industry.choices = asked.industries()
    with db.writing() as session:
        industries.reached(session, access.someone(), organisation_id)
        if not form.validate():
            return page(session, organisation_id, form), 422
        try:
            enterprise.entered(session, organisation_id, form, now=clock.now())
        except errors.Invalid as refusal:
            enterprise.refuse(form, refusal)
            session.rollback()
            return page(session, organisation_id, form), 422
    flash(_("Noted. The rules for this kind of enterprise hold from the next period on."), "success")
    return redirect(url_for("requirements_oversight.index"), 303)
