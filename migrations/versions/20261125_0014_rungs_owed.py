"""Rungs that a watchable lesson is still owed.

Revision: 20261125_0014, after 20261125_0013
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment

revision = "20261125_0014"
down_revision = "20261125_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is ready so far has all of its rungs."""
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


def downgrade() -> None:
    """Lessons keep the rungs they have."""
    op.drop_table("rungs_owed")
