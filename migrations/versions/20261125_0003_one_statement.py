"""A beat in one statement: playbacks carry a version, beats no foreign key, and rows change in place.

Revision: 20261125_0003, after 20261123_0002
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0003"
down_revision = "20261123_0002"
branch_labels = None
depends_on = None

OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    """What `live` held is of an older form: the next beat of each playback takes the long way."""
    op.drop_index("ix_playbacks_open_heard", table_name="playbacks")
    op.create_index(
        "ix_playbacks_open", "playbacks", ["opened_at"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.add_column("playbacks", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE playbacks SET live = NULL")
    if op.get_bind().dialect.name == "sqlite":
        copy_beats(has_foreign_key=False)
        return
    op.alter_column("playbacks", "version", server_default=None)
    op.execute("ALTER TABLE playbacks SET (fillfactor = 70)")
    op.drop_constraint("fk_beats_playback_id", "beats", type_="foreignkey")


def downgrade() -> None:
    """Nothing is lost."""
    if op.get_bind().dialect.name == "sqlite":
        copy_beats(has_foreign_key=True)
    else:
        op.execute("ALTER TABLE playbacks RESET (fillfactor)")
        op.create_foreign_key("fk_beats_playback_id", "beats", "playbacks", ["playback_id"], ["id"])
    op.execute("UPDATE playbacks SET live = NULL")
    op.drop_column("playbacks", "version")
    op.drop_index("ix_playbacks_open", table_name="playbacks")
    op.create_index(
        "ix_playbacks_open_heard", "playbacks", ["heard_at"], sqlite_where=OPEN, postgresql_where=OPEN
    )


def copy_beats(*, has_foreign_key: bool) -> None:
    """SQLite changes a table's keys only by copying it; the copy refuses changes like the first."""
    key = sa.ForeignKeyConstraint(["playback_id"], ["playbacks.id"], name=op.f("fk_beats_playback_id"))
    op.create_table(
        "beats_copy",
        sa.Column("playback_id", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        *([key] if has_foreign_key else []),
        sa.PrimaryKeyConstraint("playback_id", "seq", name=op.f("pk_beats")),
        sqlite_with_rowid=has_foreign_key,
    )
    op.execute("INSERT INTO beats_copy SELECT * FROM beats")
    op.drop_table("beats")
    op.rename_table("beats_copy", "beats")
    for statement in append_only_ddl("beats", "sqlite"):
        op.execute(statement)
