"""Leaves stay where they were written: made with their entries, numbered by runs.

Revision: 20261125_0025, after 20261125_0022_2
"""

import hmac
import json
import secrets
from base64 import b64encode
from hashlib import sha256

import sqlalchemy as sa
from alembic import op

from media.base import Moment, WholeNumber, append_only_ddl, to_ms

revision = "20261125_0025"
down_revision = "20261125_0022_2"
branch_labels = None
depends_on = None

PLACE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ENTRIES = sa.table(
    "entries",
    *(sa.column(name, sa.String()) for name in ("id", "subject_key", "kind", "about", "policy", "reason", "cancels_id")),
    *(sa.column(name, Moment()) for name in ("at", "written_at")),
    *(sa.column(name, WholeNumber()) for name in ("hours_num", "hours_den", "raw_hours_num", "raw_hours_den")),
)
OLD = sa.table("log_waiting", sa.column("entry_id", sa.String()))
OLD_OTHERS = sa.table("log_waiting_leaves", sa.column("other_id", sa.String()), sa.column("data", sa.LargeBinary()))
LEAVES = sa.table(
    "log_leaves",
    *(sa.column(name, sa.String()) for name in ("entry_id", "other_id")),
    *(sa.column(name, sa.LargeBinary()) for name in ("salt", "data", "hash")),
    *(sa.column(name, PLACE) for name in ("place", "number")),
)


def upgrade() -> None:
    """Numbers become places, in one run; what waits gets its leaf now."""
    bind = op.get_bind()
    waiting = [
        *(committed(row) for row in bind.execute(sa.select(ENTRIES).join(OLD, OLD.c.entry_id == ENTRIES.c.id))),
        *({"entry_id": None, "other_id": row.other_id, "salt": None, "data": row.data}
          for row in bind.execute(sa.select(OLD_OTHERS))),
    ]
    count = bind.scalar(sa.select(sa.func.count()).select_from(LEAVES)) or 0
    op.drop_table("log_waiting")
    op.drop_table("log_waiting_leaves")
    unguarded()
    with op.batch_alter_table("log_leaves") as table:
        table.alter_column("number", new_column_name="place", existing_type=sa.Integer(), type_=PLACE)
        table.drop_column("hash")
    if bind.dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE log_leaves_place_seq OWNED BY log_leaves.place")
        op.execute("SELECT setval('log_leaves_place_seq', (SELECT coalesce(max(place), 0) + 1 FROM log_leaves), false)")
        op.execute("ALTER TABLE log_leaves ALTER place SET DEFAULT nextval('log_leaves_place_seq')")
    guard("log_leaves")
    op.create_table(
        "log_numberings",
        sa.Column("number", PLACE, autoincrement=False, nullable=False),
        sa.Column("place", PLACE, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("ck_log_numberings_count")),
        sa.ForeignKeyConstraint(["place"], ["log_leaves.place"], name=op.f("fk_log_numberings_place")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_numberings")),
        sa.UniqueConstraint("place", name=op.f("uq_log_numberings_place")),
    )
    if count:
        bind.execute(sa.text("INSERT INTO log_numberings (number, place, count) VALUES (0, 0, :count)"), {"count": count})
    guard("log_numberings")
    op.create_table(
        "log_waiting",
        sa.Column("place", PLACE, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["place"], ["log_leaves.place"], name=op.f("fk_log_waiting_place")),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_log_waiting")),
    )
    if waiting:
        bind.execute(LEAVES.insert(), waiting)
        unnumbered = "INSERT INTO log_waiting (place) SELECT place FROM log_leaves WHERE place >= :count"
        bind.execute(sa.text(unnumbered), {"count": count})
    op.create_index("ix_log_tiles_roots", "log_tiles", ["level", "number", "root"])


def committed(row: sa.Row) -> dict[str, object]:  # type: ignore[type-arg]
    """A leaf as entries get theirs from now on."""
    raw = None if row.raw_hours_num is None else f"{row.raw_hours_num}/{row.raw_hours_den}"
    said = {
        "about": row.about, "at": to_ms(row.at), "cancels": row.cancels_id, "entry": row.id,
        "hours": f"{row.hours_num}/{row.hours_den}", "kind": row.kind, "policy": row.policy, "raw_hours": raw,
        "reason": row.reason, "subject": row.subject_key, "written_at": to_ms(row.written_at),
    }  # fmt: skip
    salt = secrets.token_bytes(32)
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    data = b"xueshi-entry/v1\n" + b64encode(hmac.digest(salt, text, sha256)) + b"\n"
    return {"entry_id": row.id, "other_id": None, "salt": salt, "data": data}


def guard(table: str) -> None:
    """The triggers that refuse change."""
    for statement in append_only_ddl(table, op.get_bind().dialect.name):
        op.execute(statement)


def unguarded() -> None:
    """Takes the guard of `log_leaves` away while it changes."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER log_leaves_refuse_{verb}")
    else:
        op.execute("DROP TRIGGER log_leaves_refuse_change ON log_leaves")


def downgrade() -> None:
    """Leaves are numbered one by one again; what waits is committed to anew when it is sealed."""
    bind = op.get_bind()
    numberings = bind.execute(sa.text("SELECT number, place, count FROM log_numberings ORDER BY number")).all()
    kept = [
        (number + row.place - place, row)
        for number, place, count in numberings
        for row in bind.execute(
            sa.select(LEAVES.c.place, LEAVES.c.entry_id, LEAVES.c.other_id, LEAVES.c.salt, LEAVES.c.data)
            .where(LEAVES.c.place.between(place, place + count - 1))
        )
    ]
    waits = sa.text(
        "SELECT entry_id, other_id, data FROM log_leaves JOIN log_waiting ON log_waiting.place = log_leaves.place"
    )
    waiting = bind.execute(waits).all()
    op.drop_index("ix_log_tiles_roots", "log_tiles")
    for name in ("log_waiting", "log_numberings", "log_leaves"):
        op.drop_table(name)
    old_tables()
    for table, rows in (
        (LEAVES, [{"number": number, "entry_id": row.entry_id, "other_id": row.other_id, "salt": row.salt,
                   "data": row.data, "hash": sha256(b"\0" + row.data).digest()} for number, row in kept]),
        (OLD, [{"entry_id": row.entry_id} for row in waiting if row.entry_id]),
        (OLD_OTHERS, [{"other_id": row.other_id, "data": row.data} for row in waiting if row.other_id]),
    ):
        if rows:
            bind.execute(table.insert(), rows)
    guard("log_leaves")


def old_tables() -> None:
    """As they were."""
    op.create_table(
        "log_leaves",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.String(length=16), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("other_id", sa.String(length=16), nullable=True),
        sa.CheckConstraint(
            "(entry_id IS NOT NULL AND salt IS NOT NULL AND other_id IS NULL) OR "
            "(entry_id IS NULL AND salt IS NULL AND other_id IS NOT NULL)",
            name=op.f("ck_log_leaves_whose"),
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_log_leaves_entry_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_leaves")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_log_leaves_entry_id")),
        sa.UniqueConstraint("other_id", name=op.f("uq_log_leaves_other_id")),
    )
    op.create_table(
        "log_waiting",
        sa.Column("entry_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_log_waiting_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_log_waiting")),
    )
    op.create_table(
        "log_waiting_leaves",
        sa.Column("other_id", sa.String(length=16), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("other_id", name=op.f("pk_log_waiting_leaves")),
    )
