"""Training files: genuine from Python alone; whatever is altered has its own sentence; streamed; who gets which."""

import io
import json
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from app import jobs
from app.files import sending
from courses.files import archive, verifying
from courses.files.archive import Head, Member
from courses.ledger.log import ed25519, notes
from tests import ledgers, shelves_app
from tests.conftest import Clock

AT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def given(app: Flask, clock: Clock, tmp_path: Path) -> tuple[Path, list[notes.Verifier]]:
    """A learner's own file with a certificate in it, as it was downloaded, and the site's keys."""
    learner = ledgers.learner(app, now=clock.at)
    ledgers.live(app, learner.subject_key, clock)
    learner.browser.post("/certificates/", data={"kind": "statement"})
    jobs.run_due(app)
    answer = learner.browser.get("/files/personal.zip")
    assert answer.status_code == 200
    path = tmp_path / "personal.zip"
    path.write_bytes(answer.data)
    with app.app_context():
        return path, sending.verifiers()


def rewritten(path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The archive with members changed or left out."""
    made = path.with_name("altered.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return made


def test_file_is_genuine_from_python_alone_and_every_alteration_has_its_sentence(
    app: Flask, given: tuple[Path, list[notes.Verifier]], tmp_path: Path
) -> None:
    path, keys = given
    found = verifying.verify(path, keys)
    assert (found.kind, "hours, as the statement says" in " ".join(found.found)) == ("personal", True)
    with zipfile.ZipFile(path) as packed:
        names = packed.namelist()
        person = json.loads(packed.read("person.json"))
        assert person["documents"][0]["number"] == ledgers.NUMBER  # their own copy
        assert "陆思远" in packed.read("statement.html").decode()
        assert "<a " not in packed.read("statement.html").decode()
        packed.extractall(tmp_path / "out")
    assert {"evidence.json", "ledger.json", "README.md"} <= set(names)
    assert {Path(name).suffix for name in names if name.startswith("certificates/")} == {".pdf", ".tlog-proof"}
    # -S leaves the packages out, `cryptography` among them: the court's expert has Python and nothing else.
    command = [sys.executable, "-S", "-m", "courses.files", "verify", str(path)]
    given_keys = [word for key in keys for word in ("--key", str(key))]
    done = subprocess.run([*command, *given_keys], cwd=tmp_path / "out" / "verifier", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[:1], done.stderr) == (0, ["GENUINE"], "")
    proof = next(name for name in names if name.startswith("proofs/"))
    for code, change in {
        "altered": lambda name, was: was.replace(b"99", b"98") + b" " if name == "person.json" else was,
        "manifest": lambda name, was: was.replace(b'"bytes":', b'"bytes": ', 1) if name == archive.MANIFEST else was,
        "signature": lambda name, was: was.replace(b"personal", b"class", 1) if name == archive.NOTE else was,
        "missing": lambda name, was: None if name == proof else was,
        "unreadable": lambda name, was: None if name == archive.NOTE else was,
    }.items():
        with pytest.raises(verifying.Refused) as refusal:
            verifying.verify(rewritten(path, change), keys)
        assert refusal.value.code == code
    with pytest.raises(verifying.Refused) as refusal:
        verifying.verify(path, [notes.Signer(keys[0].name, notes.ED25519, bytes(32)).verifier])
    assert refusal.value.code == "unknown_key"
    shutil.copy(path, tmp_path / "more.zip")
    with zipfile.ZipFile(tmp_path / "more.zip", "a") as packed:
        packed.writestr("papers/forged.pdf", b"%PDF-")
    with pytest.raises(verifying.Refused, match=r"papers/forged\.pdf does not stand in the list"):
        verifying.verify(tmp_path / "more.zip", keys)


def test_site_that_signs_what_does_not_add_up_is_found_out(app: Flask, given: tuple[Path, list[notes.Verifier]]) -> None:
    """Whoever holds the key of files alone can neither change hours nor rows unseen."""
    path, keys = given
    with app.app_context():
        signer = sending.signer()
    for name, old, new, code in (
        ("statement.json", b'"hours": "9/2"', b'"hours": "10"', "ledger"),
        ("ledger.json", b'"9/2"', b'"10/1"', "proof"),
        ("evidence.json", b'"hours": "9/2"', b'"hours": "4"', "hours"),
        ("evidence.json", b'"media_to_ms": 60000', b'"media_to_ms": 6000', "hours"),
    ):
        assert code == refused_when_signed_anew(path, signer, keys, (name, old, new))


def refused_when_signed_anew(
    path: Path, signer: notes.Signer, keys: list[notes.Verifier], change: tuple[str, bytes, bytes]
) -> str:
    """Why a file is refused whose content was changed before it was signed."""
    changed, old, new = change
    with zipfile.ZipFile(path) as packed:
        content = {name: packed.read(name) for name in packed.namelist() if not name.startswith("manifest.")}
    assert old in content[changed]
    content[changed] = content[changed].replace(old, new)
    members = [Member(name, lambda data=data: [data]) for name, data in content.items()]  # type: ignore[misc]
    made = path.with_name("signed-anew.zip")
    made.write_bytes(b"".join(archive.stream(members, Head("personal", "x", AT), signer=signer)))
    with pytest.raises(verifying.Refused) as refusal:
        verifying.verify(made, keys)
    return refusal.value.code


def test_archive_is_streamed_and_the_same_members_give_the_same_bytes() -> None:
    signer = notes.Signer("site/files", notes.ED25519, bytes(range(32)))

    def members() -> Iterator[Member]:
        for number in range(8):
            yield Member(f"papers/{number}.pdf", lambda: (bytes(256 * 1024) for _ in range(32)))

    tracemalloc.start()
    size = sum(len(chunk) for chunk in archive.stream(members(), Head("class", "x", AT), signer=signer))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 64 * 1024**2
    assert peak < 4 * 1024**2
    small = [archive.text("a.txt", "甲"), archive.document("b.json", {"b": [1, 2]})]
    one, other = (b"".join(archive.stream(small, Head("class", "x", AT), signer=signer)) for _ in range(2))
    assert one == other
    assert zipfile.ZipFile(io.BytesIO(one)).testzip() is None


def test_plain_verifier_agrees_with_cryptography() -> None:
    for number in range(4):
        private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        message, public = bytes([number]) * number, private.public_key().public_bytes_raw()
        signature = private.sign(message)
        key = ed25519.Ed25519PublicKey.from_public_bytes(public)
        key.verify(signature, message)
        altered = bytes([signature[0] ^ 1]) + signature[1:]
        beyond = signature[:32] + (int.from_bytes(signature[32:], "little") + ed25519.ORDER).to_bytes(32, "little")
        for bad, said in ((altered, message), (signature, message + b"x"), (beyond, message), (signature[:63], message)):
            with pytest.raises(ed25519.InvalidSignature):
                key.verify(bad, said)


def test_official_gets_a_masked_file_in_an_opened_record_and_the_look_is_kept(app: Flask, clock: Clock) -> None:
    learner = ledgers.learner(app, now=clock.at)
    ledgers.live(app, learner.subject_key, clock)
    jobs.run_due(app)
    path = f"/files/oversight/learners/{learner.subject_key}.zip"
    official = shelves_app.district(app, "CZ-TN", now=clock.at)
    assert official.get(path).status_code == 409  # no reason was given yet
    official.post(f"/oversight/learners/{learner.subject_key}/open", data={"reason": "举报核查"})
    content = official.get(path).data
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        everything = b"".join(packed.read(name) for name in packed.namelist()).decode(errors="replace")
    assert "陆*远" in everything
    assert "陆思远" not in everything
    assert ledgers.NUMBER not in everything
    assert "举报核查" in learner.browser.get("/ledger/accesses").text
    assert shelves_app.district(app, "CZ-WJ", now=clock.at).get(path).status_code == 404
