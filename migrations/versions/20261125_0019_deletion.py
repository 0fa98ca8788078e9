"""Retention periods with the figures known, deletion requests, and what is left of somebody forgotten.

Revision: 20261125_0019, after 20261125_0021
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0019"
down_revision = "20261125_0021"
branch_labels = None
depends_on = None

ENTERED_AT = datetime(2026, 11, 25, tzinfo=UTC)
SOURCED, KNOWN, ASSUMED = "sourced", "general_knowledge", "assumed"
JIANGXI = "赣应急字〔2024〕24号第十五条 [6]；煤矿培训档案材料 [15]"
# about, years, source, mark
NATIONAL = (
    ("special_operator", 6, JIANGXI, SOURCED),
    ("principal", 3, JIANGXI, SOURCED),
    ("safety_manager", 3, JIANGXI, SOURCED),
    ("team_leader", 3, "未见统一规定，按其他从业人员", KNOWN),
    ("other_employee", 3, "煤矿安全培训规定（令第92号）[15]；其他行业未见统一规定", KNOWN),
    ("class", 6, "未见统一规定，按学员中最长的期限", ASSUMED),
)
FORGOTTEN = (
    "EXISTS (SELECT 1 FROM claims JOIN subjects ON subjects.key = claims.subject_key "
    "WHERE claims.id = OLD.about AND subjects.person_id IS NULL)"
)


def upgrade() -> None:
    """New tables; files of claims get the one way in which their names may go."""
    op.add_column("persons", sa.Column("restricted_at", Moment(), nullable=True))
    op.add_column("subjects", sa.Column("jurisdiction_id", sa.String(length=16), nullable=True))
    op.add_column("subjects", sa.Column("forgotten_at", Moment(), nullable=True))
    periods()
    op.create_table(
        "deletion_requests",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("stripped_at", Moment(), nullable=True),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("delete_after", sa.Date(), nullable=True),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.Column("purged_at", Moment(), nullable=True),
        sa.Column("files_left", sa.JSON(), nullable=False),
        sa.Column("cleared_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subject_key"], ["subjects.key"], name=op.f("fk_deletion_requests_subject_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion_requests")),
    )
    op.create_index(op.f("ix_deletion_requests_subject_key"), "deletion_requests", ["subject_key"])
    drop_triggers()
    execute(append_only_ddl("evidence_files", op.get_bind().dialect.name, unless=FORGOTTEN))


def periods() -> None:
    """The periods that are known."""
    table = op.create_table(
        "retention_periods",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("about", sa.String(length=20), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("mark", sa.String(length=20), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("supersedes_id", sa.String(length=16), nullable=True),
        sa.Column("entered_by", sa.String(length=16), nullable=True),
        sa.Column("entered_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "about IN ('principal','safety_manager','special_operator','team_leader','other_employee','class')",
            name=op.f("ck_retention_periods_about"),
        ),
        sa.CheckConstraint("years > 0", name=op.f("ck_retention_periods_years")),
        sa.CheckConstraint(
            "mark IN ('sourced','general_knowledge','assumed')", name=op.f("ck_retention_periods_mark")
        ),
        sa.CheckConstraint(
            "(supersedes_id IS NULL) = (from_on IS NULL)", name=op.f("ck_retention_periods_from_on")
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"], ["retention_periods.id"], name=op.f("fk_retention_periods_supersedes_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_periods")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_retention_periods_supersedes_id")),
    )
    op.bulk_insert(
        table,
        [
            {"id": f"retain{number:010d}", "about": about, "years": years, "source": source, "mark": mark, "entered_at": ENTERED_AT}
            for number, (about, years, source, mark) in enumerate(NATIONAL, 1)
        ],
    )
    execute(append_only_ddl("retention_periods", op.get_bind().dialect.name))


def downgrade() -> None:
    """Whoever was forgotten does not come back."""
    dialect = op.get_bind().dialect.name
    drop_triggers()
    op.drop_table("deletion_requests")
    op.drop_table("retention_periods")
    op.drop_column("subjects", "forgotten_at")
    op.drop_column("subjects", "jurisdiction_id")
    op.drop_column("persons", "restricted_at")
    execute(append_only_ddl("evidence_files", dialect))
    if dialect == "postgresql":
        op.execute("DROP FUNCTION refuse_removal_of_evidence_files()")


def drop_triggers() -> None:
    """The triggers of evidence files, whichever there are."""
    names = ("refuse_update", "refuse_delete") if op.get_bind().dialect.name == "sqlite" else ("refuse_change", "refuse_removal")
    on = "" if op.get_bind().dialect.name == "sqlite" else " ON evidence_files"
    for name in names:
        op.execute(f"DROP TRIGGER IF EXISTS evidence_files_{name}{on}")


def execute(statements: list[str]) -> None:
    """One after the other."""
    for statement in statements:
        op.execute(statement)
