"""`make bench-watch`: what a beat costs, beside a view that does nothing, in the same run.

Thousands of learners open a lesson through the API and report, in real time, what they play, to granian
with two workers on PostgreSQL (fsync and synchronous_commit on) and on SQLite (synchronous FULL); every
rule that the hot path must heed is in force. Then server and database are killed in the middle. One JSON
line. BENCH_OLD_BEATS: so many beats of others lie in PostgreSQL's table beforehand.
"""

import asyncio
import itertools
import json
import os
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from bench import serving
from courses import enrolment
from courses.catalogue import editions
from courses.people import accounts, sign_ins
from courses.people.persons import Person, Subject
from courses.people.sign_ins import SignInKind
from courses.people.vault import Vault
from tests import shelves, watching
from tests.running import Site

LEARNERS = int(os.environ.get("BENCH_LEARNERS", "2000"))
OLD_ROWS = int(os.environ.get("BENCH_OLD_BEATS", "0"))
ROUNDS, PER_ROUND = 6, 4_000
CONNECTIONS = 64
EVERY_S = 30  # a phone that plays on reports so often
LESSON_MS = 45 * 60_000
RULES: dict[str, Any] = {
    "ratio": "1/2",
    "daily_cap_ms": 21_600_000,
    "heartbeat_gap_ms": 300_000,
    "exam": {"pass_mark": "80", "max_attempts": None, "cooldown_ms": 0},
}


@dataclass
class Learner:
    """A phone that plays a lesson at normal speed."""

    bearer: str
    enrolment_id: str
    playback_id: str = ""
    token: str = ""
    opened: float = 0.0
    reached_ms: int = 0
    seq: int = 0

    def opening(self, lesson_id: str) -> bytes:
        """The request that opens the lesson."""
        return request(
            f"/api/v1/enrolments/{self.enrolment_id}/lessons/{lesson_id}/playbacks",
            self.bearer,
            {"device": "bench"},
        )

    def begun(self, body: bytes) -> None:
        """The lesson is open; the player's clock starts."""
        answer = json.loads(body)
        self.playback_id, self.token = answer["id"], answer["token"]
        self.opened = time.monotonic()

    def beat(self) -> bytes:
        """What was played since the last beat."""
        now_ms = int((time.monotonic() - self.opened) * 1000)
        span = {"from_ms": self.reached_ms, "to_ms": now_ms, "began_ms": self.reached_ms, "ended_ms": now_ms}
        self.seq += 1
        self.reached_ms = now_ms
        body = {"seq": self.seq, "spans": [span], "state": "playing"}
        return request(f"/api/v1/playbacks/{self.playback_id}/beats", self.token, body)


def request(path: str, bearer: str, body: dict[str, Any]) -> bytes:
    """One POST."""
    sent = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {bearer}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n"
    )
    return head.encode() + sent


NOTHING = b"GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n"


def populate(site: Site) -> tuple[list[Learner], str]:
    """Learners, signed in and enrolled; returns them and the lesson."""
    from app import create_app

    app = create_app(site.settings)
    database, vault = app.extensions["xueshi_db"], app.extensions["xueshi_vault"]
    assert isinstance(vault, Vault)
    now = datetime.now(UTC) - timedelta(minutes=1)
    with database.writing() as session:
        shelves.jurisdictions(session)
        watching.policy(session, now=now, **RULES)
        course = shelves.published(
            session, shelves.institution(session), now=now, durations_ms=(LESSON_MS,), exam="none"
        )
        edition = editions.current(session, course.id)
        assert edition is not None
        lesson_id = editions.lessons(session, edition.id)[0].lesson_id
    learners = []
    for batch in batches():
        with database.writing() as session:
            for number in batch:
                account = accounts.create(
                    session, vault, name=f"139{number:08}", password_hash="-", now=now, locale="en"
                )
                person = session.get_one(Person, account.person_id)
                person.registered_at, person.district_id = now, "CZ-TN"
                bearer = sign_ins.begin(
                    session, account, kind=SignInKind.TOKEN, agent="bench", lasts=timedelta(days=1), now=now
                ).token
                mine = enrolment.enrol(
                    session,
                    subject_key=session.scalars(select(Subject.key).filter_by(person_id=person.id)).one(),
                    course_id=course.id,
                    edition=edition,
                    jurisdiction_id="CZ-TN",
                    now=now,
                )
                learners.append(Learner(bearer, mine.id))
    database.engine.dispose()
    return learners, lesson_id


def batches() -> list[range]:
    """Learners in transactions of a sane size."""
    return [range(low, min(low + 250, LEARNERS)) for low in range(0, LEARNERS, 250)]


def older(site: Site) -> None:
    """Beats of people long gone, as many as asked for."""
    if not (OLD_ROWS and site.server):
        return
    serving.rows(
        site.settings,
        "WITH made AS (INSERT INTO beats SELECT lpad(to_hex(n / 100), 16, '0'), n % 100, "
        "decode(repeat('ab', 32), 'hex'), '[[0,30000,0,30000]]', 'playing', now() - interval '1 year', 200, "
        "'{\"seq\":1,\"covered_ms\":[[0,30000]],\"effective_ms\":30000,\"provisional_hours\":\"0\","
        "\"not_counted\":[],\"prompt\":null,\"beat_every_ms\":15000}' "
        f"FROM generate_series(0, {OLD_ROWS - 1}) n RETURNING 1) SELECT count(*) FROM made",
    )
    serving.say(site.settings, "VACUUM (ANALYZE) beats")
    serving.say(site.settings, "CHECKPOINT")


class Load:
    """The requests of one round, and what became of them."""

    def __init__(self, learners: list[Learner]) -> None:
        self.turns = itertools.cycle(learners)
        self.answered: set[tuple[str, int]] = set()
        self.refused: dict[int, int] = {}
        self.first_refusal = b""
        self.ends = 0.0
        self.left = 0

    def beats(self) -> Any:
        """The next learner's beat, while there are any left to tell."""
        if self.left <= 0 or (self.ends and time.monotonic() > self.ends):
            return None
        self.left -= 1
        learner = next(self.turns)
        wanted = learner.beat()
        key = (learner.playback_id, learner.seq)

        def answered(status: int, body: bytes) -> None:
            if status == 200:
                self.answered.add(key)
            else:
                self.refused[status] = self.refused.get(status, 0) + 1
                self.first_refusal = self.first_refusal or body

        return wanted, answered

    def nothing(self) -> Any:
        """The view that does nothing."""
        if self.left <= 0:
            return None
        self.left -= 1
        return NOTHING, lambda _status, _body: None


def round_of(site: Site, load: Load, requests: Any, count: int) -> tuple[float, float, list[float]]:
    """CPU ms and seconds that so many requests took, and each one's latency."""
    load.left = count
    before, begun = serving.cpu_ms(site), time.monotonic()
    latencies = asyncio.run(serving.drive(site.port, CONNECTIONS, requests))
    return serving.cpu_ms(site) - before, time.monotonic() - begun, latencies


def lost(site: Site, load: Load) -> int:
    """Beats that were answered and are not there."""
    kept = set(serving.rows(site.settings, "SELECT playback_id, seq FROM beats WHERE playback_id >= '3'"))
    return len(load.answered - kept)


def killed(site: Site, load: Load, strike: Any) -> int:
    """Drive on, strike in the middle, and count what was answered and is gone."""

    async def both() -> None:
        load.left, load.ends = 10**9, time.monotonic() + 8
        driving = asyncio.create_task(serving.drive(site.port, CONNECTIONS, load.beats))
        await asyncio.sleep(2)
        await asyncio.to_thread(strike)
        await driving

    asyncio.run(both())
    load.ends = 0.0
    return lost(site, load)


def restart(site: Site) -> None:
    """kill -9 of the web server, and a new one."""
    site.kill()
    site.start()


def recover(site: Site) -> None:
    """kill -9 of PostgreSQL, and a new start, which recovers."""
    assert site.server is not None
    site.server.kill()
    site.server.start_again()


def measured(engine: str) -> dict[str, Any]:
    """One engine's figures."""
    with serving.site(engine) as site:
        learners, lesson_id = populate(site)
        older(site)
        site.start()
        waiting = iter(learners)

        def openings() -> Any:
            learner = next(waiting, None)
            return learner and (learner.opening(lesson_id), lambda _status, body: learner.begun(body))

        before = serving.cpu_ms(site)
        asyncio.run(serving.drive(site.port, 8, openings))
        opening_ms = (serving.cpu_ms(site) - before) / len(learners)
        load = Load(learners)
        round_of(site, load, load.beats, len(learners))  # the first of each, and warm caches
        round_of(site, load, load.nothing, 1000)
        noop = beats = seconds = 0.0
        latencies: list[float] = []
        for _ in range(ROUNDS):
            noop += round_of(site, load, load.nothing, PER_ROUND)[0]
            cpu, took, each = round_of(site, load, load.beats, PER_ROUND)
            beats, seconds, latencies = beats + cpu, seconds + took, latencies + each
        count = ROUNDS * PER_ROUND
        latencies.sort()
        beat_ms, noop_ms = beats / count, noop / count
        figures = {
            "cpu_ms_per_beat": round(beat_ms, 3),
            "cpu_ms_per_noop": round(noop_ms, 3),
            "ratio": round(beat_ms / noop_ms, 2),
            "beats_per_s": round(count / seconds),
            "p50_ms": round(latencies[len(latencies) // 2], 1),
            "p99_ms": round(latencies[len(latencies) * 99 // 100], 1),
            "people_on_2_cores": round(2 * 1000 / beat_ms * EVERY_S),
            "cpu_ms_per_opening": round(opening_ms, 2),
            "refused": dict(load.refused),
        }
        if load.first_refusal:
            print(load.first_refusal[:300], file=sys.stderr)
        figures["lost_when_the_server_was_killed"] = killed(site, load, lambda: restart(site))
        if site.server:
            figures["lost_when_the_database_was_killed"] = killed(site, load, lambda: recover(site))
        figures["answered"] = len(load.answered)
        return figures


def main() -> None:
    """Both engines, one line."""
    engines = sys.argv[1:] or ["postgresql", "sqlite"]
    found: dict[str, Any] = {engine: measured(engine) for engine in engines}
    print(json.dumps({"bench": "watch", "learners": LEARNERS, "older_beats": OLD_ROWS, **found}))


if __name__ == "__main__":
    main()
