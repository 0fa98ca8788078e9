"""Statement and evidence over the API: exact formats, recomputable, and for officials only with a reason."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select

from courses.oversight import RecordAccess
from tests import ledgers, shelves_app
from tests.conftest import Clock
from tests.ledgers import Learner, Life

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lu(app: Flask, clock: Clock) -> Learner:
    return ledgers.learner(app, now=clock.at)


@pytest.fixture
def life(app: Flask, lu: Learner, clock: Clock) -> Life:
    return ledgers.live(app, lu.subject_key, clock)


def recomputed(evidence: bytes, tmp_path: Path) -> object:
    """What the verifier prints, copied out alone, without this site and its libraries."""
    alone = tmp_path / "alone"
    shutil.copytree(ROOT / "courses" / "credit", alone / "courses" / "credit")
    (alone / "courses" / "__init__.py").touch()
    (alone / "evidence.json").write_bytes(evidence)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c",
         "import sys; sys.path.insert(0, '.'); sys.argv[1:] = ['recompute', 'evidence.json'];"
         "import runpy; runpy.run_module('courses.credit', run_name='__main__')"],
        cwd=alone, capture_output=True, check=False, timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_exported_evidence_recomputes_to_the_sites_own_statement(
    app: Flask, lu: Learner, life: Life, tmp_path: Path
) -> None:
    as_of = "2026-06-02T00:00:00+08:00"
    evidence = lu.api(app, f"/me/evidence?as_of={quote(as_of)}")
    statement = lu.api(app, f"/me/statement?as_of={quote(as_of)}")
    assert evidence.content_type == statement.content_type == "application/json"
    assert evidence.json["format"] == "xueshi-evidence/1"
    assert statement.json["format"] == "xueshi-statement/1"
    assert recomputed(evidence.data, tmp_path) == statement.json
    posted = {row["id"]: row["posted_hours"] for row in statement.json["enrolments"]}
    assert posted == {life.whole.enrolment.id: "1/90", life.half.enrolment.id: "0"}
    (required,) = statement.json["requirements"]
    assert (required["online_countable"], required["offline"], required["total"]) == ("1/90", "9/2", "203/45")
    assert [row["kind"] for row in statement.json["entries"]] == ["offline", "posting", "posting"]


def test_without_as_of_everything_up_to_now_is_there(app: Flask, lu: Learner, life: Life) -> None:
    assert len(lu.api(app, "/me/statement").json["entries"]) == 3


def test_a_past_instant_shows_what_was_known_then(app: Flask, lu: Learner, life: Life) -> None:
    before = lu.api(app, "/me/statement?as_of=2026-06-01T09:00:00%2B08:00").json
    assert (before["entries"], before["enrolments"]) == ([], [])
    unescaped = lu.api(app, "/me/statement?as_of=2026-06-01T09:00:30+08:00").json
    assert unescaped["enrolments"][0]["lessons"][0]["covered_ms"] in ([], [[0, 30_000]])


@pytest.mark.parametrize("as_of", ["yesterday", "2026-06-01", "2026-06-01T09:00:00"])
def test_a_malformed_instant_is_refused(app: Flask, lu: Learner, as_of: str) -> None:
    answer = lu.api(app, f"/me/statement?as_of={as_of}")
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (422, "invalid", "as_of")


def test_the_evidence_names_nobody(app: Flask, lu: Learner, life: Life) -> None:
    told = lu.api(app, "/me/evidence").get_data(as_text=True)
    for secret in (ledgers.NUMBER, ledgers.NAME, "陆", "0112"):
        assert secret not in told


def test_nobody_reads_without_signing_in(app: Flask) -> None:
    assert app.test_client().get("/api/v1/me/statement").status_code == 401


def test_an_official_of_the_jurisdiction_reads_with_a_reason_and_it_is_kept(
    app: Flask, lu: Learner, life: Life, clock: Clock
) -> None:
    official = shelves_app.district(app, "CZ-TN", now=clock.at)
    path = f"/api/v1/learners/{lu.subject_key}"
    refused = official.get(f"{path}/statement")
    assert (refused.status_code, refused.json["code"]) == (422, "reason_required")
    read = official.get(f"{path}/statement", headers={"X-Reason": quote("投诉核查：2026-17号")})
    assert read.json == lu.api(app, "/me/statement").json
    assert official.get(f"{path}/evidence", headers={"X-Reason": "spot check"}).status_code == 200
    with shelves_app.database(app).reading() as session:
        kept = session.scalars(select(RecordAccess).order_by(RecordAccess.what)).all()
    assert [(row.what, row.reason, row.subject_key) for row in kept] == [
        ("evidence", "spot check", lu.subject_key),
        ("statement", "投诉核查：2026-17号", lu.subject_key),
    ]


def test_an_official_of_another_district_finds_nothing_and_nothing_is_written(
    app: Flask, lu: Learner, life: Life, clock: Clock
) -> None:
    other = shelves_app.district(app, "CZ-WJ", now=clock.at)
    for what in ("statement", "evidence"):
        answer = other.get(
            f"/api/v1/learners/{lu.subject_key}/{what}", headers={"X-Reason": "spot check"}
        )
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    with shelves_app.database(app).reading() as session:
        assert session.scalars(select(RecordAccess)).all() == []


def test_the_city_reads_every_district(app: Flask, lu: Learner, life: Life, clock: Clock) -> None:
    city = shelves_app.city(app, now=clock.at)
    answer = city.get(
        f"/api/v1/learners/{lu.subject_key}/evidence", headers={"X-Reason": "spot check"}
    )
    assert answer.json["learner"] == lu.subject_key


def test_a_learner_reads_nobody_else(app: Flask, lu: Learner, clock: Clock) -> None:
    other = ledgers.learner(app, name="顾晓岚", number="320400199011050204", now=clock.at)
    answer = other.api(app, f"/learners/{lu.subject_key}/statement", **{"X-Reason": "curious"})
    assert answer.status_code == 403
