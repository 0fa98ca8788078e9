"""Archives of closed playbacks, and the one way in which beats may go.

Revision: 20261125_0004, after 20261125_0003
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0004"
down_revision = "20261125_0003"
branch_labels = None
depends_on = None

REMOVED = (
    "EXISTS (SELECT 1 FROM archives JOIN beat_removals ON archives.closed_at < beat_removals.before_at "
    "WHERE archives.playback_id = OLD.playback_id)"
)
INDEXES = {"ix_playbacks_unsettled": "settled_at", "ix_playbacks_unarchived": "archived_at"}


def upgrade() -> None:
    """Playbacks closed so far are archived by the sweep, five hundred a minute."""
    dialect = op.get_bind().dialect.name
    op.add_column("playbacks", sa.Column("archived_at", Moment(), nullable=True))
    op.add_column("playbacks", sa.Column("removed_at", Moment(), nullable=True))
    for name, column in INDEXES.items():
        where = sa.text(f"{column} IS NULL")
        op.create_index(name, "playbacks", ["closed_at"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "archives",
        sa.Column("playback_id", sa.String(length=16), nullable=False),
        sa.Column("closed_at", Moment(), nullable=False),
        sa.Column("archived_at", Moment(), nullable=False),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["playback_id"], ["playbacks.id"], name=op.f("fk_archives_playback_id")
        ),
        sa.PrimaryKeyConstraint("playback_id", name=op.f("pk_archives")),
    )
    op.create_table(
        "beat_removals",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("before_at", Moment(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("before_at < at", name=op.f("ck_beat_removals_past")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_beat_removals")),
    )
    for table in ("archives", "beat_removals"):
        execute(append_only_ddl(table, dialect))
    drop_triggers(dialect)
    execute(append_only_ddl("beats", dialect, unless=REMOVED))


def downgrade() -> None:
    """Beats that were removed do not come back; their archives go too."""
    dialect = op.get_bind().dialect.name
    drop_triggers(dialect)
    op.drop_table("archives")
    op.drop_table("beat_removals")
    if dialect == "postgresql":
        op.execute("DROP FUNCTION refuse_removal_of_beats()")
    for name in INDEXES:
        op.drop_index(name, table_name="playbacks")
    op.drop_column("playbacks", "removed_at")
    op.drop_column("playbacks", "archived_at")
    execute(append_only_ddl("beats", dialect))


def execute(statements: list[str]) -> None:
    """One after the other."""
    for statement in statements:
        op.execute(statement)


def drop_triggers(dialect: str) -> None:
    """The beats' own, before they are made anew."""
    if dialect == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER beats_refuse_{verb}")
        return
    op.execute("DROP TRIGGER beats_refuse_change ON beats")
    op.execute("DROP TRIGGER IF EXISTS beats_refuse_removal ON beats")
