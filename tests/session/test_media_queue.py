"""The operator's hands on the queue: what can be tried again, what can be stopped."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from media import errors, leases, pieces
from media.assets import Asset, AssetState
from media.pieces import PieceState, Span, Step
from media.transcode import queue

SPANS = [Span(0, 300_000), Span(300_000, None)]


def asset_in(session: Session, state: AssetState, *, now: datetime) -> Asset:
    made = Asset(
        owner="o", kind="video", state=state, file_name="a.mp4", size_bytes=1, part_bytes=1, created_at=now,
        hls_prefix="hls/a/b", image_prefix="images/a/b",
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def test_a_lecture_in_pieces_is_stopped_and_its_workers_lose_it(session: Session, now: datetime) -> None:
    asset = asset_in(session, AssetState.WORKING, now=now)
    pieces.plan(session, asset.id, Step.FIRST, spans=SPANS, has_sound=True, now=now)
    first = pieces.due(session, now=now)[0]
    assert pieces.claim(session, first, by="w", now=now)
    assert queue.stop(session, asset.id) == ["hls/a/b/", "images/a/b/"]
    session.flush()
    with pytest.raises(leases.Lost):
        pieces.renew(session, first, by="w", now=now, permille=1)
    assert (asset.state, asset.last_error) == (AssetState.FAILED, queue.STOPPED)
    assert pieces.of(session, asset.id) == []
    queue.again(session, asset.id)
    assert leases.due(session, now=now) == [asset.id]


def test_a_lesson_that_plays_only_loses_what_it_was_owed(session: Session, now: datetime) -> None:
    asset = asset_in(session, AssetState.READY, now=now)
    with pytest.raises(errors.Conflict):
        queue.stop(session, asset.id)
    pieces.plan(session, asset.id, Step.FURTHER, spans=SPANS, has_sound=False, now=now)
    assert queue.stop(session, asset.id) == []
    session.flush()
    assert asset.state == AssetState.READY
    assert {piece.state for piece in pieces.of(session, asset.id)} == {PieceState.FAILED}
    assert pieces.due(session, now=now + timedelta(days=1)) == []
    assert queue.unfinished(session) == [asset]
    queue.again(session, asset.id)
    session.flush()
    assert len(pieces.due(session, now=now)) == 2, "the join waits for the chunks"
    with pytest.raises(errors.Conflict):
        queue.again(session, asset.id)
