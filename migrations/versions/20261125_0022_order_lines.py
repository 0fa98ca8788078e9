"""Orders of several lines, whatever was paid, and the books.

Revision: 20261125_0022, after 20261125_0023
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0022"
down_revision = "20261125_0023"
branch_labels = None
depends_on = None

STATES = "state IN ('open','paid','expired','cancelled','refunded')"
OLD_STATES = "state IN ('open','paid','expired','cancelled')"
GUARDED = ("payments", "book_moves")


def upgrade() -> None:
    """Each order there is becomes one of one line, under the order's own name; what was paid is booked."""
    lines()
    op.execute(
        "INSERT INTO order_lines (id, order_id, position, course_id, edition, institution_id, title, quantity,"
        " unit_minor, discount_minor, currency) SELECT o.id, o.id, 0, o.course_id, o.edition, c.organisation_id, o.title, 1,"
        " o.amount_minor, 0, o.currency FROM orders o JOIN courses c ON c.id = o.course_id"
    )
    money()
    op.execute(
        "INSERT INTO payments (id, method, order_id, amount_minor, currency, outcome, received_at)"
        " SELECT coalesce(checkout_id, id), 'provider', id, amount_minor, currency, 'paid', paid_at"
        " FROM orders WHERE state = 'paid'"
    )
    op.execute(
        "INSERT INTO book_moves (id, cause, about, debit, credit, amount_minor, currency, at)"
        " SELECT l.id, 'payment', coalesce(o.checkout_id, o.id), 'provider', 'owed/' || l.institution_id,"
        " o.amount_minor, o.currency, o.paid_at"
        " FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.state = 'paid'"
    )
    for table in GUARDED:
        for statement in append_only_ddl(table, op.get_bind().dialect.name):
            op.execute(statement)
    with op.batch_alter_table("enrolments") as table:
        table.drop_constraint("fk_enrolments_order_id", type_="foreignkey")
        table.drop_constraint("uq_enrolments_order_id", type_="unique")
        table.alter_column("order_id", new_column_name="order_line_id", existing_type=sa.String(length=16))
    with op.batch_alter_table("enrolments") as table:
        table.create_unique_constraint(op.f("uq_enrolments_order_line_id"), ["order_line_id"])
        table.create_foreign_key(op.f("fk_enrolments_order_line_id"), "order_lines", ["order_line_id"], ["id"])
    with op.batch_alter_table("orders") as table:
        table.drop_index("ix_orders_course_id")
        table.drop_index("ix_orders_subject_course")
        table.drop_constraint("fk_orders_course_id", type_="foreignkey")
        table.drop_constraint(op.f("ck_orders_state"), type_="check")
        table.drop_constraint(op.f("ck_orders_amount_minor"), type_="check")
        table.drop_column("course_id")
        table.drop_column("edition")
        table.drop_column("title")
        table.add_column(sa.Column("organisation_id", sa.String(length=16), nullable=True))
        table.add_column(sa.Column("method", sa.String(length=12), nullable=False, server_default="provider"))
    with op.batch_alter_table("orders") as table:
        table.alter_column("method", server_default=None, existing_type=sa.String(length=12))
        table.create_check_constraint(op.f("ck_orders_state"), STATES)
        table.create_check_constraint(op.f("ck_orders_method"), "method IN ('provider','transfer','free')")
        table.create_check_constraint(op.f("ck_orders_amount_minor"), "amount_minor >= 0")
        table.create_foreign_key(op.f("fk_orders_organisation_id"), "organisations", ["organisation_id"], ["id"])
        table.create_index(op.f("ix_orders_organisation_id"), ["organisation_id"])
        table.create_index("ix_orders_subject_opened", ["subject_key", "opened_at"])


def lines() -> None:
    """What is ordered."""
    op.create_table(
        "order_lines",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("order_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("coupon_id", sa.String(length=16), nullable=True),
        sa.CheckConstraint("quantity >= 1", name=op.f("ck_order_lines_quantity")),
        sa.CheckConstraint(
            "unit_minor >= 0 AND discount_minor >= 0 AND discount_minor <= unit_minor * quantity",
            name=op.f("ck_order_lines_amounts"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_order_lines_course_id")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["organisations.id"], name=op.f("fk_order_lines_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
    )
    for column in ("order_id", "course_id", "institution_id", "coupon_id"):
        op.create_index(op.f(f"ix_order_lines_{column}"), "order_lines", [column])


def money() -> None:
    """What came in, and the journal."""
    op.create_table(
        "payments",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("method", sa.String(length=12), nullable=False),
        sa.Column("order_id", sa.String(length=16), nullable=True),
        sa.Column("intent_id", sa.String(length=120), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payments_amount_minor")),
        sa.CheckConstraint("method IN ('provider','transfer')", name=op.f("ck_payments_method")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    op.create_index(op.f("ix_payments_order_id"), "payments", ["order_id"])
    op.create_index(op.f("ix_payments_intent_id"), "payments", ["intent_id"])
    op.create_table(
        "book_moves",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("about", sa.String(length=120), nullable=False),
        sa.Column("debit", sa.String(length=30), nullable=False),
        sa.Column("credit", sa.String(length=30), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_book_moves_amount_minor")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_book_moves_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book_moves")),
        sa.UniqueConstraint("cause", "about", "debit", "credit", name=op.f("uq_book_moves_cause_about_debit_credit")),
    )
    op.create_index("ix_book_moves_debit", "book_moves", ["debit", "currency"])
    op.create_index("ix_book_moves_credit", "book_moves", ["credit", "currency"])


def downgrade() -> None:
    """Refused where an order has more than the old table could say."""
    if op.get_bind().scalar(
        sa.text(
            "SELECT count(*) FROM orders o WHERE o.state = 'refunded' OR o.amount_minor = 0 OR"
            " (SELECT count(*) FROM order_lines l WHERE l.order_id = o.id) <> 1"
        )
    ):
        raise RuntimeError("There are orders that the older version does not know.")
    with op.batch_alter_table("orders") as table:
        table.drop_index("ix_orders_subject_opened")
        table.drop_index(op.f("ix_orders_organisation_id"))
        table.drop_constraint(op.f("fk_orders_organisation_id"), type_="foreignkey")
        table.drop_constraint(op.f("ck_orders_method"), type_="check")
        table.drop_constraint(op.f("ck_orders_state"), type_="check")
        table.drop_constraint(op.f("ck_orders_amount_minor"), type_="check")
        table.drop_column("organisation_id")
        table.drop_column("method")
        table.add_column(sa.Column("course_id", sa.String(length=16), nullable=False, server_default=""))
        table.add_column(sa.Column("edition", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("title", sa.String(length=120), nullable=False, server_default=""))
    for column in ("course_id", "edition", "title"):
        op.execute(
            f"UPDATE orders SET {column} = (SELECT l.{column} FROM order_lines l WHERE l.order_id = orders.id)"  # noqa: S608
        )
    with op.batch_alter_table("enrolments") as table:
        table.drop_constraint(op.f("fk_enrolments_order_line_id"), type_="foreignkey")
        table.drop_constraint(op.f("uq_enrolments_order_line_id"), type_="unique")
        table.alter_column("order_line_id", new_column_name="order_id", existing_type=sa.String(length=16))
    op.execute("UPDATE enrolments SET order_id = (SELECT l.order_id FROM order_lines l WHERE l.id = enrolments.order_id)")
    with op.batch_alter_table("orders") as table:
        table.alter_column("course_id", server_default=None, existing_type=sa.String(length=16))
        table.alter_column("edition", server_default=None, existing_type=sa.Integer())
        table.alter_column("title", server_default=None, existing_type=sa.String(length=120))
        table.create_check_constraint(op.f("ck_orders_state"), OLD_STATES)
        table.create_check_constraint(op.f("ck_orders_amount_minor"), "amount_minor > 0")
        table.create_foreign_key(op.f("fk_orders_course_id"), "courses", ["course_id"], ["id"])
        table.create_index(op.f("ix_orders_course_id"), ["course_id"])
        table.create_index("ix_orders_subject_course", ["subject_key", "course_id"])
    with op.batch_alter_table("enrolments") as table:
        table.create_unique_constraint(op.f("uq_enrolments_order_id"), ["order_id"])
        table.create_foreign_key(op.f("fk_enrolments_order_id"), "orders", ["order_id"], ["id"])
    for name in ("book_moves", "payments", "order_lines"):
        op.drop_table(name)
