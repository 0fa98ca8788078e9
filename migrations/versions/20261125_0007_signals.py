"""Signals with their playbacks and notes; marks of devices; how many beats a removal took.

Revision: 20261125_0007, after 20261125_0006
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, append_only_ddl

revision = "20261125_0007"
down_revision = "20261125_0006"
branch_labels = None
depends_on = None

UNEXAMINED = sa.text("examined_at IS NULL AND archived_at IS NOT NULL")
READ = "'search','record','playback','statement','evidence','requirement','face'"
STATUS = "status IN ('open','explained','dismissed')"


def upgrade() -> None:
    """Playbacks archived so far are looked at by the sweep, five hundred a minute."""
    op.add_column("playbacks", sa.Column("examined_at", Moment(), nullable=True))
    op.create_index(
        "ix_playbacks_unexamined", "playbacks", ["archived_at"],
        sqlite_where=UNEXAMINED, postgresql_where=UNEXAMINED,
    )  # fmt: skip
    op.add_column("beat_removals", sa.Column("beats", sa.Integer(), nullable=False, server_default="0"))
    signals()
    op.create_table(
        "device_marks",
        sa.Column("playback_id", sa.String(length=16), nullable=False),
        sa.Column("mark_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["playback_id"], ["playbacks.id"], name=op.f("fk_device_marks_playback_id")),
        sa.PrimaryKeyConstraint("playback_id", name=op.f("pk_device_marks")),
    )
    op.create_index("ix_device_marks_mark_at", "device_marks", ["mark_hash", "at"])
    op.create_index("ix_device_marks_at", "device_marks", ["at"])
    accesses_may_be(f"{READ},'signal'")


def signals() -> None:
    """The three tables of signals."""
    op.create_table(
        "signals",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("from_at", Moment(), nullable=False),
        sa.Column("to_at", Moment(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("found_at", Moment(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "kind IN ('concurrent','device','regular','night','answers')", name=op.f("ck_signals_kind")
        ),
        sa.CheckConstraint(STATUS, name=op.f("ck_signals_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signals")),
        sa.UniqueConstraint("kind", "about", name=op.f("uq_signals_kind_about")),
    )
    op.create_index("ix_signals_status_found", "signals", ["status", "found_at"])
    op.create_table(
        "signal_playbacks",
        sa.Column("signal_id", sa.String(length=16), nullable=False),
        sa.Column("playback_id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["signal_id"], ["signals.id"], name=op.f("fk_signal_playbacks_signal_id")),
        sa.ForeignKeyConstraint(["playback_id"], ["playbacks.id"], name=op.f("fk_signal_playbacks_playback_id")),
        sa.ForeignKeyConstraint(["subject_key"], ["subjects.key"], name=op.f("fk_signal_playbacks_subject_key")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_signal_playbacks_organisation_id")
        ),
        sa.PrimaryKeyConstraint("signal_id", "playback_id", name=op.f("pk_signal_playbacks")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_signal_playbacks_subject_key", "signal_playbacks", ["subject_key"])
    op.create_index("ix_signal_playbacks_organisation_id", "signal_playbacks", ["organisation_id"])
    op.create_table(
        "signal_notes",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("signal_id", sa.String(length=16), nullable=False),
        sa.Column("official_key", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint(STATUS, name=op.f("ck_signal_notes_status")),
        sa.ForeignKeyConstraint(["signal_id"], ["signals.id"], name=op.f("fk_signal_notes_signal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_notes")),
    )
    op.create_index("ix_signal_notes_signal_id", "signal_notes", ["signal_id"])
    execute(append_only_ddl("signal_notes", op.get_bind().dialect.name))


def accesses_may_be(kinds: str) -> None:
    """What an official's look may have been at. SQLite makes the table anew, and with it its triggers."""
    dialect = op.get_bind().dialect.name
    for statement in drops(dialect):
        op.execute(statement)
    with op.batch_alter_table("record_accesses") as table:
        table.drop_constraint(op.f("ck_record_accesses_what"), type_="check")
        table.create_check_constraint(op.f("ck_record_accesses_what"), f"what IN ({kinds})")
    execute(append_only_ddl("record_accesses", dialect))


def drops(dialect: str) -> list[str]:
    """The statements that take the guard of `record_accesses` away for the while of this migration."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER record_accesses_refuse_{verb}" for verb in ("update", "delete")]
    return ["DROP TRIGGER record_accesses_refuse_change ON record_accesses"]


def execute(statements: list[str]) -> None:
    """Each in its turn."""
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    """Signals and marks are gone; looks at signals stay, as looks at playbacks."""
    dialect = op.get_bind().dialect.name
    execute(drops(dialect))
    op.execute("UPDATE record_accesses SET what = 'playback' WHERE what = 'signal'")
    execute(append_only_ddl("record_accesses", dialect))
    accesses_may_be(READ)
    for table in ("device_marks", "signal_notes", "signal_playbacks", "signals"):
        op.drop_table(table)
    op.drop_column("beat_removals", "beats")
    op.drop_index("ix_playbacks_unexamined", table_name="playbacks")
    op.drop_column("playbacks", "examined_at")
