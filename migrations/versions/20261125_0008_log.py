"""The ledger's log: leaves, tiles, checkpoints and cosignatures.

Revision: 20261125_0008, after 20261125_0007
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0008"
down_revision = "20261125_0007"
branch_labels = None
depends_on = None

TABLES = ("log_leaves", "log_tiles", "log_checkpoints", "log_cosignatures")


def upgrade() -> None:
    """Entries written so far become leaves by the sweep."""
    op.create_table(
        "log_waiting",
        sa.Column("entry_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_log_waiting_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_log_waiting")),
    )
    op.execute("INSERT INTO log_waiting (entry_id) SELECT id FROM entries")
    op.create_table(
        "log_leaves",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.String(length=16), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_log_leaves_entry_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_leaves")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_log_leaves_entry_id")),
    )
    op.create_table(
        "log_tiles",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_log_tiles")),
    )
    op.create_table(
        "log_checkpoints",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("signed_at", Moment(), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_log_checkpoints_size")),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_checkpoints")),
    )
    op.create_table(
        "log_cosignatures",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("witness", sa.String(length=300), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["size"], ["log_checkpoints.size"], name=op.f("fk_log_cosignatures_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_cosignatures")),
        sa.UniqueConstraint("size", "witness", name=op.f("uq_log_cosignatures_size_witness")),
    )
    for table in TABLES:
        for statement in append_only_ddl(table, op.get_bind().dialect.name):
            op.execute(statement)


def downgrade() -> None:
    """The log is gone; what others kept of it stays."""
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_table("log_waiting")
