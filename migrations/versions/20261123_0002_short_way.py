"""How a lesson stands while it plays, beside its playback; an index for the sweep of silent ones.

Revision: 20261123_0002, after 20261123_0001
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_0002"
down_revision = "20261123_0001"
branch_labels = None
depends_on = None

OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    """Both are empty at first: the next beat of each playback takes the long way."""
    op.add_column("playbacks", sa.Column("live", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_playbacks_open_heard",
        "playbacks",
        ["heard_at"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    """Nothing but time is lost."""
    op.drop_index("ix_playbacks_open_heard", table_name="playbacks")
    op.drop_column("playbacks", "live")
