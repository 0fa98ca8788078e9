"""Certificates, and leaves of the log that are no entry's.

Revision: 20261125_0013, after 20261125_0011
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, WholeNumber, append_only_ddl

revision = "20261125_0013"
down_revision = "20261125_0011"
branch_labels = None
depends_on = None

TABLES = ("certificates", "certificate_seals", "certificate_printings", "certificate_revocations")
WHOSE = (
    "(entry_id IS NOT NULL AND salt IS NOT NULL AND other_id IS NULL) OR "
    "(entry_id IS NULL AND salt IS NULL AND other_id IS NOT NULL)"
)


def upgrade() -> None:
    """Leaves that are there stay as they are."""
    op.create_table(
        "log_waiting_leaves",
        sa.Column("other_id", sa.String(length=16), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("other_id", name=op.f("pk_log_waiting_leaves")),
    )
    unguarded()
    with op.batch_alter_table("log_leaves") as table:
        table.alter_column("entry_id", existing_type=sa.String(length=16), nullable=True)
        table.alter_column("salt", existing_type=sa.LargeBinary(length=32), nullable=True)
        table.add_column(sa.Column("other_id", sa.String(length=16), nullable=True))
        table.create_unique_constraint(op.f("uq_log_leaves_other_id"), ["other_id"])
        table.create_check_constraint(op.f("ck_log_leaves_whose"), WHOSE)
    guard("log_leaves")
    certificates()
    papers()
    for table_name in TABLES:
        guard(table_name)


def certificates() -> None:
    """The rows, and whose they are."""
    op.create_table(
        "certificates",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("hours_num", WholeNumber(), nullable=False),
        sa.Column("hours_den", WholeNumber(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("issued_at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('statement','course','requirement')", name=op.f("ck_certificates_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
    )
    op.create_index("ix_certificates_subject_issued", "certificates", ["subject_key", "issued_at"])
    op.create_table(
        "certificate_holders",
        sa.Column("certificate_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("document", sa.String(length=40), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("claim", sa.String(), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        *belongs("certificate_holders"),
    )


def papers() -> None:
    """Where each is sealed, that it was printed, and that it was taken back."""
    op.create_table(
        "certificate_seals",
        sa.Column("certificate_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        *belongs("certificate_seals"),
        sa.ForeignKeyConstraint(["size"], ["log_checkpoints.size"], name=op.f("fk_certificate_seals_size")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_seals_number")),
    )
    op.create_table(
        "certificate_printings",
        sa.Column("certificate_id", sa.String(length=16), nullable=False),
        sa.Column("pdf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        *belongs("certificate_printings"),
    )
    op.create_table(
        "certificate_revocations",
        sa.Column("certificate_id", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("official_key", sa.String(length=16), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        *belongs("certificate_revocations"),
    )


def belongs(table: str) -> list[sa.Constraint]:
    """One row for a certificate."""
    return [
        sa.ForeignKeyConstraint(["certificate_id"], ["certificates.id"], name=op.f(f"fk_{table}_certificate_id")),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f(f"pk_{table}")),
    ]


def guard(table: str) -> None:
    """The triggers that refuse change."""
    for statement in append_only_ddl(table, op.get_bind().dialect.name):
        op.execute(statement)


def unguarded() -> None:
    """Takes the guard of `log_leaves` away while SQLite makes the table anew."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER log_leaves_refuse_{verb}")
    else:
        op.execute("DROP TRIGGER log_leaves_refuse_change ON log_leaves")


def downgrade() -> None:
    """Refused where certificates are leaves of the log: no leaf may ever go."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM log_leaves WHERE other_id IS NOT NULL")):
        raise RuntimeError("Certificates are sealed in the log, which cannot be taken back.")
    for table in ("certificate_holders", *reversed(TABLES)):
        op.drop_table(table)
    unguarded()
    with op.batch_alter_table("log_leaves") as table:
        table.drop_constraint(op.f("ck_log_leaves_whose"), type_="check")
        table.drop_constraint(op.f("uq_log_leaves_other_id"), type_="unique")
        table.drop_column("other_id")
        table.alter_column("salt", existing_type=sa.LargeBinary(length=32), nullable=False)
        table.alter_column("entry_id", existing_type=sa.String(length=16), nullable=False)
    guard("log_leaves")
    op.drop_table("log_waiting_leaves")
