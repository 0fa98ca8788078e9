"""The ledger, beats, reviews and logs refuse UPDATE and DELETE, on both engines."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import app.tables
from app.db import Database
from media.base import Base

assert app.tables  # the metadata is whole
TABLES = sorted(t.name for t in Base.metadata.tables.values() if t.info.get("append_only"))
WITH_A_DOOR = {t.name for t in Base.metadata.tables.values() if t.info.get("append_only") not in (None, True)}


def test_only_beats_and_names_of_files_may_ever_go() -> None:
    # What opens them: tests/session/test_watch_archive.py, tests/session/test_deletion.py
    assert {"beats", "evidence_files"} == WITH_A_DOOR


def test_what_must_not_change_is_append_only() -> None:
    assert {"entries", "beats", "editions", "edition_lessons", "policy_versions", "consents",
            "course_reviews", "record_accesses", "attempts", "offline_hours"} <= set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_postgresql_refuses_even_a_statement_without_rows(database: Database, table: str) -> None:
    if database.engine.dialect.name != "postgresql":
        return
    removal = [] if table in WITH_A_DOOR else [f"DELETE FROM {table}"]  # there each row is judged
    for statement in (*removal, f"TRUNCATE {table} CASCADE"):
        with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
            session.execute(text(statement))


def test_sqlite_refuses_to_change_or_delete_a_row(database: Database) -> None:
    with database.writing() as session:
        session.execute(
            text("INSERT INTO consents (id, subject_key, purpose, text_version, given, at) "
                 "VALUES ('a', 'b', 'c', '1', true, :at)"),
            {"at": 0 if database.engine.dialect.name == "sqlite" else "2026-01-01T00:00:00Z"},
        )
    for statement in ("UPDATE consents SET purpose = 'x'", "DELETE FROM consents"):
        with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
            session.execute(text(statement))
    with database.reading() as session:
        assert session.execute(text("SELECT purpose FROM consents")).scalars().all() == ["c"]
