"""The ground floor of both lower packages: the one declarative base and the column types.

Instants are whole milliseconds, aware and UTC; exact fractions are kept as two big integers;
append-only tables refuse UPDATE and DELETE by trigger on SQLite and on PostgreSQL alike.
"""

import secrets
from base64 import b32encode, b32hexencode
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    event,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.schema import DDL
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ID_BYTES = 10


def new_id() -> str:
    """A random name for a row: 16 lower-case characters, 80 bits."""
    return b32encode(secrets.token_bytes(ID_BYTES)).decode("ascii").lower()


def new_id_at(at: datetime) -> str:
    """A name that sorts by the second of `at`: 16 characters, 48 random bits.

    For rows that come without end and are read where they were last written.
    """
    second = (to_ms(at) // 1000) & 0xFFFFFFFF
    return b32hexencode(second.to_bytes(4, "big") + secrets.token_bytes(6)).decode("ascii").lower()


def to_ms(at: datetime) -> int:
    """Whole milliseconds since the epoch; a finer instant is floored."""
    if at.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return (at - EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The aware UTC instant of whole milliseconds since the epoch."""
    return EPOCH + timedelta(milliseconds=ms)


class Moment(TypeDecorator[datetime]):
    """An aware instant in whole milliseconds: integer epoch on SQLite, timestamptz elsewhere."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        ms = to_ms(value)
        return ms if dialect.name == "sqlite" else from_ms(ms)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return from_ms(value) if dialect.name == "sqlite" else value.astimezone(UTC)


class WholeNumber(TypeDecorator[int]):
    """An integer of any size, as fractions need: NUMERIC on PostgreSQL, text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(Numeric(asdecimal=True))

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return str(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


class Base(DeclarativeBase):
    """Every table of the house hangs on this one."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: Moment,
        bytes: LargeBinary,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        list[str]: JSON,
    }


REFUSE_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
"""


def append_only_ddl(table: str, dialect: str, *, unless: str = "") -> list[str]:
    """The statements that make `table` refuse UPDATE and DELETE, for models and migrations alike.

    `unless`: a condition on `OLD` under which a single row may be deleted after all.
    """
    if dialect == "sqlite":
        when = f"WHEN NOT ({unless}) " if unless else ""
        return [
            f"CREATE TRIGGER IF NOT EXISTS {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} "
            f"{when if verb == 'DELETE' else ''}"
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    if not unless:
        return [REFUSE_FUNCTION, _refusing(table, "UPDATE OR DELETE OR TRUNCATE")]
    return [
        REFUSE_FUNCTION,
        _refusing(table, "UPDATE OR TRUNCATE"),
        f"CREATE OR REPLACE FUNCTION refuse_removal_of_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {unless} THEN RETURN OLD; END IF; "
        f"RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation'; END $$",
        f"CREATE OR REPLACE TRIGGER {table}_refuse_removal BEFORE DELETE "
        f"ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_removal_of_{table}()",
    ]


def _refusing(table: str, verbs: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {table}_refuse_change BEFORE {verbs} "
        f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


Model = TypeVar("Model", bound=type[Base])


def append_only(model: Model, *, unless: str = "") -> Model:
    """Class decorator: rows of this table are never changed nor deleted, on either engine."""
    table = model.__table__
    assert isinstance(table, Table)
    table.info["append_only"] = unless or True
    for dialect in ("sqlite", "postgresql"):
        for statement in append_only_ddl(table.name, dialect, unless=unless):
            ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", ddl)
    return model
