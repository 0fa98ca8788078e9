"""The operator's queue as a page: pieces, logs and the two buttons; nobody else gets in (the access matrix)."""

from datetime import datetime

from flask import Flask

from app.media import queue
from media import pieces
from media.assets import Asset, AssetState
from media.pieces import Span, Step


def test_the_queue_shows_pieces_logs_and_what_can_be_done(app: Flask, now: datetime) -> None:
    with app.extensions["xueshi_db"].writing() as session:
        for name, state in (("long.mp4", AssetState.WORKING), ("bad.mp4", AssetState.FAILED)):
            session.add(
                Asset(id=name[:3] * 5, owner="o", kind="video", state=state, file_name=name, size_bytes=1,
                      part_bytes=1, created_at=now, last_log="moov atom not found" if "bad" in name else "",
                      probe={"duration_ms": 900_000})
            )  # fmt: skip
        session.flush()
        spans = [Span(0, 300_000), Span(300_000, None)]
        pieces.plan(session, "lon" * 5, Step.FIRST, spans=spans, has_sound=True, now=now)
        pieces.claim(session, pieces.due(session, now=now)[0], by="worker7", now=now)
    with app.test_request_context("/media/queue/"):
        shown = queue.queue()
    assert "首个清晰度：合并分段" in " ".join(shown.split())
    assert "worker7" in shown
    assert "moov atom not found" in shown
    assert f"/media/queue/{'bad' * 5}/again" in shown
    assert f"/media/queue/{'lon' * 5}/stop" in shown
    assert f"/media/queue/{'bad' * 5}/stop" not in shown
