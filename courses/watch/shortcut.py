"""The short way through the database: a beat that merely goes on costs one statement, and no lock waits.

What a playback's beats have come to is remembered from beat to beat; the playback's `version` tells
whether that is still so. The beat is written only together with the step from that version to the next,
so a memory that is out of date can never be answered from. What may be answered here is `live.goes_on`'s
to say; where it may not, nothing has changed and the answer is None.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec

from courses.credit import exact
from courses.credit.exact import Exact
from courses.watch import beats, live, spans
from courses.watch.beats import Heard
from courses.watch.live import Live, Step
from courses.watch.reports import Report
from media.base import to_ms

MOST_REMEMBERED = 20_000  # playbacks a process, a kilobyte each
Statement = tuple[str, Mapping[str, Any]]
_DECODER = msgspec.json.Decoder(Live)


class Direct(Protocol):
    """A database that is asked in its own words. Names in statements are written `:name`."""

    dialect: str

    def one(self, statement: str, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """The one row of a query, or None."""

    def write(self, *statements: Statement) -> bool:
        """Write durably; where one of the statements does not touch just one row, write nothing."""

    def moment(self, at: datetime) -> Any:
        """An instant as this database keeps it."""

    def close(self) -> None:
        """Let go of what is open; the next call opens it again."""


@dataclass(frozen=True, slots=True)
class Known:
    """A playback's standing at a version."""

    version: int
    subject_key: str
    live: Live


class Memory:
    """What a process remembers of the playbacks it heard last. Losing it costs one query each."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._known: dict[str, Known] = {}

    def recall(self, playback_id: str) -> Known | None:
        """What was known last."""
        return self._known.get(playback_id)

    def keep(self, playback_id: str, known: Known) -> None:
        """Remember; the one that was heard longest ago makes room."""
        self._known.pop(playback_id, None)
        self._known[playback_id] = known
        if len(self._known) > self._most:
            with suppress(StopIteration, RuntimeError):  # another thread makes room at this moment
                self._known.pop(next(iter(self._known)), None)

    def forget(self, playback_id: str) -> None:
        """What is known may not hold any more."""
        self._known.pop(playback_id, None)


LOOK = "SELECT version, subject_key, live FROM playbacks WHERE id = :id AND closed_at IS NULL"
STEP = """
UPDATE playbacks SET version = version + 1, live = :live, heard_at = :heard,
       reached_ms = :reached, position_ms = :position
WHERE id = :id AND version = :version AND closed_at IS NULL"""
BEAT = """
INSERT INTO beats (playback_id, seq, body_hash, spans, state, received_at, status, answer)
VALUES (:id, :seq, :hash, :spans, :state, :heard, 200, :answer)"""
# One statement saves a round trip, and commits itself.
BOTH = """
WITH stepped AS (
  UPDATE playbacks SET version = version + 1, live = :live, heard_at = :heard,
         reached_ms = :reached, position_ms = :position
  WHERE id = :id AND version = :version AND closed_at IS NULL
  RETURNING id)
INSERT INTO beats (playback_id, seq, body_hash, spans, state, received_at, status, answer)
SELECT id, CAST(:seq AS integer), CAST(:hash AS bytea), CAST(:spans AS json), CAST(:state AS varchar),
       CAST(:heard AS timestamptz), 200, CAST(:answer AS json)
FROM stepped"""
TOLD = {"sqlite": (STEP, BEAT), "postgresql": (BOTH,)}


@dataclass(frozen=True, slots=True)
class Weighed:
    """A beat that merely goes on: as it will be stored, and where it leads."""

    heard: Heard
    step: Step


def hear(
    direct: Direct, memory: Memory, playback_id: str, *, report: Report, subject_key: str, now: datetime
) -> bytes | None:
    """Answer and store a beat that merely goes on: the JSON of its answer, which is durable by then."""
    for known in _known(direct, memory, playback_id):
        if known.subject_key != subject_key:
            break
        weighed = _weighed(known.live, report, now)
        if weighed is None:
            break
        answer = msgspec.json.encode(_answer(weighed))
        values = {
            "id": playback_id,
            "version": known.version,
            "hash": report.digest(),
            "heard": direct.moment(now),
            "answer": answer.decode(),
            **_values(weighed),
        }
        if direct.write(*((statement, values) for statement in TOLD[direct.dialect])):
            memory.keep(playback_id, Known(known.version + 1, subject_key, weighed.step.live))
            return answer
    memory.forget(playback_id)
    return None


def _known(direct: Direct, memory: Memory, playback_id: str) -> Iterator[Known]:
    """What is remembered; then, where that was out of date, what the database says."""
    remembered = memory.recall(playback_id)
    if remembered is not None:
        yield remembered
    row = direct.one(LOOK, {"id": playback_id})
    if row is None or row[2] is None:
        return
    version, subject_key, stands = row
    try:
        yield Known(version, subject_key, _DECODER.decode(stands))
    except msgspec.DecodeError:  # written by an older release
        return


def _weighed(known: Live, report: Report, now: datetime) -> Weighed | None:
    now_ms = to_ms(now) - known.opened_ms
    passed = beats.door(report.spans, beats.limits(known.duration_ms, now_ms))
    if passed.cut_ms:  # what the learner may make up is written down on the long way
        return None
    heard = Heard(report.seq, passed.kept, report.state, now_ms)
    if not live.goes_on(known, heard):
        return None
    step = live.step(known, heard)
    return None if step is None else Weighed(heard, step)


def _answer(weighed: Weighed) -> dict[str, Any]:
    step, after = weighed.step, weighed.step.live
    lost: tuple[tuple[str, Exact], ...] = (
        ("seen_before", step.seen_before_ms),
        ("daily_cap", step.capped_ms),
    )
    return {
        "seq": weighed.heard.seq,
        "covered_ms": after.covered,
        "effective_ms": after.effective,
        "provisional_hours": after.provisional,
        "not_counted": [{"reason": why, "wall_ms": exact.plain(ms)} for why, ms in lost if ms],
        "prompt": None,
        "beat_every_ms": after.told_every_ms,
    }


def _values(weighed: Weighed) -> dict[str, Any]:
    heard, after = weighed.heard, weighed.step.live
    return {
        "live": msgspec.json.encode(after),
        "reached": after.reached_ms,
        "position": after.position_ms,
        "seq": heard.seq,
        "spans": msgspec.json.encode([spans.row(span) for span in heard.spans]).decode(),
        "state": heard.state.value,
    }
