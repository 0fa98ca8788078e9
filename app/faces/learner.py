"""A learner's own page about photos: what happens with them, the consent, and everything that is held."""

from collections.abc import Iterable
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
from flask_babel import lazy_gettext as lazy
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import BooleanField, FileField

from app import access, clock, db, jobs
from app.access import Permission
from app.errors import say
from app.faces import consent
from app.forms import Form, required
from courses import errors
from courses.people import limits
from courses.people.limits import TooManyTries
from courses.people.vault import Vault
from courses.watch import faces, presence
from courses.watch.faces import Desk
from media import errors as media_errors

bp = Blueprint("faces", __name__, url_prefix="/account/face")

TRIES = 10  # by learner and quarter of an hour
Answer = str | BaseResponse | tuple[str, int]


class PhotoForm(Form):
    """The consent, by a box that is never ticked beforehand, and the photo."""

    agree = BooleanField(
        lazy("I have read this and agree, apart from everything else, that photos of my face are compared."), [required()]
    )
    photo = FileField(lazy("Photo of yourself"))


def desk() -> Desk:
    """What this installation compares with, and where pictures lie."""
    return cast(Desk, current_app.extensions["xueshi_faces"])


@bp.get("/")
@access.needs(Permission.FACES_SELF)
def index() -> str:
    """What happens, whether it was agreed to, the photo given, and checks by photo."""
    return show(PhotoForm())


def show(form: PhotoForm) -> str:
    """The page."""
    subject_key = access.someone().subject_key
    with db.reading() as session:
        return render_template(
            "faces/learner/index.html",
            form=form,
            is_open=desk().engine is not None,
            reference=presence.reference(session, subject_key),
            agreed_to=faces.standing_consent(session, subject_key),
            checks=faces.checks_of(session, subject_key, now=clock.now()),
            text=consent.text_of(consent.VERSION),
            version=consent.VERSION,
            texts=texts(),
        )


def texts() -> dict[str, str]:
    """The script's sentences."""
    return {
        "open": _("Use the camera of this device"),
        "view": _("What the camera sees"),
        "shot": _("Take the photo"),
        "again": _("Take another"),
        "refused": _("The camera cannot be used here. Choose a photo instead."),
        "ready": _("Look straight into the camera, with light from the front."),
        "taken": _("The photo is taken. Is it clear?"),
    }


@bp.post("/")
@access.needs(Permission.FACES_SELF)
def give() -> Answer:
    """Agree, with a photo to compare with; or replace that photo."""
    form = PhotoForm()
    if not form.validate():
        return show(form), 422
    if desk().engine is None:
        form.form_errors.append(_("Photos are not compared on this site now."))
        return show(form), 409
    try:
        keep(access.someone().subject_key)
    except errors.Invalid as refusal:
        form.refuse(refusal)
        return show(form), 422
    except (TooManyTries, media_errors.Unavailable) as refusal:
        form.form_errors.append(say(refusal))
        return show(form), 429 if isinstance(refusal, TooManyTries) else 503
    flash(_("Thank you. From now on a photo can answer when a lesson asks whether you are there."), "success")
    return redirect(url_for("faces.index"), 303)


def keep(subject_key: str) -> None:
    """Look at the photo, write it sealed, and only then let the consent stand."""
    now = clock.now()
    vault = cast(Vault, current_app.extensions["xueshi_vault"])
    with db.writing() as session:
        limits.take(session, [limits.by_name(vault, "face", subject_key, TRIES)], now=now)
    sent = request.files["photo"].read(faces.MOST_BYTES + 1) if "photo" in request.files else b""
    taken = faces.photo(sent)
    engine = desk().engine
    assert engine is not None
    engine.look(taken)
    fingerprint = desk().album.fingerprint(subject_key, sent)
    with db.writing() as session:
        key = faces.begin(session, subject_key=subject_key, fingerprint=fingerprint, now=now)
    desk().album.keep(key, taken)
    try:
        with db.writing() as session:
            former = faces.agree(
                session, subject_key=subject_key, key=key, text_version=consent.VERSION, now=clock.now()
            )
            dispatch(session, former)
    except BaseException:  # nothing tells of it now but the row, which goes by itself
        desk().album.drop(key)
        raise


def dispatch(session: Session, keys: Iterable[str]) -> None:
    """Have pictures deleted at once; the sweep finds what is left."""
    for key in keys:
        jobs.dispatch(session, "faces", key)


@bp.post("/withdraw")
@access.needs(Permission.FACES_SELF)
def withdraw() -> BaseResponse:
    """Take the consent back; every picture goes, now."""
    subject_key = access.someone().subject_key
    now = clock.now()
    with db.writing() as session:
        keys = faces.withdraw(session, subject_key=subject_key, now=now)
        dispatch(session, keys)  # for what the store does not give up now
    try:
        for key in keys:
            desk().album.drop(key)
    except media_errors.Unavailable:
        flash(_("Your consent is withdrawn. No photo is used or seen any more; the files are deleted within minutes."), "success")
    else:
        with db.writing() as session:
            faces.forget(session, keys, now=now)
        flash(_("Your consent is withdrawn, and your photos are deleted."), "success")
    return redirect(url_for("faces.index"), 303)


@bp.get("/photo")
@access.needs(Permission.FACES_SELF)
def photo() -> Response:
    """The photo that I gave."""
    with db.reading() as session:
        given = presence.reference(session, access.someone().subject_key)
    if given is None:
        raise errors.NotFound()
    return picture(desk(), given.key)


@bp.get("/checks/<prompt_id>")
@access.needs(Permission.FACES_SELF)
def check_photo(prompt_id: str) -> Response:
    """A photo of mine that did not match, until its time."""
    with db.reading() as session:
        found = faces.picture_of(session, access.someone().subject_key, prompt_id=prompt_id, now=clock.now())
    return picture(desk(), found.key)


@bp.get("/consent")
@access.needs(Permission.PUBLIC)
def consent_text() -> str:
    """The text of a version, for everybody."""
    version = request.args.get("version", consent.VERSION)
    if version not in consent.TEXTS:
        raise errors.NotFound()
    return render_template("faces/learner/consent.html", text=consent.text_of(version), version=version)


def picture(held: Desk, key: str) -> Response:
    """A picture in clear, for these eyes only and kept by no cache."""
    try:
        shown = held.album.show(key)
    except media_errors.Fault as error:
        raise errors.NotFound() from error
    response = Response(shown, content_type="image/jpeg")
    response.headers["Cache-Control"] = "no-store"
    return response
