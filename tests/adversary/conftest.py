"""A running site for attackers, and the measure of what each attack gained.

Gain is what the learner's own statement counts in the end, beyond the wall time in which a playback of
the learner was really open and attended. At most the slack for the line is allowed, once a learner.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import create_app
from app.settings import Settings
from courses.catalogue import editions
from courses.people import accounts, sign_ins
from courses.people.jurisdictions import Jurisdiction
from courses.people.persons import Person
from courses.people.sign_ins import SignInKind
from courses.people.vault import Vault
from courses.watch.beats import SLACK_MS
from tests import shelves, watching
from tests.conftest import ENGINES
from tests.postgres import Server
from tests.running import Client, Site

KEY = bytes(range(32))
S = 1_000
LESSONS_MS = (60 * S, 600 * S, 2_700 * S)
LEARNERS = 100  # in each district; more than there are attacks
PROMPTS = {"every_ms": 60 * S, "answer_within_ms": 30 * S, "way": "tap"}
DISTRICTS: dict[str, dict[str, Any]] = {  # each with a rule of its own
    "CZ-TN": {},
    "CZ-WJ": {"seek_forward": "blocked"},
    "CZ-XB": {"prompts": PROMPTS},
    "CZ-ZL": {"heartbeat_gap_ms": 60 * S, "daily_cap_ms": 3_600 * S},
}


@dataclass
class Town:
    """The site, and what an attacker finds in it."""

    site: Site
    engine: str
    courses: list[tuple[str, list[str]]]
    bearers: dict[str, list[str]]
    verifier: Path

    def learner(self, district: str = "CZ-TN") -> "Attacker":
        """Somebody who has not learnt anything yet."""
        return Attacker(self, Client(self.site, self.bearers[district].pop()))


@dataclass
class Attacker:
    """One learner who cheats, and how long a playback of theirs was really open and attended."""

    town: Town
    client: Client
    really_ms: int = 0

    def enrolled(self, course: int = 0) -> str:
        """Enrolled in a course."""
        return self.client.enrol(self.town.courses[course][0])

    def opened(self, lesson: int = 1, course: int = 0) -> dict[str, Any]:
        """A lesson, open."""
        lesson_id = self.town.courses[course][1][lesson]
        return self.client.open(self.enrolled(course), lesson_id)

    @contextmanager
    def attending(self) -> Iterator[None]:
        """Time that really passes while a playback is open and watched."""
        begun = self.town.site.now()
        yield
        self.really_ms += (self.town.site.now() - begun) // timedelta(milliseconds=1)

    def passes(self, seconds: float) -> None:
        """So much time goes by on the server."""
        self.town.site.shift(seconds=seconds)

    def counted_ms(self) -> int:
        """What is counted once nothing can come any more, by the site and by the verifier alike."""
        self.passes(45 * 60)
        self.town.site.work()
        at = self.town.site.now().isoformat(timespec="milliseconds")
        stated = self.client.send("GET", "/me/statement", params={"as_of": at}).json()
        evidence = self.client.send("GET", "/me/evidence", params={"as_of": at}).content
        again = recomputed(self.town.verifier, evidence)
        assert again["enrolments"] == stated["enrolments"]
        return sum(whole(row["effective_ms"]) for row in stated["enrolments"])


def whole(ms: Any) -> int:
    """Milliseconds that may be a fraction, upwards: an attacker's luck counts."""
    above, _, under = str(ms).partition("/")
    return -(-int(above) // int(under or 1))


def recomputed(verifier: Path, evidence: bytes) -> dict[str, Any]:
    """What the package of the credit rules, copied out alone, makes of the evidence."""
    file = verifier / "evidence.json"
    file.write_bytes(evidence)
    start = f"import sys, runpy; sys.path[:0] = [{str(verifier)!r}]; sys.argv[0] = 'x'; runpy.run_module('courses.credit', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", start, "recompute", str(file)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="session", params=ENGINES)
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[Town]:
    """The running site with courses and learners, on each engine in turn."""
    folder = tmp_path_factory.mktemp("attacked")
    server = None
    url = f"sqlite:///{folder / 'xueshi.sqlite'}"
    if request.param == "sqlite":
        shutil.copyfile(sqlite_template, folder / "xueshi.sqlite")
    else:
        server = request.getfixturevalue("postgres_server")
        name = f"attacked_{int(time.time() * 1000)}"
        server.create(name, template="template_xueshi")
        url = server.url(name)
    settings = Settings(
        data_dir=folder, search_dir=folder / "search", database_url=url, secret_key=KEY,
        vault_key=KEY, index_key=KEY[::-1], log_level="ERROR",
    )  # fmt: skip
    site = Site(settings, server)
    site.start()
    try:
        yield populated(site, request.param, folder)
    finally:
        site.kill()
        if isinstance(server, Server):
            server.drop(name)


def populated(site: Site, engine: str, folder: Path) -> Town:
    """Districts with their rules, ten courses, and a learner for each attack."""
    app = create_app(site.settings, now=site.now)
    database, vault = app.extensions["xueshi_db"], app.extensions["xueshi_vault"]
    now = site.now() - timedelta(minutes=10)
    with database.writing() as session:
        shelves.jurisdictions(session)
        for key, name in (("CZ-XB", "新北区"), ("CZ-ZL", "钟楼区")):
            session.add(Jurisdiction(id=key, parent_id="CZ", name_zh=name, name_en=key, bureau_zh=f"{name}应急管理局"))
        session.flush()
        watching.policy(session, now=now)
        for district, rules in DISTRICTS.items():
            watching.policy(session, now=now, jurisdiction=district, **rules)
        owner = shelves.institution(session)
        courses = []
        for number in range(10):
            course = shelves.published(session, owner, title=f"安全课程{number}", now=now, durations_ms=LESSONS_MS)
            edition = editions.current(session, course.id)
            assert edition is not None
            courses.append((course.id, [one.lesson_id for one in editions.lessons(session, edition.id)]))
    with database.writing() as session:
        bearers = {
            district: [signed_in(session, vault, district, number, now) for number in range(LEARNERS)]
            for district in DISTRICTS
        }
    app.extensions["xueshi_quick"].close()
    database.engine.dispose()
    verifier = folder / "verifier"
    shutil.copytree("courses/credit", verifier / "courses/credit", ignore=shutil.ignore_patterns("__pycache__"))
    (verifier / "courses/__init__.py").write_text("")
    return Town(site, engine, courses, bearers, verifier)


def signed_in(session: Session, vault: Vault, district: str, number: int, now: Any) -> str:
    """A learner of a district; returns the account's token."""
    name = f"1{list(DISTRICTS).index(district) + 3}9{number:08}"
    account = accounts.create(session, vault, name=name, password_hash="-", now=now, locale="en")
    person = session.get_one(Person, account.person_id)
    person.registered_at, person.district_id = now, district
    return str(
        sign_ins.begin(
            session, account, kind=SignInKind.TOKEN, agent="script", lasts=timedelta(days=90), now=now
        ).token
    )


@pytest.fixture
def gained(request: pytest.FixtureRequest, town: Town) -> Callable[[Attacker], int]:
    """`gained(attacker)`: the milliseconds; written into the table at the end of the run."""

    def measure(attacker: Attacker) -> int:
        gain = max(0, attacker.counted_ms() - attacker.really_ms)
        name = request.node.name.removeprefix("test_").replace("_", " ").replace(f"[{town.engine}]", "")
        name = name.replace(f"[{town.engine}-", " [")
        request.node.user_properties.append(("attacks gained", f"{gain:>6} ms  {town.engine:<11} {name}"))
        assert gain <= SLACK_MS
        return gain

    return measure
