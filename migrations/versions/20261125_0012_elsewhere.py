"""Class runs, claims, corrections, appeals with their evidence, the calendar and notices.

Revision: 20261125_0012, after 20261125_0009
"""

import sqlalchemy as sa
from alembic import op

from media.base import Moment, WholeNumber, append_only_ddl

revision = "20261125_0012"
down_revision = "20261125_0009"
branch_labels = None
depends_on = None

FOR_GOOD = (
    "evidence_files", "claims", "claim_decisions", "corrections", "correction_decisions", "appeal_evidence",
    "appeal_notes", "calendar_days", "class_marks", "class_reviews",
)  # fmt: skip
TABLES = (
    "appeal_notes", "correction_decisions", "corrections", "appeal_evidence", "appeals", "claim_decisions", "claims",
    "evidence_files", "notices", "calendar_days", "class_reviews", "class_marks", "class_learners", "class_sessions",
    "class_runs",
)  # fmt: skip


def upgrade() -> None:
    """New tables; what was recorded in person so far has no class run."""
    classes()
    claims()
    appeals()
    op.add_column("offline_hours", sa.Column("class_run_id", sa.String(length=16), nullable=True))
    for table in FOR_GOOD:
        for statement in append_only_ddl(table, op.get_bind().dialect.name):
            op.execute(statement)


def classes() -> None:
    """Runs, sessions, roster, marks and reviews."""
    op.create_table(
        "class_runs",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("syllabus", sa.String(), nullable=False),
        sa.Column("instructors", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_by", sa.String(length=16), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("closed_by", sa.String(length=16), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open','closed','accepted')", name=op.f("ck_class_runs_state")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_class_runs_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_runs")),
    )
    op.create_index(op.f("ix_class_runs_organisation_id"), "class_runs", ["organisation_id"])
    op.create_index("ix_class_runs_state_closed", "class_runs", ["state", "closed_at"])
    op.create_table(
        "class_learners",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("run_id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("result", sa.String(length=6), nullable=False),
        sa.Column("added_by", sa.String(length=16), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "result IN ('','passed','failed')", name=op.f("ck_class_learners_result")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["class_runs.id"], name=op.f("fk_class_learners_run_id")
        ),
        sa.ForeignKeyConstraint(
            ["subject_key"], ["subjects.key"], name=op.f("fk_class_learners_subject_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_learners")),
        sa.UniqueConstraint("run_id", "subject_key", name=op.f("uq_class_learners_run_id_subject_key")),
    )
    op.create_index(op.f("ix_class_learners_subject_key"), "class_learners", ["subject_key"])
    op.create_table(
        "class_reviews",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("run_id", sa.String(length=16), nullable=False),
        sa.Column("is_accepted", sa.Boolean(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("reviewed_by", sa.String(length=16), nullable=False),
        sa.Column("reviewed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["class_runs.id"], name=op.f("fk_class_reviews_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_reviews")),
    )
    op.create_index(op.f("ix_class_reviews_run_id"), "class_reviews", ["run_id"])
    op.create_table(
        "class_sessions",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("run_id", sa.String(length=16), nullable=False),
        sa.Column("from_at", Moment(), nullable=False),
        sa.Column("to_at", Moment(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("hours_num", WholeNumber(), nullable=False),
        sa.Column("hours_den", WholeNumber(), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "kind IN ('classroom','practical')", name=op.f("ck_class_sessions_kind")
        ),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_class_sessions_times")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["class_runs.id"], name=op.f("fk_class_sessions_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_sessions")),
    )
    op.create_index(op.f("ix_class_sessions_run_id"), "class_sessions", ["run_id"])
    op.create_table(
        "class_marks",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("session_id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("marked_by", sa.String(length=16), nullable=False),
        sa.Column("marked_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["class_sessions.id"], name=op.f("fk_class_marks_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_marks")),
    )
    op.create_index("ix_class_marks_session", "class_marks", ["session_id", "subject_key"])


def claims() -> None:
    """What learners claim, files, notices, the calendar."""
    op.create_table(
        "calendar_days",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("is_working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("entered_by", sa.String(length=16), nullable=False),
        sa.Column("entered_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_days")),
    )
    op.create_index(op.f("ix_calendar_days_on"), "calendar_days", ["on"])
    op.create_table(
        "claims",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("from_where", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("hours_num", WholeNumber(), nullable=False),
        sa.Column("hours_den", WholeNumber(), nullable=False),
        sa.Column("hour_ms", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("applied_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('online','classroom','practical')", name=op.f("ck_claims_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
    )
    op.create_index("ix_claims_subject_applied", "claims", ["subject_key", "applied_at"])
    op.create_table(
        "evidence_files",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("added_by", sa.String(length=16), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_evidence_files_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_files")),
        sa.UniqueConstraint(
            "about", "content_hash", name=op.f("uq_evidence_files_about_content_hash")
        ),
    )
    op.create_index(op.f("ix_evidence_files_content_hash"), "evidence_files", ["content_hash"])
    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("read_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('class_accepted','class_left_out','claim_accepted','claim_refused','corrected','voided','appeal_acknowledged','appeal_refused','appeal_upheld')",
            name=op.f("ck_notices_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_subject_at", "notices", ["subject_key", "at"])
    op.create_table(
        "claim_decisions",
        sa.Column("claim_id", sa.String(length=16), nullable=False),
        sa.Column("is_accepted", sa.Boolean(), nullable=False),
        sa.Column("factor_num", WholeNumber(), nullable=False),
        sa.Column("factor_den", WholeNumber(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("decided_by", sa.String(length=16), nullable=False),
        sa.Column("decided_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claims.id"], name=op.f("fk_claim_decisions_claim_id")
        ),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_claim_decisions")),
    )
    op.create_index(op.f("ix_claim_decisions_decided_at"), "claim_decisions", ["decided_at"])


def appeals() -> None:
    """Appeals with frozen evidence, and corrections, which may point back to one."""
    op.create_table(
        "appeals",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("enrolment_id", sa.String(length=16), nullable=False),
        sa.Column("lesson_id", sa.String(length=16), nullable=False),
        sa.Column("playback_id", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("wall_from", Moment(), nullable=False),
        sa.Column("wall_to", Moment(), nullable=False),
        sa.Column("media_from_ms", sa.Integer(), nullable=False),
        sa.Column("media_to_ms", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("filed_at", Moment(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("acknowledged_at", Moment(), nullable=True),
        sa.Column("solved_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open','acknowledged','upheld','refused')", name=op.f("ck_appeals_state")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolments.id"], name=op.f("fk_appeals_enrolment_id")
        ),
        sa.ForeignKeyConstraint(
            ["playback_id"], ["playbacks.id"], name=op.f("fk_appeals_playback_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
        sa.UniqueConstraint(
            "playback_id",
            "wall_from",
            "reason",
            name=op.f("uq_appeals_playback_id_wall_from_reason"),
        ),
    )
    op.create_index("ix_appeals_state_filed", "appeals", ["state", "filed_at"])
    op.create_index("ix_appeals_subject_filed", "appeals", ["subject_key", "filed_at"])
    op.create_table(
        "appeal_evidence",
        sa.Column("appeal_id", sa.String(length=16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("policy", sa.String(length=61), nullable=False),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeals.id"], name=op.f("fk_appeal_evidence_appeal_id")
        ),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_appeal_evidence")),
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("entry_id", sa.String(length=16), nullable=True),
        sa.Column("appeal_id", sa.String(length=16), nullable=True),
        sa.Column("hours_num", WholeNumber(), nullable=False),
        sa.Column("hours_den", WholeNumber(), nullable=False),
        sa.Column("reason_code", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("proposed_by", sa.String(length=16), nullable=False),
        sa.Column("proposed_at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('adjust','void')", name=op.f("ck_corrections_kind")),
        sa.CheckConstraint(
            "reason_code IN ('recording_error','duplicate_record','wrong_learner','watched_by_another','attendance_false','evidence_false','system_fault','appeal_upheld')",
            name=op.f("ck_corrections_reason_code"),
        ),
        sa.CheckConstraint(
            "entry_id IS NOT NULL OR appeal_id IS NOT NULL", name=op.f("ck_corrections_points_back")
        ),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeals.id"], name=op.f("fk_corrections_appeal_id")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_corrections_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index("ix_corrections_subject", "corrections", ["subject_key"])
    op.create_table(
        "appeal_notes",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("appeal_id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("correction_id", sa.String(length=16), nullable=True),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open','acknowledged','upheld','refused')",
            name=op.f("ck_appeal_notes_state"),
        ),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeals.id"], name=op.f("fk_appeal_notes_appeal_id")
        ),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["corrections.id"], name=op.f("fk_appeal_notes_correction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_notes")),
    )
    op.create_index(op.f("ix_appeal_notes_appeal_id"), "appeal_notes", ["appeal_id"])
    op.create_table(
        "correction_decisions",
        sa.Column("correction_id", sa.String(length=16), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("decided_by", sa.String(length=16), nullable=False),
        sa.Column("decided_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["correction_id"],
            ["corrections.id"],
            name=op.f("fk_correction_decisions_correction_id"),
        ),
        sa.PrimaryKeyConstraint("correction_id", name=op.f("pk_correction_decisions")),
    )


def downgrade() -> None:
    """All of it is gone; hours that were recorded stay."""
    op.drop_column("offline_hours", "class_run_id")
    for table in TABLES:
        op.drop_table(table)
