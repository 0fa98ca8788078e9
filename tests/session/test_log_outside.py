"""The log from outside, over HTTP: its files and their caching, Go's verifier, a witness, a fork."""

import os
import shutil
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from app import create_app, jobs
from app.log import sealing as job
from app.log import witness as witnessing
from app.settings import Settings
from courses.ledger.log import kept, notes, stored, tiles, tree
from tests import sealed
from tests.conftest import Clock

GO = shutil.which("go")
WITNESS = notes.Signer("bureau.example", notes.COSIGNATURE, bytes(range(1, 33)))
SIZE, OLD = 700, 300


@pytest.fixture
def log(settings: Settings, clock: Clock) -> Iterator[Flask]:
    """An application that knows one witness and has sealed twice."""
    app = create_app(replace(settings, log_witnesses=str(WITNESS.verifier)), now=clock)
    for count in (OLD, SIZE - OLD):
        grown(app, count)
    yield app
    app.extensions["xueshi_quick"].close()
    app.extensions["xueshi_db"].engine.dispose()


@pytest.fixture
def url(log: Flask) -> Iterator[str]:
    """The log on the loopback."""
    server = make_server("127.0.0.1", 0, log, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/log"
    server.shutdown()
    thread.join()
    server.server_close()


def grown(app: Flask, count: int) -> None:
    """Write so many entries, and do what is due."""
    with app.extensions["xueshi_db"].writing() as session:
        sealed.write(session, count)
    jobs.run_due(app)


def key_of(app: Flask) -> notes.Verifier:
    """The log's key."""
    return job.sealer(app.extensions["xueshi_settings"]).signer.verifier


def test_files_and_how_long_they_may_be_kept(log: Flask) -> None:
    client = log.test_client()
    answer = client.get("/log/checkpoint")
    found = notes.opened(answer.text, key_of(log))
    assert found.size == SIZE
    assert answer.headers["Cache-Control"] == "public, max-age=5"
    leaves = []
    for place in ("000", "001", f"002.p/{SIZE - 512}"):
        tile = client.get(f"/log/tile/0/{place}")
        assert tile.headers["Cache-Control"].endswith("immutable")
        bundle = list(tiles.unbundle(client.get(f"/log/tile/entries/{place}").data))
        assert [tree.leaf_hash(leaf) for leaf in bundle] == tiles.cut(tile.data)
        leaves += bundle
    growing = tree.Growing()
    for leaf in leaves:
        growing.add(tree.leaf_hash(leaf))
    assert growing.root() == found.root
    for place in ("0/003", "0/002", "1/000", "9/000", "0/x", "entries/002"):
        assert client.get(f"/log/tile/{place}").status_code == 404


@pytest.mark.skipif(GO is None, reason="needs Go and golang-golang-x-mod-dev")
def test_gos_verifier_accepts_the_log_and_refuses_an_altered_one(log: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    client = log.test_client()
    places = [*(f"tile/0/{place}" for place in ("000", "001", f"002.p/{SIZE - 512}")), "tile/1/000.p/2", "checkpoint"]
    for place in places:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(client.get(f"/log/{place}").data)
    with log.extensions["xueshi_db"].reading() as session:
        old = b64encode(tree.root(OLD, stored.reader(session, OLD))).decode()
        leaf = list(tiles.unbundle(stored.entries(session, 1, 256)))[44]
    (tmp_path / "leaf").write_bytes(leaf)
    verifier = tmp_path / "verify"
    source = Path(__file__).resolve().parents[1] / "verify_log.go"
    around = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(tmp_path / "cache"),
              "GOFLAGS": "-p=1"}
    subprocess.run([GO or "go", "build", "-o", verifier, source], env=around, check=True, timeout=300)

    def says(root: str = old, number: int = 300, key: str = str(key_of(log))) -> str:
        words = [verifier, key, folder, str(OLD), root, str(number), tmp_path / "leaf"]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=30).stdout

    assert says() == "accepted\n"
    assert says(number=301).startswith("refused")
    assert says(root=b64encode(bytes(32)).decode()).startswith("refused")
    assert says(key=str(notes.Signer(key_of(log).name, notes.ED25519, bytes(32)).verifier)).startswith("refused")
    for place in ("tile/0/001", "checkpoint", "../leaf"):
        was = (folder / place).read_bytes()
        (folder / place).write_bytes(was[:45] + bytes([was[45] ^ 1]) + was[46:])
        assert says().startswith("refused"), place
        (folder / place).write_bytes(was)
    assert says() == "accepted\n"


def words(url: str, folder: Path, app: Flask) -> list[str]:
    """The command line of the bureau's witness."""
    (folder / "witness.key").write_text(WITNESS.private_text())
    return ["--log", url, "--key", str(folder / "witness.key"), "--state", str(folder / "state"),
            "--log-key", str(key_of(app))]


def command(words: list[str]) -> int:
    """The witness's command."""
    return witnessing.main(words, tell=print)


def test_a_witness_cosigns_what_extends_what_it_saw(log: Flask, url: str, tmp_path: Path) -> None:
    assert command(words(url, tmp_path, log)) == 0
    served = log.test_client().get("/log/checkpoint").text
    notes.verified(served, WITNESS.verifier)
    assert command(words(url, tmp_path, log)) == 0  # again: nothing new
    assert log.test_client().get("/log/checkpoint").text == served
    grown(log, 90)
    assert command(words(url, tmp_path, log)) == 0
    notes.verified(log.test_client().get("/log/checkpoint").text, WITNESS.verifier)
    assert "bureau.example" in log.test_client().get("/log/").text


@pytest.mark.parametrize("size", [OLD, SIZE, SIZE + 50])
def test_a_witness_refuses_a_fork_aloud(
    log: Flask, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], size: int
) -> None:
    signer = job.sealer(log.extensions["xueshi_settings"]).signer
    body = notes.Checkpoint(signer.name, size, bytes(32)).body  # signed with the log's own key
    seen = notes.note(body, [notes.sign(body, signer)])
    kept.write(tmp_path / "state", seen)
    assert command(words(url, tmp_path, log)) == 1
    assert "FORK" in capsys.readouterr().out
    assert (tmp_path / "state").read_text() == seen
    assert len(notes.parts(log.test_client().get("/log/checkpoint").text)[1]) == 1


def test_cosignatures_of_strangers_are_refused(log: Flask) -> None:
    body, lines = notes.parts(log.test_client().get("/log/checkpoint").text)
    stranger = notes.Signer("bureau.example", notes.COSIGNATURE, bytes(32))
    line = notes.sign(body, stranger, at=sealed.NOW)
    for text in ("", "x", notes.note(body, [*lines, line]), notes.note(body.replace("700", "701"), [line])):
        assert log.test_client().post("/log/cosignatures", data=text).status_code == 422


def test_a_witness_needs_the_logs_key_and_keeps_it(log: Flask, url: str, tmp_path: Path) -> None:
    with pytest.raises(witnessing.Unwitnessed):
        witnessing.log_key(tmp_path / "state", "")
    assert witnessing.log_key(tmp_path / "state", str(key_of(log))) == key_of(log)
    assert witnessing.log_key(tmp_path / "state", "") == key_of(log)
    with pytest.raises(witnessing.Unwitnessed):
        witnessing.log_key(tmp_path / "state", str(WITNESS.verifier))
    made = witnessing.own_key(tmp_path / "key", "bureau.example")
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert witnessing.own_key(tmp_path / "key", "") == made
