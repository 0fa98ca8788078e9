"""`/verify/`: anybody checks a certificate by its code, in the browser, without a script, or from a saved file.

The page shows what the code says and no more of a person; whether it was revoked, only the site knows.
"""

import re
from pathlib import Path

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from markupsafe import Markup

from app import access, clock, db
from app.access import Permission
from app.certificates import keys
from courses import errors
from courses.certificates import issuing, verifying
from courses.certificates.issuing import Issued
from courses.certificates.verifying import Verified

bp = Blueprint("verify", __name__, url_prefix="/verify")

MOST_CHARACTERS = 6_000
ICON = re.compile(r'(?<=<use href=")[^"#]*#')  # the saved page holds its drawings itself


@bp.get("/")
@access.needs(Permission.CERTIFICATES_VERIFY)
def index() -> str:
    """The page; what stands behind `#` never reaches the site."""
    return shown()


@bp.post("/")
@access.needs(Permission.CERTIFICATES_VERIFY)
def check() -> tuple[str, int]:
    """The same check for browsers without scripts."""
    text = request.form.get("code", "")[:MOST_CHARACTERS]
    try:
        found = verifying.verify(text, keys.verifiers(keys.settings()))
    except verifying.Refused as refused:
        return shown(verdict=refused.code, text=text), 422
    known = looked_up(found.claim.certificate)
    return shown(verdict="proved" if found.log else "signed", found=found, standing=standing(known), known=known), 200


@bp.get("/offline.html")
@access.needs(Permission.CERTIFICATES_VERIFY)
def offline() -> Response:
    """The page as one file that needs no network, with the site's keys in it."""
    page = render_template(
        "certificates/public/offline.html",
        **values(),
        today=clock.today(),
        style=built("dist/site.css"),
        dark=built("dist/dark.css"),
        script=built("dist/verify.js"),
        icons=built("icons.svg"),
    )
    response = Response(ICON.sub("#", page), content_type="text/html; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="xueshi-verify.html"'
    return response


@bp.get("/worker.js")
@access.needs(Permission.CERTIFICATES_VERIFY)
def worker() -> Response:
    """The script that keeps the page for when there is no network; its place gives its reach."""
    return current_app.send_static_file("dist/verify-worker.js")


@bp.get("/<certificate_id>.json")
@access.needs(Permission.CERTIFICATES_VERIFY)
def status(certificate_id: str) -> Response:
    """Whether a certificate stands; saved pages ask too, so every origin may."""
    known = looked_up(certificate_id)
    said: dict[str, str | None] = {"certificate": certificate_id, "state": "unknown"}
    if known is not None:
        revoked = known.revocation
        said |= {
            "state": standing(known),
            "revoked_at": revoked.at.isoformat() if revoked else None,
            "pdf_sha256": known.printing.pdf_hash.hex() if known.printing else None,
        }
    response = jsonify(said)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response


def built(name: str) -> Markup:
    """A file of our own static folder, to stand in a page as it is."""
    text = (Path(current_app.static_folder or "") / name).read_text("utf-8")
    return Markup(text.replace("</script", "<\\/script"))  # noqa: S704  # our own build


def standing(known: Issued | None) -> str:
    """What the site says of a certificate; `forgotten`: not revoked, and its holder had their data deleted."""
    if known is None:
        return "unknown"
    if known.revocation:
        return "revoked"
    return "standing" if known.holder else "forgotten"


def looked_up(certificate_id: str) -> Issued | None:
    """The certificate of a number, if the site issued it."""
    with db.reading() as session:
        try:
            return issuing.known(session, certificate_id)
        except errors.NotFound:
            return None


def shown(
    *, verdict: str = "", found: Verified | None = None, standing: str = "", known: Issued | None = None, text: str = ""
) -> str:
    """The page, empty or with a verdict."""
    return render_template(
        "certificates/public/verify.html",
        **values(), verdict=verdict, found=found, standing=standing, known=known, text=text,
    )  # fmt: skip


def values() -> dict[str, object]:
    """What both forms of the page are made of."""
    known = keys.settings()
    return {"url": keys.verify_url(known), "keys": [str(key) for key in keys.verifiers(known)]}
