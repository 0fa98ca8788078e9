"""The short way through the database: one row taken, one inserted, one updated, nothing else read.

What it may do is `live.goes_on`'s to say; where it may not, it has changed nothing and answers None.
"""

from datetime import datetime
from typing import Any, cast

import msgspec
from sqlalchemy import Table, bindparam, insert, null, select, update
from sqlalchemy.orm import Session

from courses.credit import exact
from courses.watch import beats, live, spans
from courses.watch.beats import Passed
from courses.watch.live import Live, Step
from courses.watch.models import Beat, Playback
from courses.watch.playbacks import SILENCE, Answered
from courses.watch.reports import Report
from media.base import to_ms

# Statements on the tables, not on the classes: there is no object here that would have to be kept in step.
_PLAYBACKS = cast(Table, Playback.__table__)
_BEATS = cast(Table, Beat.__table__)
_P = _PLAYBACKS.c
_ROW = (
    select(
        _P.subject_key, _P.duration_ms, _P.opened_at, _P.heard_at, _P.beat_every_ms, _P.position_ms, _P.live
    )
    .where(_P.id == bindparam("playback_id"), _P.closed_at.is_(None))
    .with_for_update()
)  # fmt: skip
_INSERT = insert(_BEATS)
_UPDATE = (
    update(_PLAYBACKS)
    .where(_P.id == bindparam("playback_id"))
    .values(
        heard_at=bindparam("heard"),
        live=bindparam("stands"),
        reached_ms=bindparam("reached"),
        position_ms=bindparam("position"),
        settled_at=null(),
    )
)


def hear(
    session: Session, playback_id: str, *, report: Report, subject_key: str, now: datetime
) -> Answered | None:
    """Answer and store a beat that merely goes on; None where the long way must be taken."""
    connection = session.connection()
    row = connection.execute(_ROW, {"playback_id": playback_id}).one_or_none()
    if row is None or row.live is None or row.subject_key != subject_key:
        return None
    if now - row.heard_at > SILENCE or now < row.heard_at:
        return None
    known = msgspec.json.decode(row.live, type=Live)
    now_ms = to_ms(now) - to_ms(row.opened_at)
    passed = beats.door(report.spans, beats.limits(row.duration_ms, now_ms))
    if not live.goes_on(known, seq=report.seq, told=passed.kept, state=report.state, now_ms=now_ms):
        return None
    made = live.step(known, seq=report.seq, told=passed.kept, state=report.state, now_ms=now_ms)
    if made is None:
        return None
    answer = _answer(report.seq, made, passed, row.beat_every_ms)
    connection.execute(_INSERT, _beat(playback_id, report, passed, answer, now))
    connection.execute(
        _UPDATE,
        {
            "playback_id": playback_id,
            "heard": now,
            "stands": msgspec.json.encode(made.live),
            "reached": made.live.reached_ms,
            "position": passed.kept[-1].to_ms if passed.kept else row.position_ms,
        },
    )
    return Answered(200, answer)


def _answer(seq: int, made: Step, passed: Passed, beat_every_ms: int) -> dict[str, Any]:
    lost = ((beats.BAD_STRETCH, passed.cut_ms), ("seen_before", made.seen_before_ms))
    known = made.live
    return {
        "seq": seq,
        "covered_ms": [[low, high] for low, high in known.covered],
        "effective_ms": int(known.effective) if known.effective.isdigit() else known.effective,
        "provisional_hours": known.provisional,
        "not_counted": [
            {"reason": reason, "wall_ms": exact.plain(ms)} for reason, ms in lost if ms
        ],
        "prompt": None,
        "beat_every_ms": beat_every_ms,
    }


def _beat(
    playback_id: str, report: Report, passed: Passed, answer: dict[str, Any], now: datetime
) -> dict[str, Any]:
    return {
        "playback_id": playback_id,
        "seq": report.seq,
        "body_hash": report.digest(),
        "spans": [spans.row(span) for span in passed.kept],
        "state": report.state.value,
        "received_at": now,
        "status": 200,
        "answer": answer,
    }
