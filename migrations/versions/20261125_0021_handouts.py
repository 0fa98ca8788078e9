"""Handouts of lessons, in drafts and in editions.

Revision: 20261125_0021, after 20261125_0017
"""

import sqlalchemy as sa
from alembic import op

from media.base import append_only_ddl

revision = "20261125_0021"
down_revision = "20261125_0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables."""
    op.create_table(
        "lesson_handouts",
        sa.Column("lesson_id", sa.String(length=16), nullable=False),
        sa.Column("asset_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["lesson_id"], ["lessons.id"], name=op.f("fk_lesson_handouts_lesson_id")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_lesson_handouts_asset_id")),
        sa.PrimaryKeyConstraint("lesson_id", "asset_id", name=op.f("pk_lesson_handouts")),
    )
    op.create_index(op.f("ix_lesson_handouts_asset_id"), "lesson_handouts", ["asset_id"])
    op.create_table(
        "edition_handouts",
        sa.Column("edition_id", sa.String(length=16), nullable=False),
        sa.Column("lesson_id", sa.String(length=16), nullable=False),
        sa.Column("asset_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_edition_handouts_edition_id")),
        sa.ForeignKeyConstraint(["lesson_id"], ["lessons.id"], name=op.f("fk_edition_handouts_lesson_id")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_edition_handouts_asset_id")),
        sa.PrimaryKeyConstraint("edition_id", "lesson_id", "asset_id", name=op.f("pk_edition_handouts")),
    )
    op.create_index(op.f("ix_edition_handouts_asset_id"), "edition_handouts", ["asset_id"])
    for statement in append_only_ddl("edition_handouts", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Handouts are forgotten; their files stay."""
    op.drop_table("edition_handouts")
    op.drop_table("lesson_handouts")
