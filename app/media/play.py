"""Playing: signed links to playlists and segments, and the public pictures. Nobody is looked up.

Behind nginx a segment leaves by X-Accel-Redirect, on S3 by a redirect to a presigned address;
otherwise the site sends it, ranges included. What is for all says so to caches and to other sites'
players; what is one person's never leaves that person's browser cache.
"""

from typing import cast

from flask import Response, current_app, redirect, render_template, request, send_file
from werkzeug.http import dump_options_header, parse_range_header
from werkzeug.wrappers import Response as BaseResponse

from app import access, clock, db, medialinks
from app.access import Permission
from app.media.blueprint import bp
from app.settings import Settings
from media import assets, captions, documents, errors, pictures, playback
from media.assets import AssetKind
from media.storage import Missing, Store

PRESIGNED_S = 120  # whoever copies an address of the store can use it so long; it is used at once
SEGMENT_AGE_S = 86_400
PLAYLIST_AGE_S = 600
PICTURE_AGE_S = 86_400
SHOWN_MOST = 10_000
PICTURE_TYPES = {"webp": "image/webp", "jpg": "image/jpeg"}


@bp.get("/play/<token>/<asset_id>/<path:name>")
@access.needs(Permission.MEDIA_PLAY)
def play(token: str, asset_id: str, name: str) -> BaseResponse:
    """One file of a playback: a playlist, a segment, captions, or a page of a handout."""
    link = playback.read(medialinks.key(), token, asset_id=asset_id, now=clock.now())
    playback.check_holder(link, medialinks.holders() if link.holder else [])
    is_public = not link.holder
    wanted = playback.CAPTION.fullmatch(name)
    if wanted is not None:
        return text(caption_key(asset_id, wanted.group(1)), name, is_public=is_public)
    page = playback.HANDOUT.fullmatch(name)
    if page is not None:
        return handout_file(asset_id, page.group(1), is_public=is_public)
    if not playback.NAME.fullmatch(name):
        raise errors.NotFound()
    key = f"{prefixes(asset_id)[0]}/{name}"
    if playback.is_segment(name):
        return segment(key, name, is_public=is_public)
    return text(key, name, is_public=is_public)


@bp.get("/handouts/<token>/<asset_id>")
@access.needs(Permission.MEDIA_PLAY)
def handout(token: str, asset_id: str) -> Response:
    """A handout to read: its pages, each fetched when it is scrolled to, and the file to take along."""
    link = playback.read(medialinks.key(), token, asset_id=asset_id, now=clock.now())
    playback.check_holder(link, medialinks.holders() if link.holder else [])
    with db.reading() as session:
        asset = assets.ready(session, asset_id)
    if asset.kind != AssetKind.DOCUMENT:
        raise errors.NotFound()
    try:
        pages = documents.read(store().read(f"{asset.image_prefix}/{documents.TABLE}"))
    except Missing as missing:
        raise errors.NotFound() from missing
    page = render_template(
        "media/learner/handout.html", asset=asset, pages=pages, token=token,
        title=medialinks.handout_title(asset), back=local_path(request.args.get("back", "")),
    )  # fmt: skip
    response = Response(page)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def local_path(asked: str) -> str:
    """An address if it is a path of this site, else nothing."""
    return asked if asked.startswith("/") and not asked.startswith(("//", "/\\")) else ""


def handout_file(asset_id: str, name: str, *, is_public: bool) -> BaseResponse:
    """A drawn page, by the shortest way; or the PDF itself, as a file to keep."""
    if documents.PAGE.fullmatch(name):
        return segment(f"{prefixes(asset_id)[1]}/{name}", name, is_public=is_public)
    with db.reading() as session:
        asset = assets.ready(session, asset_id)
    if asset.kind != AssetKind.DOCUMENT:
        raise errors.NotFound()
    response = from_store(asset.source_key or "", playback.type_of(name))
    response.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": asset.file_name})
    return kept(response, f"max-age={PLAYLIST_AGE_S}", is_public=is_public)


@bp.get("/images/<asset_id>/<name>")
@access.needs(Permission.PUBLIC)
def picture(asset_id: str, name: str) -> BaseResponse:
    """A poster or cover, for everybody."""
    stem, _dot, suffix = name.partition(".")
    if stem not in pictures.SIZES or suffix not in PICTURE_TYPES:
        raise errors.NotFound()
    response = from_store(f"{prefixes(asset_id)[1]}/{name}", PICTURE_TYPES[suffix])
    return kept(response, f"max-age={PICTURE_AGE_S}", is_public=True)


def prefixes(asset_id: str) -> tuple[str, str]:
    """Where a ready asset's playlists and pictures lie. A ready asset never changes, so it is kept."""
    shown = cast(dict[str, tuple[str, str]], current_app.extensions["xueshi_shown"])
    if asset_id not in shown:
        with db.reading() as session:
            asset = assets.ready(session, asset_id)
        if len(shown) >= SHOWN_MOST:
            shown.clear()
        shown[asset_id] = (asset.hls_prefix or "none", asset.image_prefix or "none")
    return shown[asset_id]


def caption_key(asset_id: str, language: str) -> str:
    """Where the captions lie now; an institution may replace them."""
    with db.reading() as session:
        return captions.key_for(session, asset_id, language)


def text(key: str, name: str, *, is_public: bool) -> BaseResponse:
    """A small file, sent by the site itself wherever it lies."""
    try:
        data = store().read(key)
    except Missing as missing:
        raise errors.NotFound() from missing
    response = Response(data, content_type=playback.type_of(name))
    response.add_etag()
    return kept(response.make_conditional(request), f"max-age={PLAYLIST_AGE_S}", is_public=is_public)


def segment(key: str, name: str, *, is_public: bool) -> BaseResponse:
    """A segment by the shortest way. It never changes."""
    address = store().presign(key, expires_s=PRESIGNED_S)
    if address is not None:
        response = redirect(address, 307)
        response.headers["Cache-Control"] = f"private, max-age={PRESIGNED_S // 2}"
        return response
    response = from_store(key, playback.type_of(name))
    return kept(response, f"max-age={SEGMENT_AGE_S}, immutable", is_public=is_public)


def kept(response: BaseResponse, how: str, *, is_public: bool) -> BaseResponse:
    """Who may keep the answer: everybody, and pages of other sites too, or the asking browser alone."""
    response.headers["Cache-Control"] = f"{'public' if is_public else 'private'}, {how}"
    if is_public:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "Accept-Ranges, Content-Length, Content-Range"
    return response


def from_store(key: str, content_type: str) -> BaseResponse:
    """A file from the store, by nginx where it is told to, with ranges."""
    settings: Settings = current_app.extensions["xueshi_settings"]
    path = store().local_path(key)
    if path is not None and settings.accel_prefix:
        response: BaseResponse = Response(status=200, content_type=content_type)
        response.headers["X-Accel-Redirect"] = f"{settings.accel_prefix.rstrip('/')}/{key}"
        return response
    if path is not None:
        return send_file(path, mimetype=content_type, conditional=True, max_age=SEGMENT_AGE_S)
    return streamed(key, content_type)


def streamed(key: str, content_type: str) -> BaseResponse:
    """A small file of a store that is not on this machine; one range is honoured."""
    try:
        size = store().size(key)
    except Missing as missing:
        raise errors.NotFound() from missing
    asked = parse_range_header(request.headers.get("Range"))
    span = asked.range_for_length(size) if asked else None
    if asked and span is None:
        return Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, end = span or (0, size)
    response = Response(
        store().open(key, start=start, length=end - start),
        status=206 if span else 200,
        content_type=content_type,
    )
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Length"] = str(end - start)
    if span:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response


def store() -> Store:
    """The running application's store."""
    return cast(Store, current_app.extensions["xueshi_store"])
