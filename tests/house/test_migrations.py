"""Models equal migrations, on both engines; every migration works both ways."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

import app.tables
from app.cli import migrations
from app.db import make_engine
from app.settings import Settings
from media.base import Base
from tests.postgres import Server

assert app.tables


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite'}"
    server: Server = request.getfixturevalue("postgres_server")
    name = "empty_" + tmp_path.name[-20:].lower().replace("-", "_")
    server.create(name)
    return server.url(name)


def config(url: str, tmp_path: Path) -> Config:
    """Alembic's configuration for a URL."""
    return migrations(Settings(database_url=url, data_dir=tmp_path, search_dir=tmp_path))


def triggers(url: str) -> set[str]:
    """Names of the triggers in a database."""
    engine = make_engine(url)
    query = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }[engine.dialect.name]
    with engine.connect() as connection:
        found = set(connection.execute(text(query)).scalars())
    engine.dispose()
    return found


def test_migrations_make_exactly_the_models(empty_url: str, tmp_path: Path) -> None:
    command.upgrade(config(empty_url, tmp_path), "head")
    engine = make_engine(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_migrations_make_the_same_triggers_as_the_models(
    empty_url: str, database_url: str, tmp_path: Path
) -> None:
    if empty_url.split(":", maxsplit=1)[0] != database_url.split(":", maxsplit=1)[0]:
        return
    command.upgrade(config(empty_url, tmp_path), "head")
    assert triggers(empty_url) == triggers(database_url)
    assert len(triggers(empty_url)) >= len([t for t in Base.metadata.tables.values() if t.info.get("append_only")])


def test_every_migration_works_both_ways(empty_url: str, tmp_path: Path) -> None:
    made = config(empty_url, tmp_path)
    command.upgrade(made, "head")
    command.downgrade(made, "base")
    engine = make_engine(empty_url)
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()
    command.upgrade(made, "head")
