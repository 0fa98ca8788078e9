"""Calls for courses, answers, marks, and public licences.

Revision: 20261125_0027, after 20261125_0020
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0027"
down_revision = "20261125_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables."""
    op.create_table(
        "calls",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("jurisdiction_id", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("wanted", sa.String(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.String(length=16), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("decided_by", sa.String(length=16), nullable=True),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_calls_jurisdiction_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index(op.f("ix_calls_jurisdiction_id"), "calls", ["jurisdiction_id"])
    op.create_table(
        "call_answers",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("call_id", sa.String(length=16), nullable=False),
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("institution_id", sa.String(length=16), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("answered_by", sa.String(length=16), nullable=False),
        sa.Column("answered_at", Moment(), nullable=False),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_call_answers_price_minor")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_answers_call_id")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_call_answers_course_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["organisations.id"], name=op.f("fk_call_answers_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_answers")),
        sa.UniqueConstraint("call_id", "course_id", name=op.f("uq_call_answers_call_id_course_id")),
    )
    op.create_index(op.f("ix_call_answers_institution_id"), "call_answers", ["institution_id"])
    op.create_table(
        "call_scores",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("answer_id", sa.String(length=16), nullable=False),
        sa.Column("juror", sa.String(length=16), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("content", "teaching", "phone")),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint(
            "content BETWEEN 1 AND 5 AND teaching BETWEEN 1 AND 5 AND phone BETWEEN 1 AND 5",
            name=op.f("ck_call_scores_marks"),
        ),
        sa.ForeignKeyConstraint(["answer_id"], ["call_answers.id"], name=op.f("fk_call_scores_answer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_scores")),
        sa.UniqueConstraint("answer_id", "juror", name=op.f("uq_call_scores_answer_id_juror")),
    )
    op.create_table(
        "public_licences",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("jurisdiction_id", sa.String(length=16), nullable=False),
        sa.Column("answer_id", sa.String(length=16), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.String(length=16), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.CheckConstraint("until_on > from_on", name=op.f("ck_public_licences_days")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_public_licences_course_id")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_public_licences_jurisdiction_id")
        ),
        sa.ForeignKeyConstraint(["answer_id"], ["call_answers.id"], name=op.f("fk_public_licences_answer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_licences")),
        sa.UniqueConstraint("answer_id", name=op.f("uq_public_licences_answer_id")),
    )
    op.create_index("ix_public_licences_course", "public_licences", ["course_id"])
    for statement in append_only_ddl("public_licences", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """What was bought for the public is forgotten; who enrolled stays enrolled."""
    for table in ("public_licences", "call_scores", "call_answers", "calls"):
        op.drop_table(table)
