"""A learner's certificates before an official, in an opened record; revoking one, with a reason that is kept."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from app import access, clock, db
from app.access import Permission
from app.forms import Form, at_most, required, stripped
from courses import errors, oversight
from courses.certificates import issuing
from courses.certificates.issuing import Issued
from courses.oversight import What

bp = Blueprint("certificates_oversight", __name__, url_prefix="/oversight/learners/<subject_key>/certificates")


class RevocationForm(Form):
    """Why a certificate is taken back."""

    reason = TextAreaField(lazy("Reason"), [required(), at_most(issuing.LONGEST_REASON)], [stripped])


@bp.get("/")
@access.needs(Permission.CERTIFICATES_REVOKE)
def index(subject_key: str) -> str:
    """The list; a read that is written down under the reason with which the record was opened."""
    actor, now = access.someone(), clock.now()
    with db.writing() as session:
        oversight.looked(session, actor, subject_key, what=What.STATEMENT, today=clock.today(), now=now)
        return render_template(
            "certificates/oversight/index.html",
            subject_key=subject_key,
            name=reached(session, subject_key),
            issued=issuing.of_subject(session, subject_key),
        )


@bp.get("/<certificate_id>/revoke")
@access.needs(Permission.CERTIFICATES_REVOKE)
def revoke_form(subject_key: str, certificate_id: str) -> str:
    """Ask why."""
    with db.reading() as session:
        name = reached(session, subject_key)
        return page(RevocationForm(), issuing.get(session, certificate_id, subject_key=subject_key), name)


@bp.post("/<certificate_id>/revoke")
@access.needs(Permission.CERTIFICATES_REVOKE)
def revoke(subject_key: str, certificate_id: str) -> Response | tuple[str, int]:
    """Take it back; the learner reads the reason."""
    form, actor, now = RevocationForm(), access.someone(), clock.now()
    with db.writing() as session:
        name = reached(session, subject_key)
        found = issuing.get(session, certificate_id, subject_key=subject_key)
        if not form.validate():
            return page(form, found, name), 422
        try:
            oversight.note(
                session, actor, subject_key=subject_key, what=What.STATEMENT, reason=form.reason.data, now=now
            )
        except errors.Invalid as refusal:
            form.refuse(refusal)
            return page(form, found, name), 422
        issuing.revoke(
            session, found.certificate, reason=form.reason.data, official_key=actor.subject_key, now=now
        )
    flash(_("The certificate is revoked. Whoever verifies it online is told."), "success")
    return redirect(url_for("oversight_record.learner", subject_key=subject_key), 303)


def reached(session: Session, subject_key: str) -> str:
    """The learner's masked name, or NotFound outside the official's jurisdiction."""
    return oversight.learner(session, access.someone(), subject_key, today=clock.today()).display_name


def page(form: RevocationForm, found: Issued, name: str) -> str:
    """The question why."""
    return render_template("certificates/oversight/revoke.html", form=form, found=found, name=name)
