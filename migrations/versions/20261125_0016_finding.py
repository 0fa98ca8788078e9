"""Words of courses are numbered; what people keep of the catalogue.

Revision: 20261125_0016, after 20261125_0012
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment

revision = "20261125_0016"
down_revision = "20261125_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The words are written otherwise now: emptied, the sweep or `reindex` fills them again."""
    op.execute("DELETE FROM course_words")
    with op.batch_alter_table("course_words") as table:
        table.add_column(sa.Column("number", sa.Integer(), sa.Identity(minvalue=0, start=0), nullable=False))
        table.create_unique_constraint(op.f("uq_course_words_number"), ["number"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX ix_course_words_words SET (fastupdate = off)")
    op.create_table(
        "kept_courses",
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("list_name", sa.String(length=12), nullable=False),
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("list_name IN ('favourites','next')", name=op.f("ck_kept_courses_list_name")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_kept_courses_course_id")),
        sa.ForeignKeyConstraint(["subject_key"], ["subjects.key"], name=op.f("fk_kept_courses_subject_key")),
        sa.PrimaryKeyConstraint("subject_key", "list_name", "course_id", name=op.f("pk_kept_courses")),
    )


def downgrade() -> None:
    """As before, to be filled again."""
    op.drop_table("kept_courses")
    op.execute("DELETE FROM course_words")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX ix_course_words_words RESET (fastupdate)")
    with op.batch_alter_table("course_words") as table:
        table.drop_constraint(op.f("uq_course_words_number"), type_="unique")
        table.drop_column("number")
