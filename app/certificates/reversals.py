"""Officials see certificates whose hours were taken back, and decide: revoke, or let it stand with a reason."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from app import access, clock, db
from app.access import Permission
from app.forms import Form, at_most, required, stripped
from courses import errors, oversight
from courses.certificates import reversals
from courses.oversight import What

bp = Blueprint("reversals", __name__, url_prefix="/oversight/certificates")


class KeepForm(Form):
    """Why a certificate goes on standing."""

    reason = TextAreaField(lazy("Reason"), [required(), at_most(reversals.LONGEST_REASON)], [stripped])


@bp.get("/")
@access.needs(Permission.CERTIFICATES_REVOKE)
def index() -> str:
    """What waits for a decision, the oldest first."""
    actor = access.someone()
    areas = None if actor.is_city_regulator else actor.jurisdictions()
    with db.reading() as session:
        rows = reversals.waiting(session, areas=areas, on=clock.today())
        return render_template("certificates/oversight/reversals.html", rows=rows)


@bp.get("/<reversal_id>")
@access.needs(Permission.CERTIFICATES_REVOKE)
def show(reversal_id: str) -> str:
    """One of them, with the ways to decide."""
    return page(reversal_id, KeepForm(formdata=None))


@bp.post("/<reversal_id>")
@access.needs(Permission.CERTIFICATES_REVOKE)
def keep(reversal_id: str) -> Response | tuple[str, int]:
    """Let it stand; the look and the reason are kept."""
    form, actor, now = KeepForm(), access.someone(), clock.now()
    try:
        with db.writing() as session:
            found, certificate = reversals.get(session, reversal_id)
            oversight.learner(session, actor, certificate.subject_key, today=clock.today())
            if form.validate():
                reversals.keep(session, found, reason=form.reason.data, official_key=actor.subject_key, now=now)
                oversight.note(
                    session, actor, subject_key=certificate.subject_key, what=What.STATEMENT, reason=form.reason.data, now=now
                )
    except errors.Invalid as refusal:
        form.refuse(refusal)
    if form.errors:
        return page(reversal_id, form), 422
    flash(_("The certificate stands. Your reason is kept."), "success")
    return redirect(url_for("reversals.index"), 303)


def page(reversal_id: str, form: KeepForm) -> str:
    """What is certified, what of it is gone, and whose it is; NotFound outside the official's jurisdiction."""
    with db.reading() as session:
        found, certificate = reversals.get(session, reversal_id)
        person = oversight.learner(session, access.someone(), certificate.subject_key, today=clock.today())
        return render_template(
            "certificates/oversight/reversal.html", row=found, certificate=certificate, name=person.display_name, form=form
        )
