"""Enterprises' rosters, their uploads, and invitations.

Revision: 20261125_0023, after 20261125_0014
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment

revision = "20261125_0023"
down_revision = "20261125_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables."""
    op.create_table(
        "roster_lines",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.String(length=16), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("number_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("number_masked", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("department", sa.String(length=60), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.Column("declined_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_roster_lines_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_lines")),
        sa.UniqueConstraint(
            "organisation_id", "number_index", name=op.f("uq_roster_lines_organisation_id_number_index")
        ),
    )
    op.create_index(op.f("ix_roster_lines_number_index"), "roster_lines", ["number_index"])
    op.create_index(op.f("ix_roster_lines_department"), "roster_lines", ["department"])
    op.create_table(
        "roster_imports",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("bad_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("lines", "read_lines", "added", "changed", "same", "bad")),
        sa.Column("refusal", sa.JSON(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting','working','done','refused')", name=op.f("ck_roster_imports_state")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_roster_imports_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_imports")),
    )
    op.create_index(op.f("ix_roster_imports_organisation_id"), "roster_imports", ["organisation_id"])
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_invitations_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
    )
    op.create_index(op.f("ix_invitations_organisation_id"), "invitations", ["organisation_id"])


def downgrade() -> None:
    """Who said yes stays employed; what enterprises listed is gone."""
    for table in ("invitations", "roster_imports", "roster_lines"):
        op.drop_table(table)
