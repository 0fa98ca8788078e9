"""Sending files: opening an upload, its parts, its end. The page's script speaks to these routes.

A part goes to the site (`put_part`), or straight to the store: `address_part` signs where, `part_sent`
asks the store whether it is there. The store is called between transactions, never inside one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, current_app, jsonify, request
from sqlalchemy import select

from app import access, clock, db, jobs
from app.access import Permission
from app.media import studio
from app.media.blueprint import bp
from app.media.studio import owners, store
from app.settings import Settings
from media import assets, errors, heads, uploads
from media.assets import Asset, AssetKind, AssetState
from media.storage import Missing

HASH_HEX = 64
ADDRESS_S = 900  # a part's address; the store looks at the clock when the part begins to arrive
CHECKSUM_HEADER = "X-Part-SHA256"


@bp.get("/uploads")
@access.needs(Permission.MEDIA_UPLOAD)
def list_uploads() -> Response:
    """Unfinished uploads of one kind, of one institution if it is named, so that a page can say what can be gone on with."""
    kind = kind_of(request.args.get("kind", AssetKind.VIDEO))
    asked = request.args.get("owner")
    theirs = owners() if asked is None else {owner_of(asked)}
    with db.reading() as session:
        found = session.scalars(
            select(Asset)
            .where(
                Asset.owner.in_(theirs),
                Asset.kind == kind,
                Asset.state == AssetState.UPLOADING,
                Asset.created_at > clock.now() - uploads.KEPT,
            )
            .order_by(Asset.created_at.desc(), Asset.id)
            .limit(studio.SHOWN)
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
    """Open an upload, or go on with the unfinished one of the same file.

    Where the file looks like one that arrived before, the answer is `look_alike`: sent again with
    `content`, a file that is the same needs no upload, and any other gets a new one.
    """
    asked = body()
    settings: Settings = current_app.extensions["xueshi_settings"]
    size_bytes = asked.get("size_bytes")
    same: dict[str, Any] = {
        "owner": owner_of(asked.get("owner")),
        "kind": kind_of(asked.get("kind")),
        "size_bytes": size_bytes if isinstance(size_bytes, int) else 0,
        "fingerprint": str(asked.get("fingerprint", "")),
    }
    with db.reading() as session:
        before = uploads.sent_before(session, **same)
        if before is not None and "content" not in asked:
            return jsonify(look_alike=before.id, part_bytes=before.part_bytes), 200
        if before is not None and uploads.content_of(session, before.id) == asked["content"]:
            return jsonify(progress(uploads.progress(session, before.id, owners=owners()))), 200
    room_bytes = store().room_bytes()
    with db.writing() as session:
        asset = uploads.begin(
            session,
            **same,
            file_name=str(asked.get("file_name", "")),
            head=head_of(asked.get("head", "")),
            limit_bytes=settings.upload_max_bytes,
            quota_bytes=settings.upload_quota_bytes,
            room_bytes=room_bytes,
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
    content_hash = digest(request.headers.get(CHECKSUM_HEADER, ""))
    expected = expect(asset_id, number, content_hash)
    data = request.get_data(cache=False)
    uploads.check_part(expected, data, content_hash=content_hash)
    if not expected.is_here:
        with still_there(asset_id):
            ref = expected.ref or opened(asset_id, expected.key)
            mark = store().put_part(expected.key, ref, number, data, offset=expected.offset)
        arrived(asset_id, expected, content_hash, mark)
    return jsonify(number=number)


@bp.post("/uploads/<asset_id>/parts/<int:number>/address")
@access.needs(Permission.MEDIA_UPLOAD)
def address_part(asset_id: str, number: int) -> Response:
    """Where this part is to be sent: nowhere (`is_here`), to the store's signed address, or to the site."""
    content_hash = digest(str(body().get("sha256", "")))
    expected = expect(asset_id, number, content_hash)
    if expected.is_here:
        return jsonify(number=number, is_here=True)
    told = {"size_bytes": expected.size_bytes, "content_hash": content_hash}
    with still_there(asset_id):
        ref = expected.ref or opened(asset_id, expected.key)
        if expected.is_promised:  # the page may have closed before it could say that it was sent
            mark = store().part_mark(expected.key, ref, number, **told)
            if mark is not None:
                arrived(asset_id, expected, content_hash, mark)
                return jsonify(number=number, is_here=True)
        address = store().part_address(expected.key, ref, number, expires_s=ADDRESS_S, **told)
    if address is None:
        return jsonify(number=number, is_here=False, url=None, headers={})
    if not expected.is_promised:
        with db.writing() as session:
            uploads.promise(session, asset_id, number=number, **told)
    return jsonify(number=number, is_here=False, url=address.url, headers=address.headers)


@bp.post("/uploads/<asset_id>/parts/<int:number>/sent")
@access.needs(Permission.MEDIA_UPLOAD)
def part_sent(asset_id: str, number: int) -> Response:
    """The part was sent to the store: it counts once the store says the same."""
    content_hash = digest(str(body().get("sha256", "")))
    expected = expect(asset_id, number, content_hash)
    if not expected.is_here:
        with still_there(asset_id):
            mark = store().part_mark(
                expected.key, expected.ref, number,
                size_bytes=expected.size_bytes, content_hash=content_hash,
            )  # fmt: skip
        if mark is None or not expected.is_promised:
            raise errors.Conflict(
                "part_not_there",
                "Part %(number)d has not arrived. It is sent again.",
                number=number,
            )
        arrived(asset_id, expected, content_hash, mark)
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
        with still_there(asset_id):
            store().join_parts(asset.source_key or "", asset.upload_ref or "", parts)
    with db.writing() as session:
        asset = uploads.complete(session, asset_id, owners=mine)
        jobs.dispatch(session, "media", asset_id)
        answer = studio.told(session, asset)
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


def expect(asset_id: str, number: int, content_hash: bytes) -> uploads.Expected:
    """What this part must be, for the asking person."""
    with db.reading() as session:
        return uploads.expect(
            session, asset_id, owners=owners(), number=number, content_hash=content_hash
        )


def arrived(asset_id: str, expected: uploads.Expected, content_hash: bytes, mark: str) -> None:
    """The store has the part: write that down."""
    with db.writing() as session:
        uploads.received(
            session,
            asset_id,
            number=expected.number,
            size_bytes=expected.size_bytes,
            content_hash=content_hash,
            mark=mark,
        )


@contextmanager
def still_there(asset_id: str) -> Iterator[None]:
    """Where the store no longer knows the upload, say so and let it begin anew."""
    try:
        yield
    except Missing as missing:
        with db.writing() as session:
            uploads.start_over(session, asset_id)
        raise errors.Conflict(
            "upload_lost", "The storage has lost what was sent of this file. It is sent anew."
        ) from missing


def opened(asset_id: str, key: str) -> str:
    """Open the store's upload in parts; where two requests do, the first one's is used by both."""
    mine = store().begin_parts(key)
    with db.writing() as session:
        ref = uploads.attach(session, asset_id, ref=mine)
    if ref != mine:
        store().drop_parts(key, mine)
    return ref


def body() -> dict[str, Any]:
    """The request's JSON object."""
    asked = request.get_json()
    if not isinstance(asked, dict):
        raise errors.Invalid("malformed", "This request cannot be understood.")
    return asked


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
        raise errors.Invalid(
            "kind_unknown", "A file is a video, an image or a document.", field="kind"
        ) from error


def head_of(asked: Any) -> bytes:
    """The file's first bytes from hexadecimal digits; what cannot be read says nothing."""
    try:
        return bytes.fromhex(str(asked))[: heads.HEAD_BYTES]
    except ValueError:
        return b""


def digest(text: str) -> bytes:
    """A SHA-256 from its 64 hexadecimal digits."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(text) != HASH_HEX or len(found) != HASH_HEX // 2:
        raise errors.Invalid(
            "checksum_missing", "A part needs its SHA-256 in the header X-Part-SHA256."
        )
    return found


def progress(found: uploads.Progress) -> dict[str, Any]:
    """An upload's state as JSON; `is_direct`: parts can be sent past the site."""
    settings: Settings = current_app.extensions["xueshi_settings"]
    return {
        "id": found.asset_id,
        "state": found.state,
        "size_bytes": found.size_bytes,
        "part_bytes": found.part_bytes,
        "is_direct": settings.media_store == "s3",
        "received": found.received,
        "missing": found.missing,
    }
