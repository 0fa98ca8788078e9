"""Cart, coupons, refunds, disputes, comparisons with the provider, requests for a fapiao.

Revision: 20261125_0022_2, after 20261125_0026
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0022_2"
down_revision = "20261125_0026"
branch_labels = None
depends_on = None

GUARDED = ("refund_decisions", "money_differences", "money_comparisons")
NOTICES = (
    "'class_accepted','class_left_out','claim_accepted','claim_refused','corrected','voided',"
    "'appeal_acknowledged','appeal_refused','appeal_upheld','assigned','assigned_soon','assigned_late',"
    "'certificate_less','reversal_found'"
)
NEW_NOTICES = ",'refunded','refund_refused','hours_revoked'"


def key(name: str, *columns: str) -> sa.PrimaryKeyConstraint:
    """A table's primary key."""
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{name}"))


def to(name: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """A reference to another table."""
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{name}_{column}"))


def text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    """A column of text."""
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def upgrade() -> None:
    """All new, but for the end of an enrolment and the kinds of notices."""
    cart_and_coupons()
    refunds()
    disputes()
    comparisons()
    fapiao()
    for table in GUARDED:
        for statement in append_only_ddl(table, op.get_bind().dialect.name):
            op.execute(statement)
    with op.batch_alter_table("enrolments") as table:
        table.add_column(sa.Column("refunded_at", Moment(), nullable=True))
    kinds(NOTICES + NEW_NOTICES)


def kinds(listed: str) -> None:
    """The kinds of notices there are."""
    with op.batch_alter_table("notices") as table:
        table.drop_constraint(op.f("ck_notices_kind"), type_="check")
        table.create_check_constraint(op.f("ck_notices_kind"), f"kind IN ({listed})")


def cart_and_coupons() -> None:
    """What is meant to be bought, and what lowers its price."""
    op.create_table(
        "cart_lines",
        text("subject_key", 16),
        text("course_id", 16),
        sa.Column("added_at", Moment(), nullable=False),
        to("cart_lines", "subject_key", "subjects.key"),
        to("cart_lines", "course_id", "courses.id"),
        key("cart_lines", "subject_key", "course_id"),
    )
    op.create_table(
        "coupons",
        text("id", 16),
        text("code", 20),
        text("institution_id", 16, nullable=True),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        text("currency", 3),
        sa.Column("most_uses", sa.Integer(), nullable=True),
        sa.Column("most_each", sa.Integer(), nullable=True),
        sa.Column("from_at", Moment(), nullable=False),
        sa.Column("until_at", Moment(), nullable=True),
        text("made_by", 16),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "(percent BETWEEN 1 AND 100 AND amount_minor IS NULL) OR (percent IS NULL AND amount_minor > 0)",
            name=op.f("ck_coupons_off"),
        ),
        sa.CheckConstraint("most_uses >= 1 AND most_each >= 1", name=op.f("ck_coupons_limits")),
        to("coupons", "institution_id", "organisations.id"),
        key("coupons", "id"),
        sa.UniqueConstraint("code", name=op.f("uq_coupons_code")),
    )
    op.create_index(op.f("ix_coupons_institution_id"), "coupons", ["institution_id"])


def refunds() -> None:
    """What is given back, and who agreed."""
    op.create_table(
        "refunds",
        text("id", 16),
        text("kind", 12),
        text("order_id", 16, nullable=True),
        text("line_id", 16, nullable=True),
        text("payment_id", 120, nullable=True),
        text("enrolment_id", 16, nullable=True),
        text("ended_enrolment_id", 16, nullable=True),
        sa.Column("is_posted", sa.Boolean(), nullable=False),
        sa.Column("covered_ms", sa.BigInteger(), nullable=True),
        sa.Column("total_ms", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        text("currency", 3),
        text("reason", 500),
        text("state", 12),
        text("asked_by", 16),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("granted_at", Moment(), nullable=True),
        sa.Column("done_at", Moment(), nullable=True),
        text("provider_id", 120, nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.CheckConstraint("kind IN ('share','goodwill','stray','dispute')", name=op.f("ck_refunds_kind")),
        sa.CheckConstraint(
            "state IN ('asked','refused','granted','sent','done','failed')", name=op.f("ck_refunds_state")
        ),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_refunds_amount_minor")),
        to("refunds", "order_id", "orders.id"),
        to("refunds", "line_id", "order_lines.id"),
        to("refunds", "payment_id", "payments.id"),
        key("refunds", "id"),
        sa.UniqueConstraint("ended_enrolment_id", name=op.f("uq_refunds_ended_enrolment_id")),
        sa.UniqueConstraint("provider_id", name=op.f("uq_refunds_provider_id")),
    )
    for column in ("order_id", "line_id", "payment_id", "enrolment_id", "state"):
        op.create_index(op.f(f"ix_refunds_{column}"), "refunds", [column])
    op.create_table(
        "refund_decisions",
        text("refund_id", 16),
        text("side", 10),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        text("note", 500),
        text("decided_by", 16),
        sa.Column("decided_at", Moment(), nullable=False),
        sa.CheckConstraint("side IN ('operator','regulator')", name=op.f("ck_refund_decisions_side")),
        to("refund_decisions", "refund_id", "refunds.id"),
        key("refund_decisions", "refund_id", "side"),
    )


def disputes() -> None:
    """What a payer's bank takes back."""
    op.create_table(
        "disputes",
        text("id", 120),
        text("payment_id", 120, nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        text("currency", 3),
        text("reason", 80),
        text("state", 10),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.CheckConstraint("state IN ('open','won','lost')", name=op.f("ck_disputes_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_disputes_amount_minor")),
        to("disputes", "payment_id", "payments.id"),
        key("disputes", "id"),
    )
    op.create_index(op.f("ix_disputes_payment_id"), "disputes", ["payment_id"])


def comparisons() -> None:
    """Our books against the provider's list."""
    op.create_table(
        "money_differences",
        text("id", 16),
        text("kind", 10),
        text("about", 120),
        text("ours", 40),
        text("theirs", 40),
        sa.Column("found_at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('payment','refund')", name=op.f("ck_money_differences_kind")),
        key("money_differences", "id"),
        sa.UniqueConstraint("kind", "about", "ours", "theirs", name=op.f("uq_money_differences_kind_about_ours_theirs")),
    )
    op.create_table(
        "money_comparisons",
        text("id", 16),
        sa.Column("from_at", Moment(), nullable=False),
        sa.Column("to_at", Moment(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        key("money_comparisons", "id"),
    )


def fapiao() -> None:
    """Whom the buyer asked for a fapiao."""
    op.create_table(
        "fapiao_requests",
        text("id", 16),
        text("order_id", 16),
        text("institution_id", 16),
        text("title", 100),
        text("tax_number", 18),
        text("state", 10),
        text("note", 300),
        text("key", 200, nullable=True),
        text("media_type", 40),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.CheckConstraint("state IN ('asked','issued','refused')", name=op.f("ck_fapiao_requests_state")),
        sa.CheckConstraint("state <> 'issued' OR key IS NOT NULL", name=op.f("ck_fapiao_requests_file")),
        to("fapiao_requests", "order_id", "orders.id"),
        to("fapiao_requests", "institution_id", "organisations.id"),
        key("fapiao_requests", "id"),
        sa.UniqueConstraint("order_id", "institution_id", name=op.f("uq_fapiao_requests_order_id_institution_id")),
    )
    op.create_index(op.f("ix_fapiao_requests_institution_id"), "fapiao_requests", ["institution_id"])


def downgrade() -> None:
    """Refused once seats were given back: the older version would count their hours again."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM enrolments WHERE refunded_at IS NOT NULL")):
        raise RuntimeError("Seats were given back, which the older version does not know.")
    op.execute("DELETE FROM notices WHERE kind IN ('refund_refused','refunded','hours_revoked')")
    kinds(NOTICES)
    with op.batch_alter_table("enrolments") as table:
        table.drop_column("refunded_at")
    for name in ("fapiao_requests", "money_comparisons", "money_differences", "disputes", "refund_decisions",
                 "refunds", "coupons", "cart_lines"):  # fmt: skip
        op.drop_table(name)
