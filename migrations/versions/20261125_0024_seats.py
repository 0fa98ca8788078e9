"""Seats, assignments, and which enrolment stands on a seat.

Revision: 20261125_0024, after 20261125_0022
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment

revision = "20261125_0024"
down_revision = "20261125_0022"
branch_labels = None
depends_on = None

NOTICES = (
    "class_accepted", "class_left_out", "claim_accepted", "claim_refused", "corrected", "voided",
    "appeal_acknowledged", "appeal_refused", "appeal_upheld",
)  # fmt: skip
MORE_NOTICES = ("assigned", "assigned_soon", "assigned_late")


def upgrade() -> None:
    """Enrolments so far stand on no seat; their coverage is noted when they are next settled."""
    op.create_table(
        "seats",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.String(length=16), nullable=False),
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("edition_id", sa.String(length=16), nullable=False),
        sa.Column("order_line_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=True),
        sa.Column("used_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_seats_organisation_id")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_seats_course_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_seats_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seats")),
        sa.UniqueConstraint("order_line_id", "number", name=op.f("uq_seats_order_line_id_number")),
    )
    op.create_index("ix_seats_organisation_course", "seats", ["organisation_id", "course_id"])
    op.create_index(op.f("ix_seats_subject_key"), "seats", ["subject_key"])
    op.create_table(
        "assignments",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("seat_id", sa.String(length=16), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("assigned_by", sa.String(length=16), nullable=False),
        sa.Column("assigned_at", Moment(), nullable=False),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.Column("done_at", Moment(), nullable=True),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_assignments_organisation_id")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_assignments_course_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.id"], name=op.f("fk_assignments_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    standing = sa.text("withdrawn_at IS NULL")
    op.create_index(
        "ix_assignments_standing", "assignments", ["organisation_id", "subject_key", "course_id"],
        unique=True, sqlite_where=standing, postgresql_where=standing,
    )  # fmt: skip
    op.create_index("ix_assignments_subject", "assignments", ["subject_key"])
    op.create_index(op.f("ix_assignments_remind_on"), "assignments", ["remind_on"])
    with op.batch_alter_table("enrolments") as table:
        table.add_column(sa.Column("seat_id", sa.String(length=16), nullable=True))
        table.add_column(sa.Column("covered_permille", sa.Integer(), nullable=False, server_default="0"))
        table.create_foreign_key(op.f("fk_enrolments_seat_id"), "seats", ["seat_id"], ["id"])
        table.create_unique_constraint(op.f("uq_enrolments_seat_id"), ["seat_id"])
    with op.batch_alter_table("enrolments") as table:
        table.alter_column("covered_permille", server_default=None)
    notices(*NOTICES, *MORE_NOTICES)


def notices(*kinds: str) -> None:
    """Let notices be of these kinds."""
    with op.batch_alter_table("notices") as table:
        table.drop_constraint(op.f("ck_notices_kind"), type_="check")
        table.create_check_constraint(op.f("ck_notices_kind"), "kind IN (" + ",".join(f"'{kind}'" for kind in kinds) + ")")


def downgrade() -> None:
    """Enrolments stay; that an enterprise paid for them, and asked for them, is forgotten."""
    op.execute("DELETE FROM notices WHERE kind LIKE 'assigned%'")
    notices(*NOTICES)
    with op.batch_alter_table("enrolments") as table:
        table.drop_constraint(op.f("uq_enrolments_seat_id"), type_="unique")
        table.drop_constraint(op.f("fk_enrolments_seat_id"), type_="foreignkey")
        table.drop_column("covered_permille")
        table.drop_column("seat_id")
    op.drop_table("assignments")
    op.drop_table("seats")
