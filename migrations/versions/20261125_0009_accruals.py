"""What finished groups of enrolments came to, kept; and what the nightly check found.

Revision: 20261125_0009, after 20261125_0008
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0009"
down_revision = "20261125_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is kept at first: each account's next settling does."""
    op.create_table(
        "accruals",
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("enrolment_id", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("subject_key", "enrolment_id", name=op.f("pk_accruals")),
    )
    op.create_table(
        "ledger_differences",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("what", sa.String(length=500), nullable=False),
        sa.Column("found_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_differences")),
    )
    op.create_index("ix_ledger_differences_subject_key", "ledger_differences", ["subject_key"])
    op.create_index("ix_ledger_differences_found_at", "ledger_differences", ["found_at"])
    op.add_column("ledger_accounts", sa.Column("checked_at", Moment(), nullable=True))
    for statement in append_only_ddl("ledger_differences", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Nothing of it is a truth of its own."""
    op.drop_table("ledger_differences")
    op.drop_table("accruals")
    with op.batch_alter_table("ledger_accounts") as batch:
        batch.drop_column("checked_at")
