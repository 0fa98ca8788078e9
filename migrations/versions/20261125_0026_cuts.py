"""What the door cut of a playback, so that it can be shown and made up.

Revision: 20261125_0026, after 20261125_0027
"""

import sqlalchemy as sa
from alembic import op

revision = "20261125_0026"
down_revision = "20261125_0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is known of what was cut before."""
    op.add_column("playbacks", sa.Column("cuts", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Such pieces are shown as not watched yet, as before."""
    op.drop_column("playbacks", "cuts")
