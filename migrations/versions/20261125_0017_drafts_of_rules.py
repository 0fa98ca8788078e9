"""Drafts of rules, what officers did with them, and their simulations; who approved a version.

Revision: 20261125_0017, after 20261125_0018
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0017"
down_revision = "20261125_0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables; versions from before had one officer, and name no second."""
    op.add_column("policy_versions", sa.Column("approved_by", sa.String(length=16), nullable=True))
    op.create_table(
        "policy_drafts",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("jurisdiction_id", sa.String(length=16), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("document_title", sa.String(length=200), nullable=False),
        sa.Column("document_number", sa.String(length=80), nullable=False),
        sa.Column("document_text", sa.String(), nullable=False),
        sa.Column("is_example", sa.Boolean(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("prompts", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("drafted_by", sa.String(length=16), nullable=False),
        sa.Column("drafted_at", Moment(), nullable=False),
        sa.Column("version_id", sa.String(length=16), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft','submitted','returned','approved','withdrawn')", name=op.f("ck_policy_drafts_state")
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_policy_drafts_jurisdiction_id")
        ),
        sa.ForeignKeyConstraint(["version_id"], ["policy_versions.id"], name=op.f("fk_policy_drafts_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_drafts")),
        sa.UniqueConstraint("version_id", name=op.f("uq_policy_drafts_version_id")),
    )
    op.create_table(
        "policy_draft_steps",
        sa.Column("draft_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("to_state", sa.String(length=10), nullable=False),
        sa.Column("confirmed", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["policy_drafts.id"], name=op.f("fk_policy_draft_steps_draft_id")),
        sa.PrimaryKeyConstraint("draft_id", "number", name=op.f("pk_policy_draft_steps")),
    )
    for statement in append_only_ddl("policy_draft_steps", op.get_bind().dialect.name):
        op.execute(statement)
    op.create_table(
        "policy_simulations",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("draft_id", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("from_at", Moment(), nullable=False),
        sa.Column("to_at", Moment(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("lease_by", sa.String(length=16), nullable=True),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.Column("reached", sa.String(length=16), nullable=False),
        sa.Column("learners", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("sums", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.String(length=16), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_policy_simulations_period")),
        sa.CheckConstraint(
            "state IN ('waiting','working','done','failed')", name=op.f("ck_policy_simulations_state")
        ),
        sa.ForeignKeyConstraint(["draft_id"], ["policy_drafts.id"], name=op.f("fk_policy_simulations_draft_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_simulations")),
    )
    op.create_index("ix_policy_simulations_draft", "policy_simulations", ["draft_id", "asked_at"])
    op.create_index("ix_policy_simulations_state", "policy_simulations", ["state"])


def downgrade() -> None:
    """Versions stay; who approved them is forgotten."""
    op.drop_table("policy_simulations")
    op.drop_table("policy_draft_steps")
    op.drop_table("policy_drafts")
    op.drop_column("policy_versions", "approved_by")
