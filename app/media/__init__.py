"""Media: uploading and captions (studio), playing (everybody with a link), and the job that encodes."""

from datetime import datetime
from typing import cast

import structlog
from flask import Flask
from sqlalchemy.orm import Session

from app import clock, db, jobs
from app.media import check, play, sending, studio
from app.media.blueprint import bp
from app.settings import Settings
from media import errors, keeping, leases, pieces, tools, transcode, uploads
from media.storage import DirectoryStore, S3Store, Store

log = structlog.get_logger()


def make_store(settings: Settings) -> Store:
    """The store that the settings name."""
    if settings.media_store == "s3":
        return S3Store(
            bucket=settings.s3_bucket,
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
        )
    return DirectoryStore(settings.data_dir / "media")


def make_desk(app: Flask, settings: Settings) -> transcode.Desk:
    """What this process encodes with."""
    database = cast(db.Database, app.extensions["xueshi_db"])
    return transcode.Desk(
        writing=database.writing,
        clock=app.extensions["xueshi_clock"],
        store=app.extensions["xueshi_store"],
        tools=lambda: tools.find(ffmpeg=settings.ffmpeg, ffprobe=settings.ffprobe),
        scratch=settings.data_dir / "work",
    )


def handle(app: Flask, asset_id: str) -> None:
    """Take on what waits, keep its source under its hash; end an upload that nobody finished."""
    store = cast(Store, app.extensions["xueshi_store"])
    with db.writing() as session:
        left = uploads.abandon(session, asset_id, now=clock.now())
    if left is None:
        transcode.work(app.extensions["xueshi_desk"], asset_id)
        keeping.settle(db.writing, store, asset_id)
        call_workers()
    elif left.upload_ref and left.source_key:
        try:
            store.drop_parts(left.source_key, left.upload_ref)
        except errors.Unavailable:
            log.warning("media.parts_left", asset=asset_id)


def handle_piece(app: Flask, piece_id: str) -> None:
    """Make one piece, unless what comes before it waits: the sweep comes again."""
    with db.reading() as session:
        if piece_id not in pieces.due(session, now=clock.now()):
            return
        asset_id = session.get_one(pieces.Piece, piece_id).asset_id
    transcode.making.work(app.extensions["xueshi_desk"], piece_id)
    keeping.settle(db.writing, cast(Store, app.extensions["xueshi_store"]), asset_id)
    call_workers()


def call_workers() -> None:
    """What has become due by the work just done is taken at once."""
    with db.writing() as session:
        for piece_id in pieces.due(session, now=clock.now()):
            jobs.dispatch(session, "pieces", piece_id)


def due_pieces(session: Session, now: datetime) -> list[str]:
    """Pieces that may be taken: none while a file waits, no further ones while first ones do."""
    return pieces.due(session, now=now)


def due(session: Session, now: datetime) -> list[str]:
    """Assets that wait for a worker or were left by one, sources to settle, and abandoned uploads."""
    return [
        *leases.due(session, now=now),
        *keeping.unsettled(session),
        *uploads.abandoned(session, now=now),
    ]


def install(app: Flask) -> None:
    """Register pages and job, and open the store."""
    settings: Settings = app.extensions["xueshi_settings"]
    app.extensions["xueshi_store"] = make_store(settings)
    app.extensions["xueshi_desk"] = make_desk(app, settings)
    app.extensions["xueshi_shown"] = {}
    app.extensions["xueshi_check_store"] = check.run
    jobs.register(app, "media", handle, due)
    jobs.register(app, "pieces", handle_piece, due_pieces)
    assert all(module.bp is bp for module in (studio, sending, play))
    app.register_blueprint(bp)
