"""The studio's side: an institution's files, watching them being processed, captions, removal.

An asset belongs to the institution whose staff sends it; for everybody else it is not there (404).
The store is called between transactions, never inside one.
"""

from typing import Any, cast

from flask import Response, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app import access, db, medialinks
from app.access import Permission
from app.media import reasons
from app.media.blueprint import bp
from app.media.play import local_path
from app.settings import Settings
from courses.people.organisations import Organisation, Role
from media import assets, captions, errors, quotas
from media.assets import Asset, AssetKind, AssetState
from media.base import new_id
from media.storage import Store

SHOWN = 50
FAULTS_SHOWN = 8


def owners() -> frozenset[str]:
    """The institutions whose files the asking person may handle."""
    return access.someone().organisations(Role.INSTITUTION_STAFF)


def store() -> Store:
    """The running application's store."""
    return cast(Store, current_app.extensions["xueshi_store"])


@bp.get("/")
@access.needs(Permission.MEDIA_UPLOAD)
def index() -> str:
    """The institution's files, the newest first, and the place to send more."""
    with db.reading() as session:
        found = session.scalars(
            select(Asset)
            .where(Asset.owner.in_(owners()), Asset.last_error.is_distinct_from("cancelled"))
            .order_by(Asset.created_at.desc(), Asset.id)
            .limit(SHOWN)
        ).all()
        rows = [(asset, told(session, asset)) for asset in found]
        used_bytes = {owner: quotas.used_bytes(session, owner) for owner in sorted(owners())}
        names = {owner: session.get_one(Organisation, owner).name for owner in used_bytes}
    settings: Settings = current_app.extensions["xueshi_settings"]
    return render_template(
        "media/studio/index.html",
        rows=rows,
        languages=captions.LANGUAGES,
        spaces=[(owner, names[owner], used) for owner, used in used_bytes.items()],
        quota_bytes=settings.upload_quota_bytes,
    )


@bp.get("/assets/<asset_id>.json")
@access.needs(Permission.MEDIA_UPLOAD)
def asset_json(asset_id: str) -> Response:
    """Where an asset stands, for the page that waits for it."""
    with db.reading() as session:
        asset = assets.get(session, asset_id, owners=owners())
        answer = {**told(session, asset), "was_known": assets.was_known(session, asset)}
    response = jsonify(answer)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/assets/<asset_id>/remove")
@access.needs(Permission.MEDIA_UPLOAD)
def remove_asset(asset_id: str) -> BaseResponse:
    """Take away a file that no lesson and no course shows; what another file shares stays."""
    with db.writing() as session:
        keys = assets.remove(session, asset_id, owners=owners())
    for key in keys:
        store().delete_all(key) if key.endswith("/") else store().delete(key)
    flash(str(_("The file was removed.")), "success")
    return redirect(back(), 303)


@bp.post("/assets/<asset_id>/captions")
@access.needs(Permission.MEDIA_UPLOAD)
def add_captions(asset_id: str) -> BaseResponse:
    """Captions of one language from a WebVTT or SubRip file; earlier ones are replaced."""
    mine = owners()
    sent = request.files.get("file")
    try:
        language = captions.check_language(request.form.get("language", ""))
        with db.reading() as session:
            duration_ms = assets.get(session, asset_id, owners=mine).duration_ms
        data = sent.stream.read(captions.MOST_BYTES + 1) if sent else b""
        cues = captions.read(data, duration_ms=duration_ms)
    except errors.Invalid as refusal:
        faults = [refusal, *getattr(refusal, "also", ())]
        for fault in faults[:FAULTS_SHOWN]:
            flash(str(_(fault.sentence, **fault.detail)), "error")
        if len(faults) > FAULTS_SHOWN:
            flash(str(_("And %(count)d further lines.", count=len(faults) - FAULTS_SHOWN)), "error")
        return redirect(back(), 303)
    key = captions.key_of(asset_id, language, new_id())
    store().put(key, captions.write(cues).encode("utf-8"))
    with db.writing() as session:
        replaced = captions.keep(session, asset_id, owners=mine, language=language, key=key)
    if replaced:
        store().delete(replaced)
    flash(str(_("The captions were stored: %(count)d in all.", count=len(cues))), "success")
    return redirect(back(), 303)


@bp.post("/assets/<asset_id>/captions/<language>/remove")
@access.needs(Permission.MEDIA_UPLOAD)
def remove_captions(asset_id: str, language: str) -> BaseResponse:
    """Take the captions of one language away."""
    with db.writing() as session:
        key = captions.remove(session, asset_id, owners=owners(), language=language)
    store().delete(key)
    flash(str(_("The captions were removed.")), "success")
    return redirect(back(), 303)


def back() -> str:
    """The page that the form names, if it is one of ours; else the list of files."""
    return local_path(request.form.get("next", "")) or url_for("media.index")


def told(session: Session, asset: Asset) -> dict[str, Any]:
    """An asset's state as JSON, with reasons in words."""
    is_ready = asset.state == AssetState.READY
    is_video = asset.kind == AssetKind.VIDEO
    return {
        "id": asset.id,
        "kind": asset.kind,
        "state": asset.state,
        "file_name": asset.file_name,
        "size_bytes": asset.size_bytes,
        "progress_permille": asset.progress_permille,
        "code": asset.last_error,
        "reason": reasons.why(asset.state, asset.last_error),
        "duration_ms": asset.duration_ms,
        "poster_url": medialinks.image_url(asset.id) if is_ready else None,
        "preview_url": medialinks.preview_url(asset.id) if is_ready and is_video else None,
        "renditions": [
            {
                "name": made.name,
                "width": made.width,
                "height": made.height,
                "size_bytes": made.size_bytes,
            }
            for made in assets.renditions(session, asset.id)
            if made.width  # sound alone is no quality to choose
        ],
        "captions": [found.language for found in assets.captions(session, asset.id)],
    }
