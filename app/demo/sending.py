"""Sends files of the demonstration into the store as an institution's browser would, part by part."""

import time
from hashlib import sha256
from pathlib import Path

from flask import Flask

from app import clock, jobs
from app.db import Database
from media import uploads
from media.assets import Asset, AssetKind, AssetState
from media.storage import Store

PATIENCE_S = 600


def send(app: Flask, path: Path, *, owner: str, kind: AssetKind = AssetKind.VIDEO) -> str:
    """Upload a file for an organisation; returns the id of the asset, which waits for a worker."""
    database: Database = app.extensions["xueshi_db"]
    store: Store = app.extensions["xueshi_store"]
    size = path.stat().st_size
    with database.writing() as session:
        asset = uploads.begin(
            session,
            owner=owner,
            kind=kind,
            file_name=path.name,
            size_bytes=size,
            fingerprint=sha256(path.read_bytes()).hexdigest(),
            now=clock.now(),
        )
        asset_id, part_bytes, key, ref = asset.id, asset.part_bytes, asset.source_key, asset.upload_ref
    assert key is not None
    if ref is None:
        begun = store.begin_parts(key)
        with database.writing() as session:
            ref = uploads.attach(session, asset_id, ref=begun)
    with path.open("rb") as file:
        for number in range(1, -(-size // part_bytes) + 1):
            data = file.read(part_bytes)
            mark = store.put_part(key, ref, number, data, offset=(number - 1) * part_bytes)
            digest = sha256(data).digest()
            with database.writing() as session:
                uploads.received(
                    session, asset_id, number=number, size_bytes=len(data), content_hash=digest, mark=mark
                )
    with database.reading() as session:
        marks = uploads.whole(session, asset_id, owners=[owner])
    store.join_parts(key, ref, marks)
    with database.writing() as session:
        uploads.complete(session, asset_id, owners=[owner])
    return asset_id


def make_ready(app: Flask, asset_id: str) -> Asset:
    """Have the asset measured and encoded now, in this process, unless a worker has done so."""
    jobs.work(app, "media", asset_id)
    database: Database = app.extensions["xueshi_db"]
    for _second in range(PATIENCE_S):
        with database.reading() as session:
            asset = session.get_one(Asset, asset_id)
        if asset.state not in (AssetState.WAITING, AssetState.WORKING):
            break
        time.sleep(1)  # a worker took it first
    if asset.state != AssetState.READY:
        raise RuntimeError(f"{asset.file_name}: {asset.state} {asset.last_error or ''}")
    return asset
