"""The operator's queue: every file and piece that is not done, with its log; trying again and stopping."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app import access, clock, db, jobs
from app.access import Permission
from app.media import studio
from app.media.blueprint import bp
from media import assets, errors, pieces, transcode
from media.assets import AssetState


@bp.get("/queue/")
@access.needs(Permission.CONSOLE_OPERATE)
def queue() -> str:
    """What waits, goes on or was given up, by file."""
    now = clock.now()
    with db.reading() as session:
        rows = []
        for asset in transcode.queue.unfinished(session):
            parts = [piece for piece in pieces.of(session, asset.id) if piece.step != pieces.Step.AFTER]
            duration_ms = asset.duration_ms or (asset.probe or {}).get("duration_ms") or 0
            told = pieces.progress(parts, duration_ms=duration_ms, now=now)
            rows.append((asset, parts, told))
        session.expunge_all()
    return render_template("media/console/queue.html", rows=rows)


@bp.post("/queue/<asset_id>/again")
@access.needs(Permission.CONSOLE_OPERATE)
def queue_again(asset_id: str) -> BaseResponse:
    """Try again what was given up of a file, whose source must still be there."""
    with db.reading() as session:
        state = assets.state_of(session, asset_id)
        key = session.get_one(assets.Asset, asset_id).source_key or ""
    if state == AssetState.FAILED and not (key and studio.store().exists(key)):
        raise errors.Conflict("source_gone", "What was sent of this file is deleted. It must be sent again.")
    with db.writing() as session:
        transcode.queue.again(session, asset_id)
        jobs.dispatch(session, "media", asset_id)
    flash(str(_("It is tried again.")), "success")
    return redirect(url_for("media.queue"), 303)


@bp.post("/queue/<asset_id>/stop")
@access.needs(Permission.CONSOLE_OPERATE)
def queue_stop(asset_id: str) -> BaseResponse:
    """Stop what goes on with a file."""
    with db.writing() as session:
        folders = transcode.queue.stop(session, asset_id)
    for folder in folders:
        studio.store().delete_all(folder)
    flash(str(_("It was stopped.")), "success")
    return redirect(url_for("media.queue"), 303)
