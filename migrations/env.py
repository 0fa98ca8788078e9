"""Alembic's entry: every table of the house, on the URL that the command line hands over."""

from alembic import context

import app.tables  # noqa: F401  (fills the metadata)
from app.db import make_engine
from media.base import Base


def run() -> None:
    """Migrate online; each migration in a transaction of its own."""
    engine = make_engine(context.config.attributes["url"])
    with engine.connect().execution_options(xueshi_writes=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            transaction_per_migration=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
