"""Who holds which post, what enterprises do, and which post and rule a requirement follows from.

Revision: 20261125_0018, after 20261125_0024
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0018"
down_revision = "20261125_0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables, and columns that are empty where an official entered a requirement."""
    industries()
    appointments()
    with op.batch_alter_table("requirements") as table:
        table.add_column(sa.Column("appointment_id", sa.String(length=16), nullable=True))
        table.add_column(sa.Column("rule_id", sa.String(length=16), nullable=True))
        table.add_column(sa.Column("trainee", sa.String(length=30), nullable=True))
        table.add_column(sa.Column("occasion", sa.String(length=20), nullable=True))
        table.add_column(sa.Column("due_on", sa.Date(), nullable=True))
        table.create_foreign_key(
            op.f("fk_requirements_appointment_id"), "appointments", ["appointment_id"], ["id"]
        )
        table.create_foreign_key(op.f("fk_requirements_rule_id"), "required_hours", ["rule_id"], ["id"])
        table.create_index(op.f("ix_requirements_appointment_id"), ["appointment_id"])


def industries() -> None:
    """What an enterprise does from a day on; rows are added and never changed."""
    op.create_table(
        "enterprise_industries",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.String(length=16), nullable=False),
        sa.Column("industry", sa.String(length=20), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("is_official", sa.Boolean(), nullable=False),
        sa.Column("entered_by", sa.String(length=16), nullable=False),
        sa.Column("entered_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_enterprise_industries_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_industries")),
    )
    op.create_index("ix_enterprise_industries_organisation_id", "enterprise_industries", ["organisation_id"])
    for statement in append_only_ddl("enterprise_industries", op.get_bind().dialect.name):
        op.execute(statement)


def appointments() -> None:
    """Posts held, dated."""
    op.create_table(
        "appointments",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("membership_id", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("trainee", sa.String(length=30), nullable=False),
        sa.Column("post", sa.String(length=60), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("trained_on", sa.Date(), nullable=True),
        sa.Column("appointed_by", sa.String(length=16), nullable=False),
        sa.Column("appointed_at", Moment(), nullable=False),
        sa.Column("ended_by", sa.String(length=16), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "trainee IN ('principal','safety_manager','special_operator','team_leader','other_employee')",
            name=op.f("ck_appointments_trainee"),
        ),
        sa.CheckConstraint("to_on IS NULL OR to_on >= from_on", name=op.f("ck_appointments_days")),
        sa.ForeignKeyConstraint(["membership_id"], ["memberships.id"], name=op.f("fk_appointments_membership_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_appointments_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
    )
    for name in ("membership_id", "organisation_id", "subject_key", "next_on"):
        op.create_index(op.f(f"ix_appointments_{name}"), "appointments", [name])


def downgrade() -> None:
    """What posts made somebody owe stays, as if an official had entered it."""
    with op.batch_alter_table("requirements") as table:
        table.drop_index(op.f("ix_requirements_appointment_id"))
        table.drop_constraint(op.f("fk_requirements_appointment_id"), type_="foreignkey")
        table.drop_constraint(op.f("fk_requirements_rule_id"), type_="foreignkey")
        for name in ("appointment_id", "rule_id", "trainee", "occasion", "due_on"):
            table.drop_column(name)
    op.drop_table("appointments")
    op.drop_table("enterprise_industries")
