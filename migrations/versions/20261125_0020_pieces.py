"""What a video still needs is cut into pieces, each with its own lease.

Revision: 20261125_0020, after 20261125_0039
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment

revision = "20261125_0020"
down_revision = "20261125_0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A lesson that was owed rungs is owed them in one piece."""
    op.add_column("assets", sa.Column("begun_at", Moment(), nullable=True))
    op.create_table(
        "pieces",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("asset_id", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(length=10), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("progress_permille", sa.Integer(), nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("lease_by", sa.String(length=40), nullable=True),
        sa.Column("begun_at", Moment(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("last_error", sa.String(length=60), nullable=True),
        sa.Column("last_log", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.CheckConstraint("step IN ('first','further','after')", name=op.f("ck_pieces_step")),
        sa.CheckConstraint("task IN ('rungs','sound','chunk','join','drop')", name=op.f("ck_pieces_task")),
        sa.CheckConstraint("state IN ('waiting','working','done','failed')", name=op.f("ck_pieces_state")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_pieces_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pieces")),
        sa.UniqueConstraint("asset_id", "step", "number", name=op.f("uq_pieces_asset_id_step_number")),
    )
    op.create_index(op.f("ix_pieces_asset_id"), "pieces", ["asset_id"])
    op.create_index(op.f("ix_pieces_state"), "pieces", ["state"])
    op.execute(
        "INSERT INTO pieces (id, asset_id, step, number, task, from_ms, state, progress_permille, attempts,"
        " last_error, last_log, created_at)"
        " SELECT asset_id, asset_id, 'further', 0, 'rungs', 0,"
        " CASE WHEN attempts < 6 THEN 'waiting' ELSE 'failed' END, 0, 0, last_error, last_log, created_at"
        " FROM rungs_owed"
    )
    op.drop_table("rungs_owed")


def downgrade() -> None:
    """Lessons that play are owed their rungs as a whole; what does not play yet is begun anew."""
    op.create_table(
        "rungs_owed",
        sa.Column("asset_id", sa.String(length=16), nullable=False),
        sa.Column("progress_permille", sa.Integer(), nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("lease_by", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("last_error", sa.String(length=60), nullable=True),
        sa.Column("last_log", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_rungs_owed_asset_id")),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_rungs_owed")),
    )
    op.execute(
        "INSERT INTO rungs_owed (asset_id, progress_permille, attempts, last_log, created_at)"
        " SELECT asset_id, 0, 0, '', min(created_at) FROM pieces WHERE step = 'further' GROUP BY asset_id"
    )
    op.execute(
        "UPDATE assets SET state = 'waiting' WHERE state = 'working'"
        " AND id IN (SELECT asset_id FROM pieces WHERE step = 'first')"
    )
    op.drop_table("pieces")
    op.drop_column("assets", "begun_at")
