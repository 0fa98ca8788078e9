"""Photos that answer a presence prompt, and reads of them.

Revision: 20261125_0006, after 20261125_0005
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0006"
down_revision = "20261125_0005"
branch_labels = None
depends_on = None

READS = ("search", "record", "playback", "statement", "evidence", "requirement")


def upgrade() -> None:
    """Prompts so far take no photo."""
    op.add_column("prompts", sa.Column("is_face", sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("prompts", "is_face", server_default=None)
    op.create_table(
        "face_checks",
        sa.Column("prompt_id", sa.String(length=16), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(length=80), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint('distance >= 0 AND "limit" >= 0', name=op.f("ck_face_checks_score")),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompts.id"], name=op.f("fk_face_checks_prompt_id")),
        sa.PrimaryKeyConstraint("prompt_id", name=op.f("pk_face_checks")),
    )
    op.create_index("ix_face_checks_fingerprint", "face_checks", ["fingerprint"])
    op.create_table(
        "face_pictures",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("prompt_id", sa.String(length=16), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("taken_at", Moment(), nullable=False),
        sa.Column("delete_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["subject_key"], ["subjects.key"], name=op.f("fk_face_pictures_subject_key")),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompts.id"], name=op.f("fk_face_pictures_prompt_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_face_pictures")),
    )
    for column in ("subject_key", "prompt_id", "delete_at"):
        op.create_index(f"ix_face_pictures_{column}", "face_pictures", [column])
    execute(append_only_ddl("face_checks", op.get_bind().dialect.name))
    allow(*READS, "face")


def downgrade() -> None:
    """Scores and rows are gone; files below `faces/` in the store are to be deleted by hand."""
    allow(*READS, former="WHERE what <> 'face'")
    op.drop_table("face_pictures")
    op.drop_table("face_checks")
    op.drop_column("prompts", "is_face")


def allow(*reads: str, former: str = "") -> None:
    """What a read of a record may be of. SQLite cannot change a check: the table is made anew.

    `former` says which rows stay; on the way down a read of photos cannot be told any more.
    """
    condition = f"what IN ({','.join(repr(read) for read in reads)})"
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP TRIGGER record_accesses_refuse_change ON record_accesses")
        if former:
            op.execute("DELETE FROM record_accesses WHERE what = 'face'")
        op.drop_constraint(op.f("ck_record_accesses_what"), "record_accesses", type_="check")
        op.create_check_constraint(op.f("ck_record_accesses_what"), "record_accesses", condition)
        execute(append_only_ddl("record_accesses", "postgresql"))
        return
    op.create_table(
        "record_accesses_anew",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("official_key", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint(condition, name=op.f("ck_record_accesses_what")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_accesses")),
    )
    columns = "id, official_key, subject_key, what, reason, at"
    op.execute(f"INSERT INTO record_accesses_anew ({columns}) SELECT {columns} FROM record_accesses {former}")  # noqa: S608
    op.drop_table("record_accesses")
    op.rename_table("record_accesses_anew", "record_accesses")
    op.create_index("ix_record_accesses_official_key", "record_accesses", ["official_key"])
    op.create_index("ix_record_accesses_subject_at", "record_accesses", ["subject_key", "at"])
    execute(append_only_ddl("record_accesses", "sqlite"))


def execute(statements: list[str]) -> None:
    """One after the other."""
    for statement in statements:
        op.execute(statement)
