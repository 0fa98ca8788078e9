"""Sealing on both engines: killed between any two steps, twice at once, on a restored copy."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from app.db import Database
from courses.errors import NotFound
from courses.ledger.log import audit, kept, notes, proof_files, proofs, sealing, stored, tiles, tree
from courses.ledger.log.models import Leaf, SignedCheckpoint, Tile, Waiting
from courses.ledger.log.sealing import NothingSigned
from courses.ledger.models import Entry
from tests import sealed

ROOT = Path(__file__).resolve().parents[2]


def begin(url: str, folder: Path, step: str) -> subprocess.Popen[bytes]:
    """A sealer of its own process."""
    return subprocess.Popen([sys.executable, "-m", "tests.sealed", url, str(folder), step], cwd=ROOT)


def hashes(session: Session) -> bytes:
    """Of all leaves that are numbered."""
    return b"".join(tree.leaf_hash(leaf) for leaf in stored.data(session, 0, stored.count(session)))


def add(database: Database, count: int) -> None:
    """Entries to seal."""
    with database.writing() as session:
        sealed.write(session, count)


def nothing_wrong(database: Database, folder: Path, *, size: int) -> None:
    """All is sealed, and the audit finds nothing."""
    with database.reading() as session:
        newest = stored.newest(session)
        assert newest is not None
        assert newest.size == size == stored.count(session)
        assert audit.findings(session, sealed.sealer(folder)) == []
        assert kept.read(sealed.sealer(folder).path, sealed.sealer(folder).signer.verifier) is not None


def test_leaves_tiles_and_root_are_those_of_the_rfc(database: Database, tmp_path: Path) -> None:
    for count in (1, 254, 1, 300, 513):
        add(database, count)
        sealed.seal(database, sealed.sealer(tmp_path))
    nothing_wrong(database, tmp_path, size=1069)
    with database.reading() as session:
        growing = tree.Growing()
        roots = {}
        for hash_ in tiles.cut(hashes(session)):
            growing.add(hash_)
            roots[growing.size] = growing.root()
        signed = session.scalars(select(SignedCheckpoint).order_by(SignedCheckpoint.size)).all()
        assert [row.size for row in signed] == [1, 255, 256, 556, 1069]
        assert [row.root for row in signed] == [roots[row.size] for row in signed]
        assert session.query(Tile).count() == 4


def test_sealing_twice_signs_once(database: Database, tmp_path: Path) -> None:
    add(database, 3)
    for _ in range(3):
        sealed.seal(database, sealed.sealer(tmp_path))
    with database.reading() as session:
        assert session.query(SignedCheckpoint).count() == 1
        assert not sealing.is_due(session)


@pytest.mark.parametrize("step", sealed.STEPS)
def test_killed_between_two_steps(database: Database, database_url: str, tmp_path: Path, step: str) -> None:
    add(database, 400)
    sealed.seal(database, sealed.sealer(tmp_path))
    add(database, 400)
    assert begin(database_url, tmp_path, step).wait(60) == 9
    before = kept.read(sealed.sealer(tmp_path).path, sealed.sealer(tmp_path).signer.verifier)
    assert before is not None
    assert before.size == (800 if step in ("kept", "signed", "committed") else 400)
    assert begin(database_url, tmp_path, "-").wait(60) == 0
    nothing_wrong(database, tmp_path, size=800)
    if before.size == 800:
        with database.reading() as session:
            newest = stored.newest(session)
            assert newest is not None
            assert newest.root == before.root


def test_killed_at_any_moment(database: Database, database_url: str, tmp_path: Path) -> None:
    size, chance = 0, random.Random(6962)
    for _ in range(6):
        add(database, 500)
        size += 500
        process = begin(database_url, tmp_path, "-")
        time.sleep(chance.uniform(0.3, 1.6))
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    sealed.seal(database, sealed.sealer(tmp_path))
    nothing_wrong(database, tmp_path, size=size)


def test_two_sealers_at_once(database: Database, database_url: str, tmp_path: Path) -> None:
    add(database, 900)
    both = [begin(database_url, tmp_path, "-") for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    nothing_wrong(database, tmp_path, size=900)


def test_a_restored_older_copy_signs_nothing(database: Database, tmp_path: Path) -> None:
    add(database, 300)
    sealed.seal(database, sealed.sealer(tmp_path))
    before = sealed.sealer(tmp_path).path.read_text()
    # What was published since, by the database that is lost: the same leaves and three more.
    with database.reading() as session:
        growing = tree.Growing()
        for hash_ in tiles.cut(hashes(session)):
            growing.add(hash_)
    for number in range(3):
        growing.add(tree.leaf_hash(b"%d" % number))
    signer = sealed.sealer(tmp_path).signer
    body = notes.Checkpoint(signer.name, 303, growing.root()).body
    published = notes.note(body, [notes.sign(body, signer)])
    kept.write(sealed.sealer(tmp_path).path, published)
    for more in (0, 3, 500):  # shorter than what was published; as long; longer
        if more:
            kept.write(sealed.sealer(tmp_path).path, before)
            with database.writing() as session:
                sealed.write(session, more)
            with database.writing() as session:
                sealing.grow(session, sealed.sealer(tmp_path))
            kept.write(sealed.sealer(tmp_path).path, published)
        for work in (grow, sign):
            with pytest.raises(NothingSigned, match=r"older than|another root"), database.writing() as session:
                work(session, tmp_path)
        with database.reading() as session:
            assert any("signed" in str(one) or "fork" in str(one)
                       for one in audit.findings(session, sealed.sealer(tmp_path)))
            assert session.query(SignedCheckpoint).count() == 1
    assert sealed.sealer(tmp_path).path.read_text() == published


def grow(session: Session, folder: Path) -> None:
    """Number what waits."""
    sealing.grow(session, sealed.sealer(folder))


def sign(session: Session, folder: Path) -> None:
    """Sign the tree."""
    sealing.sign_tree(session, sealed.sealer(folder), now=sealed.NOW)


def test_without_its_file_nothing_is_signed(database: Database, tmp_path: Path) -> None:
    add(database, 3)
    sealed.seal(database, sealed.sealer(tmp_path))
    add(database, 3)
    path = sealed.sealer(tmp_path).path
    text_ = path.read_text()
    path.unlink()
    with pytest.raises(NothingSigned, match="is missing"):
        sealed.seal(database, sealed.sealer(tmp_path))
    path.write_text(text_.replace("3", "4", 1))
    with pytest.raises(NothingSigned, match="does not verify"):
        sealed.seal(database, sealed.sealer(tmp_path))
    path.write_text(text_)
    sealed.seal(database, sealed.sealer(tmp_path))
    nothing_wrong(database, tmp_path, size=6)


def test_a_proof_holds_alone_and_only_for_its_owner(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        mine = sealed.write(session, 300, subject="mine")
    sealed.seal(database, sealed.sealer(tmp_path))
    key = sealed.sealer(tmp_path).signer.verifier
    with database.reading() as session:
        proof = proofs.of_entry(session, mine[7].id, subject_key="mine")
        assert proof_files.check(proof, key)["entry"] == mine[7].id
        with pytest.raises(NotFound):
            proofs.of_entry(session, mine[7].id, subject_key="theirs")
    lines = proof.split("\n")
    for at, line in ((2, "index 8"), (3, lines[4]), (1, lines[1][:-8] + "AAAAAAA=")):
        with pytest.raises((tree.BadProof, notes.BadNote, ValueError)):
            proof_files.check("\n".join([*lines[:at], line, *lines[at + 1 :]]), key)


def test_leaves_show_nothing_of_a_person(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        sealed.write(session, 2, subject="subjectkey")
        sealed.write(session, 2, subject="subjectkey")  # the same content under other salts
    sealed.seal(database, sealed.sealer(tmp_path))
    with database.reading() as session:
        data = stored.entries(session, 0, 4)
        assert b"subjectkey" not in data
        assert b"enrolment" not in data
        assert len(set(session.scalars(select(Leaf.data)))) == 4


def change(session: Session, table: str, statement: str) -> None:
    """Change a row behind the site's back, with the trigger off for that long."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        session.execute(text(statement))
        session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        return
    names = [f"{table}_refuse_update", f"{table}_refuse_delete"]
    made = [session.execute(text("SELECT sql FROM sqlite_master WHERE name = :n"), {"n": n}).scalar_one() for n in names]
    for name in names:
        session.execute(text(f"DROP TRIGGER {name}"))
    session.execute(text(statement))
    for sql in made:
        session.connection().exec_driver_sql(sql)


@pytest.mark.parametrize("case", [
    ("entries", "UPDATE entries SET hours_num = 99 WHERE id = '{id}'", "{id}", "differs from its leaf"),
    ("entries", "UPDATE entries SET subject_key = 'other' WHERE id = '{id}'", "{id}", "differs from its leaf"),
    ("log_leaves", "UPDATE log_leaves SET data = salt WHERE place = 5", "log_tiles 0/0", "differs from the leaves"),
    ("log_leaves", "UPDATE log_leaves SET data = salt WHERE place = 299", "log_checkpoints 300", "the root is"),
    ("log_leaves", "DELETE FROM log_leaves WHERE place = 5", "5", "is missing"),
    ("log_tiles", "UPDATE log_tiles SET content = root", "0/0", "differs from the leaves"),
    ("log_tiles", "DELETE FROM log_tiles", "0/0", "is missing"),
    ("log_checkpoints", "UPDATE log_checkpoints SET note = 'x'", "300", "not a signed note"),
])
def test_one_row_changed_behind_the_sites_back_is_named(
    database: Database, tmp_path: Path, case: tuple[str, str, str, str]
) -> None:
    table, statement, row, what = case
    add(database, 300)
    sealed.seal(database, sealed.sealer(tmp_path))
    nothing_wrong(database, tmp_path, size=300)
    with database.writing() as session:
        victim = session.scalars(select(Entry.id)).first()
        change(session, table, statement.format(id=victim))
    with database.reading() as session:
        found = audit.findings(session, sealed.sealer(tmp_path))
    where = row if " " in row else f"{table} {row.format(id=victim)}"
    assert [one for one in found if f"{one.table} {one.row}" == where and what in one.what]


def test_an_entry_inserted_behind_the_sites_back_is_named(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        session.add(Entry(id="secret", subject_key="s", kind="posting", about="a", at=sealed.NOW, hours_num=1,
                          hours_den=1, policy="cz@1", written_at=sealed.NOW))
    with database.reading() as session:
        assert [(one.table, one.row) for one in audit.findings(session, sealed.sealer(tmp_path))] == [("entries", "secret")]


@pytest.mark.parametrize("table", ["entries", "beats", "log_leaves"])
def test_a_trigger_that_is_gone_or_off_is_named(database: Database, tmp_path: Path, table: str) -> None:
    postgres = database.engine.dialect.name == "postgresql"
    with database.reading() as session:
        assert audit.findings(session, sealed.sealer(tmp_path)) == []
    name = f"{table}_refuse_{'change' if postgres else 'update'}"
    with database.writing() as session:
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {name}" if postgres else f"DROP TRIGGER {name}"))
    with database.reading() as session:
        assert [(one.table, one.row) for one in audit.findings(session, sealed.sealer(tmp_path))] == [(table, name)]


def test_a_leaf_numbered_twice_or_never_is_named(database: Database, tmp_path: Path) -> None:
    add(database, 5)
    sealed.seal(database, sealed.sealer(tmp_path))
    with database.writing() as session:
        session.add(Waiting(place=3))
    with database.reading() as session:
        assert [(one.table, one.row) for one in audit.findings(session, sealed.sealer(tmp_path))] == [("log_waiting", "3")]
    with database.writing() as session:
        session.execute(delete(Waiting))
        sealed.write(session, 1)
        session.execute(delete(Waiting))
    with database.reading() as session:
        assert [(one.table, one.row) for one in audit.findings(session, sealed.sealer(tmp_path))] == [("log_leaves", "6")]


def test_places_are_numbered_as_they_are_committed(database: Database, tmp_path: Path) -> None:
    """Places that were rolled back stay empty; whoever comes late gets a later number."""
    add(database, 300)
    with database.writing() as session:
        late = session.scalars(select(Leaf).order_by(Leaf.place).offset(99).limit(3)).all()
        session.execute(delete(Waiting).where(Waiting.place.in_([leaf.place for leaf in late])))
    sealed.seal(database, sealed.sealer(tmp_path))
    with database.writing() as session:
        session.add_all(Waiting(place=leaf.place) for leaf in late)
    add(database, 400)
    sealed.seal(database, sealed.sealer(tmp_path))
    nothing_wrong(database, tmp_path, size=700)
    with database.reading() as session:
        assert [stored.number(session, leaf.place) for leaf in late] == [297, 298, 299]
        first = session.scalars(select(Leaf.data).order_by(Leaf.place)).all()
        assert stored.data(session, 90, 110) == [*first[90:99], *first[102:113]]
        assert proof_files.check(proofs.of_entry(session, late[1].entry_id or "", subject_key="somebody"),
                            sealed.sealer(tmp_path).signer.verifier)["entry"] == late[1].entry_id
