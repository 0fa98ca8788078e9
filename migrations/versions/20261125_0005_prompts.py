"""Presence prompts and their answers; a lesson's questions.

Revision: 20261125_0005, after 20261125_0004
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0005"
down_revision = "20261125_0004"
branch_labels = None
depends_on = None

NONE_YET = sa.text("'[]'")


def upgrade() -> None:
    """Playbacks that are open now are asked nothing; the next ones are."""
    op.add_column("playbacks", sa.Column("prompt_due_ms", sa.Integer(), nullable=True))
    for table in ("lessons", "edition_lessons"):
        op.add_column(table, sa.Column("questions", sa.JSON(), nullable=False, server_default=NONE_YET))
        if op.get_bind().dialect.name != "sqlite":
            op.alter_column(table, "questions", server_default=None)
    op.create_table(
        "prompts",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("playback_id", sa.String(length=16), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("shown_at", Moment(), nullable=False),
        sa.Column("answer_by", Moment(), nullable=False),
        sa.Column("question", sa.JSON(), nullable=True),
        sa.CheckConstraint("way IN ('tap','question','carried')", name=op.f("ck_prompts_way")),
        sa.ForeignKeyConstraint(["playback_id"], ["playbacks.id"], name=op.f("fk_prompts_playback_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompts")),
    )
    op.create_index("ix_prompts_playback_id", "prompts", ["playback_id"])
    op.create_table(
        "prompt_answers",
        sa.Column("prompt_id", sa.String(length=16), nullable=False),
        sa.Column("result", sa.String(length=8), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("result IN ('pass','fail','missed')", name=op.f("ck_prompt_answers_result")),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompts.id"], name=op.f("fk_prompt_answers_prompt_id")),
        sa.PrimaryKeyConstraint("prompt_id", name=op.f("pk_prompt_answers")),
    )
    for table in ("prompts", "prompt_answers"):
        for statement in append_only_ddl(table, op.get_bind().dialect.name):
            op.execute(statement)


def downgrade() -> None:
    """Prompts and questions are gone."""
    op.drop_table("prompt_answers")
    op.drop_index("ix_prompts_playback_id", table_name="prompts")
    op.drop_table("prompts")
    for table in ("lessons", "edition_lessons"):
        op.drop_column(table, "questions")
    op.drop_column("playbacks", "prompt_due_ms")
