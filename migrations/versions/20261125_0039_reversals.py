"""Certificates whose hours were taken back, and notices of them.

Revision: 20261125_0039, after 20261125_0019
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, WholeNumber

revision = "20261125_0039"
down_revision = "20261125_0019"
branch_labels = None
depends_on = None

NOTICES = (
    "class_accepted", "class_left_out", "claim_accepted", "claim_refused", "corrected", "voided", "appeal_acknowledged",
    "appeal_refused", "appeal_upheld", "assigned", "assigned_soon", "assigned_late",
)  # fmt: skip
MORE_NOTICES = ("certificate_less", "reversal_found")


def upgrade() -> None:
    """A new table, and two kinds of notices."""
    op.create_table(
        "certificate_reversals",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("certificate_id", sa.String(length=16), nullable=False),
        sa.Column("hours_num", WholeNumber(), nullable=False),
        sa.Column("hours_den", WholeNumber(), nullable=False),
        sa.Column("found_at", Moment(), nullable=False),
        sa.Column("kept_at", Moment(), nullable=True),
        sa.Column("kept_by", sa.String(length=16), nullable=True),
        sa.Column("kept_reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificates.id"], name=op.f("fk_certificate_reversals_certificate_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_reversals")),
    )
    op.create_index(op.f("ix_certificate_reversals_certificate_id"), "certificate_reversals", ["certificate_id"])
    notices(*NOTICES, *MORE_NOTICES)


def downgrade() -> None:
    """What was found is forgotten; it is not found again."""
    op.execute("DELETE FROM notices WHERE kind IN ('certificate_less', 'reversal_found')")
    notices(*NOTICES)
    op.drop_table("certificate_reversals")


def notices(*kinds: str) -> None:
    """Let notices be of these kinds."""
    with op.batch_alter_table("notices") as table:
        table.drop_constraint(op.f("ck_notices_kind"), type_="check")
        table.create_check_constraint(op.f("ck_notices_kind"), "kind IN (" + ",".join(f"'{kind}'" for kind in kinds) + ")")
