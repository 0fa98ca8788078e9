"""The learner's certificates: what can be issued now, and what was, as paper and as proof."""

from typing import cast

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
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app import access, clock, db, jobs
from app import errors as telling
from app.access import Permission
from app.certificates import keys
from courses import errors
from courses.certificates import content, issuing, sealing
from courses.certificates.issuing import Issued
from courses.ledger import explained
from media.storage import Store

bp = Blueprint("certificates", __name__, url_prefix="/certificates")


@bp.get("/")
@access.needs(Permission.CERTIFICATES_SELF)
def index() -> str:
    """Both lists."""
    subject_key = access.someone().subject_key
    with db.reading() as session:
        sentence, offers = "", []
        try:
            offers = content.offers(explained.of(session, subject_key, as_of=clock.now() + issuing.TICK))
        except errors.Conflict as refusal:
            sentence = telling.say(refusal)
        return render_template(
            "certificates/learner/index.html",
            offers=offers,
            sentence=sentence,
            issued=issuing.of_subject(session, subject_key),
        )


@bp.post("/")
@access.needs(Permission.CERTIFICATES_SELF)
def issue() -> BaseResponse:
    """Freeze one now; its paper is ready a moment later."""
    with db.writing() as session:
        made = issuing.issue(
            session,
            subject_key=access.someone().subject_key,
            kind=request.form.get("kind", ""),
            about=request.form.get("about", ""),
            signer=keys.signer(keys.settings()),
            now=clock.now(),
        )
        jobs.dispatch(session, "certificates", made.id)
    flash(_("It is issued. Its place in the public log is being sealed; the paper is ready in a moment."), "success")
    return redirect(url_for("certificates.index"), 303)


@bp.get("/<certificate_id>.pdf")
@access.needs(Permission.CERTIFICATES_SELF)
def pdf(certificate_id: str) -> Response:
    """The paper, as it was made."""
    with db.reading() as session:
        found = ready(session, certificate_id)
    store = cast(Store, current_app.extensions["xueshi_store"])
    return download(store.read(found.certificate.key), "application/pdf", f"xueshi-{certificate_id}.pdf")


@bp.get("/<certificate_id>.tlog-proof")
@access.needs(Permission.CERTIFICATES_SELF)
def proof(certificate_id: str) -> Response:
    """Document, claim and proof in one file."""
    with db.reading() as session:
        found = ready(session, certificate_id)
        assert found.holder, "it is ready"
        assert found.seal, "it is ready"
        document = issuing.canonical(issuing.document(found.certificate, found.holder))
        text = sealing.proof_file(session, found.holder, found.seal, document=document)
    return download(text.encode(), "text/plain; charset=utf-8", f"xueshi-{certificate_id}.tlog-proof")


def ready(session: Session, certificate_id: str) -> Issued:
    """One of one's own whose paper is made, or NotFound."""
    found = issuing.get(session, certificate_id, subject_key=access.someone().subject_key)
    if not found.is_ready:
        raise errors.NotFound()
    return found


def download(body: bytes, content_type: str, name: str) -> Response:
    """A file that no cache keeps."""
    response = Response(body, content_type=content_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
