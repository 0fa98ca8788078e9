"""The studio's side: sending files in parts, watching them being processed, adding captions.

An asset belongs to the institution whose staff sends it; for everybody else it is not there (404).
The store is called between transactions, never inside one.
"""

from typing import Any, cast

from flask import Response, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app import access, clock, db, jobs, medialinks
from app.access import Permission
from app.media import reasons
from app.media.blueprint import bp
from app.settings import Settings
from courses.people.organisations import Role
from media import assets, captions, errors, uploads
from media.assets import Asset, AssetKind, AssetState
from media.base import new_id
from media.storage import Store

SHOWN = 50
HASH_HEX = 64


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
    return render_template("media/studio/index.html", rows=rows, languages=captions.LANGUAGES)


@bp.get("/uploads")
@access.needs(Permission.MEDIA_UPLOAD)
def list_uploads() -> Response:
    """Unfinished uploads of one kind, so that a page can say what can be gone on with."""
    kind = kind_of(request.args.get("kind", AssetKind.VIDEO))
    with db.reading() as session:
        found = session.scalars(
            select(Asset)
            .where(
                Asset.owner.in_(owners()),
                Asset.kind == kind,
                Asset.state == AssetState.UPLOADING,
                Asset.created_at > clock.now() - uploads.KEPT,
            )
            .order_by(Asset.created_at.desc(), Asset.id)
            .limit(SHOWN)
        ).all()
        items = [
            {
                "id": asset.id,
                "file_name": asset.file_name,
                "size_bytes": asset.size_bytes,
                "received": len(uploads.parts(session, asset.id)),
                "parts": uploads.part_count(asset),
            }
            for asset in found
        ]
    return jsonify(items=items)


@bp.post("/uploads")
@access.needs(Permission.MEDIA_UPLOAD)
def begin_upload() -> tuple[Response, int]:
    """Open an upload, or go on with the unfinished one of the same file."""
    asked = request.get_json()
    if not isinstance(asked, dict):
        raise errors.Invalid("malformed", "This request cannot be understood.")
    settings: Settings = current_app.extensions["xueshi_settings"]
    size_bytes = asked.get("size_bytes")
    with db.writing() as session:
        asset = uploads.begin(
            session,
            owner=owner_of(asked.get("owner")),
            kind=kind_of(asked.get("kind")),
            file_name=str(asked.get("file_name", "")),
            size_bytes=size_bytes if isinstance(size_bytes, int) else 0,
            fingerprint=str(asked.get("fingerprint", "")),
            limit_bytes=settings.upload_max_bytes,
            now=clock.now(),
        )
        answer = progress(uploads.progress(session, asset.id, owners=owners()))
    return jsonify(answer), 201


@bp.get("/uploads/<asset_id>")
@access.needs(Permission.MEDIA_UPLOAD)
def show_upload(asset_id: str) -> Response:
    """What has arrived of an upload, and what is missing, by number."""
    with db.reading() as session:
        return jsonify(progress(uploads.progress(session, asset_id, owners=owners())))


@bp.put("/uploads/<asset_id>/parts/<int:number>")
@access.needs(Permission.MEDIA_UPLOAD)
def put_part(asset_id: str, number: int) -> Response:
    """One part as the request's body, its SHA-256 in the header `X-Part-SHA256`."""
    content_hash = digest(request.headers.get("X-Part-SHA256", ""))
    with db.reading() as session:
        expected = uploads.expect(
            session, asset_id, owners=owners(), number=number, content_hash=content_hash
        )
    data = request.get_data(cache=False)
    uploads.check_part(expected, data, content_hash=content_hash)
    if not expected.is_here:
        ref = expected.ref or opened(asset_id, expected.key)
        mark = store().put_part(expected.key, ref, number, data, offset=expected.offset)
        with db.writing() as session:
            uploads.received(
                session,
                asset_id,
                number=number,
                size_bytes=len(data),
                content_hash=content_hash,
                mark=mark,
            )
    return jsonify(number=number)


@bp.post("/uploads/<asset_id>/complete")
@access.needs(Permission.MEDIA_UPLOAD)
def complete_upload(asset_id: str) -> tuple[Response, int]:
    """Every part is there: join them and let a worker take the file."""
    mine = owners()
    with db.reading() as session:
        parts = uploads.whole(session, asset_id, owners=mine)
        asset = assets.get(session, asset_id, owners=mine)
    if parts:
        store().join_parts(asset.source_key or "", asset.upload_ref or "", parts)
    with db.writing() as session:
        asset = uploads.complete(session, asset_id, owners=mine)
        jobs.dispatch(session, "media", asset_id)
        answer = told(session, asset)
    return jsonify(answer), 202


@bp.delete("/uploads/<asset_id>")
@access.needs(Permission.MEDIA_UPLOAD)
def cancel_upload(asset_id: str) -> tuple[str, int]:
    """End an unfinished upload and throw away what arrived."""
    with db.writing() as session:
        asset = uploads.cancel(session, asset_id, owners=owners())
    if asset.upload_ref and asset.source_key:
        store().drop_parts(asset.source_key, asset.upload_ref)
    return "", 204


@bp.get("/assets/<asset_id>.json")
@access.needs(Permission.MEDIA_UPLOAD)
def asset_json(asset_id: str) -> Response:
    """Where an asset stands, for the page that waits for it."""
    with db.reading() as session:
        answer = told(session, assets.get(session, asset_id, owners=owners()))
    response = jsonify(answer)
    response.headers["Cache-Control"] = "no-store"
    return response


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
        flash(str(_(refusal.sentence, **refusal.detail)), "error")
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
    asked = request.form.get("next", "")
    is_ours = asked.startswith("/") and not asked.startswith(("//", "/\\"))
    return asked if is_ours else url_for("media.index")


def opened(asset_id: str, key: str) -> str:
    """Open the store's upload in parts; where two requests do, the first one's is used by both."""
    mine = store().begin_parts(key)
    with db.writing() as session:
        ref = uploads.attach(session, asset_id, ref=mine)
    if ref != mine:
        store().drop_parts(key, mine)
    return ref


def owner_of(asked: Any) -> str:
    """The institution an upload is for; it must be named where somebody works for several."""
    mine = owners()
    if asked is None and len(mine) == 1:
        return next(iter(mine))
    if asked in mine:
        return str(asked)
    raise errors.NotFound()


def kind_of(asked: Any) -> AssetKind:
    """The kind that was named."""
    try:
        return AssetKind(asked)
    except ValueError as error:
        raise errors.Invalid("kind_unknown", "A file is a video or an image.", field="kind") from error


def digest(text: str) -> bytes:
    """A SHA-256 from its 64 hexadecimal digits."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(text) != HASH_HEX or len(found) != HASH_HEX // 2:
        raise errors.Invalid("checksum_missing", "A part needs its SHA-256 in the header X-Part-SHA256.")
    return found


def progress(found: uploads.Progress) -> dict[str, Any]:
    """An upload's state as JSON."""
    return {
        "id": found.asset_id,
        "state": found.state,
        "size_bytes": found.size_bytes,
        "part_bytes": found.part_bytes,
        "received": found.received,
        "missing": found.missing,
    }


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
            {"name": made.name, "width": made.width, "height": made.height, "size_bytes": made.size_bytes}
            for made in assets.renditions(session, asset.id)
            if made.width  # sound alone is no quality to choose
        ],
        "captions": [found.language for found in assets.captions(session, asset.id)],
    }
