"""The first tables

Revision: 20261123_0001, after None
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import media.base

revision = "20261123_0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "attempts",
    "beats",
    "consents",
    "course_reviews",
    "edition_lessons",
    "editions",
    "entries",
    "offline_hours",
    "policy_versions",
    "record_accesses",
    "record_searches",
)


def upgrade() -> None:
    op.create_table(
        "assets",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("part_bytes", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("upload_ref", sa.String(length=400), nullable=True),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("source_key", sa.String(length=200), nullable=True),
        sa.Column("image_prefix", sa.String(length=200), nullable=True),
        sa.Column("hls_prefix", sa.String(length=200), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("probe", sa.JSON(), nullable=True),
        sa.Column("progress_permille", sa.Integer(), nullable=False),
        sa.Column("lease_until", media.base.Moment(), nullable=True),
        sa.Column("lease_by", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", media.base.Moment(), nullable=True),
        sa.Column("last_error", sa.String(length=60), nullable=True),
        sa.Column("last_log", sa.Text(), nullable=False),
        sa.Column("created_at", media.base.Moment(), nullable=False),
        sa.Column("ready_at", media.base.Moment(), nullable=True),
        sa.CheckConstraint(
            "state IN ('uploading','waiting','working','ready','failed')",
            name=op.f("ck_assets_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assets")),
    )
    with op.batch_alter_table("assets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_assets_fingerprint"), ["fingerprint"], unique=False)
        batch_op.create_index(batch_op.f("ix_assets_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_assets_state"), ["state"], unique=False)

    op.create_table(
        "catalogue_counter",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_counter")),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("text_version", sa.String(length=20), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", media.base.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        info={"append_only": True},
    )
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consents_subject_key"), ["subject_key"], unique=False)

    op.create_table(
        "entries",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("at", media.base.Moment(), nullable=False),
        sa.Column("hours_num", media.base.WholeNumber(), nullable=False),
        sa.Column("hours_den", media.base.WholeNumber(), nullable=False),
        sa.Column("raw_hours_num", media.base.WholeNumber(), nullable=True),
        sa.Column("raw_hours_den", media.base.WholeNumber(), nullable=True),
        sa.Column("policy", sa.String(length=61), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("cancels_id", sa.String(length=16), nullable=True),
        sa.Column("written_at", media.base.Moment(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('posting','adjustment','reversal','transfer','offline')",
            name=op.f("ck_entries_kind"),
        ),
        sa.ForeignKeyConstraint(["cancels_id"], ["entries.id"], name=op.f("fk_entries_cancels_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("cancels_id", name=op.f("uq_entries_cancels_id")),
        info={"append_only": True},
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index("ix_entries_about", ["about"], unique=False)
        batch_op.create_index("ix_entries_subject_at", ["subject_key", "at"], unique=False)

    op.create_table(
        "jurisdictions",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("parent_id", sa.String(length=16), nullable=True),
        sa.Column("name_zh", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("bureau_zh", sa.String(length=60), nullable=False),
        sa.Column("division_code", sa.String(length=6), nullable=True),
        sa.Column("counts_as_district_bureau", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["jurisdictions.id"], name=op.f("fk_jurisdictions_parent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jurisdictions")),
    )
    op.create_table(
        "payment_events",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("received_at", media.base.Moment(), nullable=False),
        sa.Column("worked_at", media.base.Moment(), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", media.base.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_events")),
    )
    with op.batch_alter_table("payment_events", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_payment_events_worked_at"), ["worked_at"], unique=False
        )

    op.create_table(
        "record_accesses",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("official_key", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", media.base.Moment(), nullable=False),
        sa.CheckConstraint(
            "what IN ('search','record','playback','statement','evidence','requirement')",
            name=op.f("ck_record_accesses_what"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_accesses")),
        info={"append_only": True},
    )
    with op.batch_alter_table("record_accesses", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_record_accesses_official_key"), ["official_key"], unique=False
        )
        batch_op.create_index("ix_record_accesses_subject_at", ["subject_key", "at"], unique=False)

    op.create_table(
        "record_searches",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("official_key", sa.String(length=16), nullable=False),
        sa.Column("searched_by", sa.String(length=10), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", media.base.Moment(), nullable=False),
        sa.CheckConstraint(
            "searched_by IN ('number','name')", name=op.f("ck_record_searches_searched_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_searches")),
        info={"append_only": True},
    )
    with op.batch_alter_table("record_searches", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_record_searches_official_key"), ["official_key"], unique=False
        )

    op.create_table(
        "requirements",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("hours_num", media.base.WholeNumber(), nullable=False),
        sa.Column("hours_den", media.base.WholeNumber(), nullable=False),
        sa.Column("from_at", media.base.Moment(), nullable=False),
        sa.Column("to_at", media.base.Moment(), nullable=False),
        sa.Column("policy", sa.String(length=61), nullable=False),
        sa.Column("entered_by", sa.String(length=16), nullable=False),
        sa.Column("entered_at", media.base.Moment(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=16), nullable=True),
        sa.Column("withdrawn_at", media.base.Moment(), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=300), nullable=True),
        sa.CheckConstraint("kind IN ('any','practical')", name=op.f("ck_requirements_kind")),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_requirements_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requirements")),
    )
    with op.batch_alter_table("requirements", schema=None) as batch_op:
        batch_op.create_index("ix_requirements_subject", ["subject_key"], unique=False)

    op.create_table(
        "tries",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", media.base.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tries")),
    )
    with op.batch_alter_table("tries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tries_at"), ["at"], unique=False)
        batch_op.create_index("ix_tries_key_at", ["key", "at"], unique=False)

    op.create_table(
        "asset_parts",
        sa.Column("asset_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("store_ref", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_asset_parts_asset_id")),
        sa.PrimaryKeyConstraint("asset_id", "number", name=op.f("pk_asset_parts")),
    )
    op.create_table(
        "captions",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("asset_id", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_captions_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captions")),
        sa.UniqueConstraint("asset_id", "language", name=op.f("uq_captions_asset_id_language")),
    )
    with op.batch_alter_table("captions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_captions_asset_id"), ["asset_id"], unique=False)

    op.create_table(
        "organisations",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column("supervised_by", sa.String(length=16), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('authority','institution','enterprise','operator')",
            name=op.f("ck_organisations_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["supervised_by"], ["jurisdictions.id"], name=op.f("fk_organisations_supervised_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("uscc", name=op.f("uq_organisations_uscc")),
    )
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_organisations_supervised_by"), ["supervised_by"], unique=False
        )

    op.create_table(
        "persons",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_index", sa.LargeBinary(length=32), nullable=True),
        sa.Column("display_name", sa.String(length=60), nullable=False),
        sa.Column("district_id", sa.String(length=16), nullable=True),
        sa.Column("registered_at", media.base.Moment(), nullable=True),
        sa.Column("created_at", media.base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["jurisdictions.id"], name=op.f("fk_persons_district_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
    )
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_persons_name_index"), ["name_index"], unique=False)

    op.create_table(
        "policy_versions",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("policy_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("jurisdiction_id", sa.String(length=16), nullable=False),
        sa.Column("issued_at", media.base.Moment(), nullable=False),
        sa.Column("effective_from", media.base.Moment(), nullable=False),
        sa.Column("effective_to", media.base.Moment(), nullable=True),
        sa.Column("document_title", sa.String(length=200), nullable=False),
        sa.Column("document_number", sa.String(length=80), nullable=False),
        sa.Column("document_text", sa.String(), nullable=False),
        sa.Column("is_example", sa.Boolean(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("prompts", sa.JSON(), nullable=True),
        sa.Column("entered_by", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"],
            ["jurisdictions.id"],
            name=op.f("fk_policy_versions_jurisdiction_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_versions")),
        sa.UniqueConstraint(
            "policy_id", "version", name=op.f("uq_policy_versions_policy_id_version")
        ),
        info={"append_only": True},
    )
    with op.batch_alter_table("policy_versions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_policy_versions_jurisdiction_id"), ["jurisdiction_id"], unique=False
        )

    op.create_table(
        "renditions",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("asset_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("bandwidth", sa.Integer(), nullable=False),
        sa.Column("average_bandwidth", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("codecs", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_renditions_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renditions")),
        sa.UniqueConstraint("asset_id", "name", name=op.f("uq_renditions_asset_id_name")),
    )
    with op.batch_alter_table("renditions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_renditions_asset_id"), ["asset_id"], unique=False)

    op.create_table(
        "street_jurisdictions",
        sa.Column("street_code", sa.String(length=9), nullable=False),
        sa.Column("jurisdiction_id", sa.String(length=16), nullable=False),
        sa.Column("name_zh", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"],
            ["jurisdictions.id"],
            name=op.f("fk_street_jurisdictions_jurisdiction_id"),
        ),
        sa.PrimaryKeyConstraint("street_code", name=op.f("pk_street_jurisdictions")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name_masked", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("created_at", media.base.Moment(), nullable=False),
        sa.Column("closed_at", media.base.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_accounts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name_index", name=op.f("uq_accounts_name_index")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_person_id"), ["person_id"], unique=False)

    op.create_table(
        "courses",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("trainees", sa.JSON(), nullable=False),
        sa.Column("occasions", sa.JSON(), nullable=False),
        sa.Column("industries", sa.JSON(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("exam", sa.String(length=10), nullable=False),
        sa.Column("cover_asset_id", sa.String(length=16), nullable=True),
        sa.Column("current_edition", sa.Integer(), nullable=True),
        sa.Column("created_at", media.base.Moment(), nullable=False),
        sa.Column("changed_at", media.base.Moment(), nullable=False),
        sa.Column("submitted_at", media.base.Moment(), nullable=True),
        sa.Column("withdrawn_at", media.base.Moment(), nullable=True),
        sa.Column("withdrawal_rule", sa.String(length=30), nullable=True),
        sa.Column("withdrawal_reason", sa.String(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=16), nullable=True),
        sa.Column("rating_score_num", sa.BigInteger(), nullable=False),
        sa.Column("rating_score_den", sa.BigInteger(), nullable=False),
        sa.Column("rating_count", sa.Integer(), nullable=False),
        sa.Column("finished_count", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("text_revision", sa.BigInteger(), nullable=False),
        sa.Column("is_stale", sa.Boolean(), nullable=False),
        sa.CheckConstraint("exam IN ('none','required')", name=op.f("ck_courses_exam")),
        sa.CheckConstraint(
            "state IN ('draft','submitted','returned','published','withdrawn')",
            name=op.f("ck_courses_state"),
        ),
        sa.CheckConstraint(
            "withdrawal_rule IN ('keep_posted','per_lesson_exam_waived','void') OR withdrawal_rule IS NULL",
            name=op.f("ck_courses_withdrawal_rule"),
        ),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_courses_price_minor")),
        sa.ForeignKeyConstraint(
            ["cover_asset_id"], ["assets.id"], name=op.f("fk_courses_cover_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_courses_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses")),
    )
    with op.batch_alter_table("courses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_courses_is_stale"), ["is_stale"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_courses_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_courses_revision"), ["revision"], unique=False)

    op.create_table(
        "identity_documents",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("doc_type", sa.String(length=40), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("number_masked", sa.String(length=40), nullable=False),
        sa.Column("created_at", media.base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_identity_documents_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_documents")),
        sa.UniqueConstraint("number_index", name=op.f("uq_identity_documents_number_index")),
    )
    with op.batch_alter_table("identity_documents", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_documents_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "instructors",
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("introduction", sa.String(), nullable=False),
        sa.Column("changed_at", media.base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_instructors_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_instructors")),
    )
    op.create_table(
        "memberships",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.CheckConstraint("to_on IS NULL OR to_on >= from_on", name=op.f("ck_memberships_days")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_memberships_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_memberships_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_memberships_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_memberships_person_id"), ["person_id"], unique=False)

    op.create_table(
        "offline_hours",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("hours_num", media.base.WholeNumber(), nullable=False),
        sa.Column("hours_den", media.base.WholeNumber(), nullable=False),
        sa.Column("organisation_id", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("entered_by", sa.String(length=16), nullable=False),
        sa.Column("entered_at", media.base.Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('classroom','practical')", name=op.f("ck_offline_hours_kind")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_offline_hours_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offline_hours")),
        info={"append_only": True},
    )
    with op.batch_alter_table("offline_hours", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_offline_hours_subject_key"), ["subject_key"], unique=False
        )

    op.create_table(
        "subjects",
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_subjects_person_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_subjects")),
    )
    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subjects_person_id"), ["person_id"], unique=False)

    op.create_table(
        "course_instructors",
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name=op.f("fk_course_instructors_course_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_course_instructors_person_id")
        ),
        sa.PrimaryKeyConstraint("course_id", "person_id", name=op.f("pk_course_instructors")),
    )
    op.create_table(
        "course_reviews",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("reviewer_key", sa.String(length=16), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("submitted_at", media.base.Moment(), nullable=False),
        sa.Column("draft_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=True),
        sa.Column("at", media.base.Moment(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('approved','returned')", name=op.f("ck_course_reviews_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name=op.f("fk_course_reviews_course_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_reviews")),
        info={"append_only": True},
    )
    with op.batch_alter_table("course_reviews", schema=None) as batch_op:
        batch_op.create_index("ix_course_reviews_course_at", ["course_id", "at"], unique=False)

    op.create_table(
        "course_words",
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("text_revision", sa.BigInteger(), nullable=False),
        sa.Column(
            "words", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name=op.f("fk_course_words_course_id")
        ),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_course_words")),
    )
    with op.batch_alter_table("course_words", schema=None) as batch_op:
        batch_op.create_index(
            "ix_course_words_words", ["words"], unique=False, postgresql_using="gin"
        )

    op.create_table(
        "editions",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("facts_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("published_at", media.base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_editions_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("course_id", "number", name=op.f("uq_editions_course_id_number")),
        info={"append_only": True},
    )
    op.create_table(
        "ledger_accounts",
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("settled_at", media.base.Moment(), nullable=True),
        sa.Column("settled_to", media.base.Moment(), nullable=True),
        sa.Column("policies_seen", sa.Integer(), nullable=False),
        sa.Column("is_due", sa.Boolean(), nullable=False),
        sa.Column("fault", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["subject_key"], ["subjects.key"], name=op.f("fk_ledger_accounts_subject_key")
        ),
        sa.PrimaryKeyConstraint("subject_key", name=op.f("pk_ledger_accounts")),
    )
    with op.batch_alter_table("ledger_accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_accounts_is_due"), ["is_due"], unique=False)

    op.create_table(
        "lessons",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("asset_id", sa.String(length=16), nullable=True),
        sa.Column("is_preview", sa.Boolean(), nullable=False),
        sa.Column("removed_at", media.base.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_lessons_asset_id")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_lessons_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lessons")),
    )
    with op.batch_alter_table("lessons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lessons_course_id"), ["course_id"], unique=False)

    op.create_table(
        "orders",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("checkout_id", sa.String(length=120), nullable=True),
        sa.Column("opened_at", media.base.Moment(), nullable=False),
        sa.Column("paid_at", media.base.Moment(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open','paid','expired','cancelled')", name=op.f("ck_orders_state")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_orders_amount_minor")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_orders_course_id")),
        sa.ForeignKeyConstraint(
            ["subject_key"], ["subjects.key"], name=op.f("fk_orders_subject_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("checkout_id", name=op.f("uq_orders_checkout_id")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_course_id"), ["course_id"], unique=False)
        batch_op.create_index(
            "ix_orders_subject_course", ["subject_key", "course_id"], unique=False
        )

    op.create_table(
        "sign_ins",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("created_at", media.base.Moment(), nullable=False),
        sa.Column("seen_at", media.base.Moment(), nullable=False),
        sa.Column("expires_at", media.base.Moment(), nullable=False),
        sa.Column("ended_at", media.base.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sign_ins_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_ins_token_hash")),
    )
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_ins_account_id"), ["account_id"], unique=False)

    op.create_table(
        "edition_lessons",
        sa.Column("edition_id", sa.String(length=16), nullable=False),
        sa.Column("lesson_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("asset_id", sa.String(length=16), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("is_preview", sa.Boolean(), nullable=False),
        sa.CheckConstraint("duration_ms > 0", name=op.f("ck_edition_lessons_duration_ms")),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name=op.f("fk_edition_lessons_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_edition_lessons_edition_id")
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lessons.id"], name=op.f("fk_edition_lessons_lesson_id")
        ),
        sa.PrimaryKeyConstraint("edition_id", "lesson_id", name=op.f("pk_edition_lessons")),
        info={"append_only": True},
    )
    op.create_table(
        "enrolments",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("edition_id", sa.String(length=16), nullable=False),
        sa.Column("jurisdiction_id", sa.String(length=16), nullable=False),
        sa.Column("order_id", sa.String(length=16), nullable=True),
        sa.Column("at", media.base.Moment(), nullable=False),
        sa.Column("expires_at", media.base.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name=op.f("fk_enrolments_course_id")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_enrolments_edition_id")
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_enrolments_jurisdiction_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_enrolments_order_id")),
        sa.ForeignKeyConstraint(
            ["subject_key"], ["subjects.key"], name=op.f("fk_enrolments_subject_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("order_id", name=op.f("uq_enrolments_order_id")),
    )
    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolments_course_id"), ["course_id"], unique=False)
        batch_op.create_index(
            "ix_enrolments_subject_course", ["subject_key", "course_id"], unique=False
        )

    op.create_table(
        "attempts",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("enrolment_id", sa.String(length=16), nullable=False),
        sa.Column("at", media.base.Moment(), nullable=False),
        sa.Column("mark", sa.String(length=40), nullable=False),
        sa.Column("recorded_by", sa.String(length=16), nullable=False),
        sa.Column("recorded_at", media.base.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolments.id"], name=op.f("fk_attempts_enrolment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        info={"append_only": True},
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_attempts_enrolment_id"), ["enrolment_id"], unique=False
        )
        batch_op.create_index("ix_attempts_recorded_at", ["recorded_at"], unique=False)

    op.create_table(
        "playbacks",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=16), nullable=False),
        sa.Column("enrolment_id", sa.String(length=16), nullable=False),
        sa.Column("lesson_id", sa.String(length=16), nullable=False),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("opened_at", media.base.Moment(), nullable=False),
        sa.Column("heard_at", media.base.Moment(), nullable=False),
        sa.Column("reached_ms", sa.BigInteger(), nullable=False),
        sa.Column("position_ms", sa.Integer(), nullable=True),
        sa.Column("beat_every_ms", sa.Integer(), nullable=False),
        sa.Column("not_counted", sa.JSON(), nullable=False),
        sa.Column("closed_at", media.base.Moment(), nullable=True),
        sa.Column("close_reason", sa.String(length=12), nullable=True),
        sa.Column("settled_at", media.base.Moment(), nullable=True),
        sa.CheckConstraint(
            "close_reason IN ('finished','taken_over','silent') OR close_reason IS NULL",
            name=op.f("ck_playbacks_close_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolments.id"], name=op.f("fk_playbacks_enrolment_id")
        ),
        sa.ForeignKeyConstraint(["lesson_id"], ["lessons.id"], name=op.f("fk_playbacks_lesson_id")),
        sa.ForeignKeyConstraint(
            ["subject_key"], ["subjects.key"], name=op.f("fk_playbacks_subject_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playbacks")),
    )
    with op.batch_alter_table("playbacks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_playbacks_enrolment_id"), ["enrolment_id"], unique=False
        )
        batch_op.create_index(
            "ix_playbacks_subject_opened", ["subject_key", "opened_at"], unique=False
        )

    op.create_table(
        "ratings",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("enrolment_id", sa.String(length=16), nullable=False),
        sa.Column("course_id", sa.String(length=16), nullable=False),
        sa.Column("target_kind", sa.String(length=12), nullable=False),
        sa.Column("target_id", sa.String(length=16), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("at", media.base.Moment(), nullable=False),
        sa.Column("changed_at", media.base.Moment(), nullable=False),
        sa.Column("reply", sa.String(), nullable=True),
        sa.Column("replied_at", media.base.Moment(), nullable=True),
        sa.Column("hidden_at", media.base.Moment(), nullable=True),
        sa.Column("hidden_reason", sa.String(), nullable=True),
        sa.Column("hidden_by", sa.String(length=16), nullable=True),
        sa.CheckConstraint(
            "target_kind IN ('instructor','institution')", name=op.f("ck_ratings_target_kind")
        ),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_ratings_score")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_ratings_course_id")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolments.id"], name=op.f("fk_ratings_enrolment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint(
            "enrolment_id",
            "target_kind",
            "target_id",
            name=op.f("uq_ratings_enrolment_id_target_kind_target_id"),
        ),
    )
    with op.batch_alter_table("ratings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ratings_course_id"), ["course_id"], unique=False)
        batch_op.create_index("ix_ratings_target", ["target_kind", "target_id"], unique=False)

    op.create_table(
        "beats",
        sa.Column("playback_id", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("received_at", media.base.Moment(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["playback_id"], ["playbacks.id"], name=op.f("fk_beats_playback_id")
        ),
        sa.PrimaryKeyConstraint("playback_id", "seq", name=op.f("pk_beats")),
        info={"append_only": True},
    )
    dialect = op.get_bind().dialect.name
    for table in APPEND_ONLY:
        for statement in media.base.append_only_ddl(table, dialect):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("beats")
    with op.batch_alter_table("ratings", schema=None) as batch_op:
        batch_op.drop_index("ix_ratings_target")
        batch_op.drop_index(batch_op.f("ix_ratings_course_id"))

    op.drop_table("ratings")
    with op.batch_alter_table("playbacks", schema=None) as batch_op:
        batch_op.drop_index("ix_playbacks_subject_opened")
        batch_op.drop_index(batch_op.f("ix_playbacks_enrolment_id"))

    op.drop_table("playbacks")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_attempts_recorded_at")
        batch_op.drop_index(batch_op.f("ix_attempts_enrolment_id"))

    op.drop_table("attempts")
    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.drop_index("ix_enrolments_subject_course")
        batch_op.drop_index(batch_op.f("ix_enrolments_course_id"))

    op.drop_table("enrolments")
    op.drop_table("edition_lessons")
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_ins_account_id"))

    op.drop_table("sign_ins")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("ix_orders_subject_course")
        batch_op.drop_index(batch_op.f("ix_orders_course_id"))

    op.drop_table("orders")
    with op.batch_alter_table("lessons", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lessons_course_id"))

    op.drop_table("lessons")
    with op.batch_alter_table("ledger_accounts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_accounts_is_due"))

    op.drop_table("ledger_accounts")
    op.drop_table("editions")
    with op.batch_alter_table("course_words", schema=None) as batch_op:
        batch_op.drop_index("ix_course_words_words", postgresql_using="gin")

    op.drop_table("course_words")
    with op.batch_alter_table("course_reviews", schema=None) as batch_op:
        batch_op.drop_index("ix_course_reviews_course_at")

    op.drop_table("course_reviews")
    op.drop_table("course_instructors")
    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subjects_person_id"))

    op.drop_table("subjects")
    with op.batch_alter_table("offline_hours", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offline_hours_subject_key"))

    op.drop_table("offline_hours")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_memberships_person_id"))
        batch_op.drop_index(batch_op.f("ix_memberships_organisation_id"))

    op.drop_table("memberships")
    op.drop_table("instructors")
    with op.batch_alter_table("identity_documents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_documents_person_id"))

    op.drop_table("identity_documents")
    with op.batch_alter_table("courses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_courses_revision"))
        batch_op.drop_index(batch_op.f("ix_courses_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_courses_is_stale"))

    op.drop_table("courses")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_accounts_person_id"))

    op.drop_table("accounts")
    op.drop_table("street_jurisdictions")
    with op.batch_alter_table("renditions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_renditions_asset_id"))

    op.drop_table("renditions")
    with op.batch_alter_table("policy_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_policy_versions_jurisdiction_id"))

    op.drop_table("policy_versions")
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_persons_name_index"))

    op.drop_table("persons")
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisations_supervised_by"))

    op.drop_table("organisations")
    with op.batch_alter_table("captions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_captions_asset_id"))

    op.drop_table("captions")
    op.drop_table("asset_parts")
    with op.batch_alter_table("tries", schema=None) as batch_op:
        batch_op.drop_index("ix_tries_key_at")
        batch_op.drop_index(batch_op.f("ix_tries_at"))

    op.drop_table("tries")
    with op.batch_alter_table("requirements", schema=None) as batch_op:
        batch_op.drop_index("ix_requirements_subject")

    op.drop_table("requirements")
    with op.batch_alter_table("record_searches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_record_searches_official_key"))

    op.drop_table("record_searches")
    with op.batch_alter_table("record_accesses", schema=None) as batch_op:
        batch_op.drop_index("ix_record_accesses_subject_at")
        batch_op.drop_index(batch_op.f("ix_record_accesses_official_key"))

    op.drop_table("record_accesses")
    with op.batch_alter_table("payment_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payment_events_worked_at"))

    op.drop_table("payment_events")
    op.drop_table("jurisdictions")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index("ix_entries_subject_at")
        batch_op.drop_index("ix_entries_about")

    op.drop_table("entries")
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consents_subject_key"))

    op.drop_table("consents")
    op.drop_table("catalogue_counter")
    with op.batch_alter_table("assets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assets_state"))
        batch_op.drop_index(batch_op.f("ix_assets_owner"))
        batch_op.drop_index(batch_op.f("ix_assets_fingerprint"))

    op.drop_table("assets")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
