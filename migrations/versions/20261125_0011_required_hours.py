"""Required hours, with the national figures as far as they are known.

Revision: 20261125_0011, after 20261125_0016
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from media.base import Moment, WholeNumber, append_only_ddl

revision = "20261125_0011"
down_revision = "20261125_0016"
branch_labels = None
depends_on = None

SOURCED, KNOWN = "sourced", "general_knowledge"
ENTERED_AT = datetime(2026, 11, 25, tzinfo=UTC)
ART = "生产经营单位安全培训规定（原安监总局令第3号）"
OUTLINE = "非高危行业生产经营单位主要负责人与安全生产管理人员安全生产培训大纲和考核标准"
REVIEW = "特种作业人员安全技术培训考核管理规定（令第30号）"
UNKNOWN = "未见全国统一规定"
# trainee, occasion, risk, hours, period, shortest and longest interval, grace (months), source, mark
NATIONAL = (
    *(
        row
        for who in ("principal", "safety_manager")
        for row in (
            (who, "initial", "ordinary", 32, None, None, None, 6, f"{ART}；期限见《{OUTLINE}》 [2][3][7][11]", SOURCED),
            (who, "annual_retrain", "ordinary", 12, 12, 6, 18, None, f"{ART}；间隔见《{OUTLINE}》 [2][3][7][11]", SOURCED),
            (who, "initial", "high", 48, None, None, None, None, f"{ART} [2][3]", SOURCED),
            (who, "annual_retrain", "high", 16, 12, None, None, None, f"{ART} [2][3]", SOURCED),
        )
    ),
    ("other_employee", "initial", "ordinary", 24, None, None, None, None, f"{ART} [5]", SOURCED),
    ("other_employee", "annual_retrain", "ordinary", None, 12, None, None, None, UNKNOWN, KNOWN),
    ("other_employee", "initial", "high", 72, None, None, None, None, f"{ART} [2][5]", SOURCED),
    ("other_employee", "annual_retrain", "high", 20, 12, None, None, None, f"{ART} [2][5]", SOURCED),
    *(
        row
        for risk in ("ordinary", "high")
        for row in (
            ("special_operator", "initial", risk, None, None, None, None, None, "按各准操项目培训大纲", KNOWN),
            ("special_operator", "cert_review", risk, 8, 36, None, None, None, f"{REVIEW} [9]", SOURCED),
            ("team_leader", "initial", risk, None, None, None, None, None, UNKNOWN, KNOWN),
            ("team_leader", "annual_retrain", risk, None, 12, None, None, None, UNKNOWN, KNOWN),
        )
    ),
)


def table() -> sa.Table:
    """The new table."""
    return op.create_table(
        "required_hours",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("trainee", sa.String(length=30), nullable=False),
        sa.Column("occasion", sa.String(length=20), nullable=False),
        sa.Column("risk", sa.String(length=10), nullable=False),
        *(
            sa.Column(name, WholeNumber(), nullable=True)
            for name in ("hours_num", "hours_den", "practical_num", "practical_den")
        ),
        *(
            sa.Column(name, sa.Integer(), nullable=True)
            for name in ("period_months", "min_interval_months", "max_interval_months", "grace_months")
        ),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("mark", sa.String(length=20), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("supersedes_id", sa.String(length=16), nullable=True),
        sa.Column("entered_by", sa.String(length=16), nullable=True),
        sa.Column("entered_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "trainee IN ('principal','safety_manager','special_operator','team_leader','other_employee')",
            name=op.f("ck_required_hours_trainee"),
        ),
        sa.CheckConstraint(
            "occasion IN ('initial','annual_retrain','cert_review')", name=op.f("ck_required_hours_occasion")
        ),
        sa.CheckConstraint("risk IN ('ordinary','high')", name=op.f("ck_required_hours_risk")),
        sa.CheckConstraint(
            "mark IN ('sourced','general_knowledge','assumed')", name=op.f("ck_required_hours_mark")
        ),
        sa.CheckConstraint(
            "(supersedes_id IS NULL) = (from_on IS NULL)", name=op.f("ck_required_hours_from_on")
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"], ["required_hours.id"], name=op.f("fk_required_hours_supersedes_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_required_hours")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_required_hours_supersedes_id")),
    )


def upgrade() -> None:
    """The national figures stand in it from the start; a city supersedes them."""
    op.bulk_insert(
        table(),
        [
            {
                "id": f"national-{number:02}", "trainee": who, "occasion": occasion, "risk": risk,
                "hours_num": hours, "hours_den": None if hours is None else 1, "period_months": period,
                "min_interval_months": shortest, "max_interval_months": longest, "grace_months": grace,
                "source": source, "mark": mark, "entered_at": ENTERED_AT,
            }
            for number, (who, occasion, risk, hours, period, shortest, longest, grace, source, mark)
            in enumerate(NATIONAL, start=1)
        ],
    )
    for statement in append_only_ddl("required_hours", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """What a city entered goes with it."""
    op.drop_table("required_hours")
