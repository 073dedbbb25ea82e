"""The declarative base: naming convention for constraints, and column types shared by all."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import orjson
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, MetaData, Numeric, Text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

Identity = BigInteger().with_variant(Integer, "sqlite")
"""Surrogate keys: 64 bits everywhere; SQLite numbers rows only under the name INTEGER."""


class Moment(TypeDecorator[datetime]):
    """A point in time, always UTC; databases that forget the zone get it back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - the signature is SQLAlchemy's
    ) -> datetime | None:
        """Store UTC; refuse naive times, whose zone nobody knows."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive time: {value}")
        return value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - the signature is SQLAlchemy's
    ) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        # A server tells times in the zone of its own settings.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A JSON value: JSONB on PostgreSQL, text elsewhere, written by orjson with sorted keys."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type for the database at hand."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(Text())
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB(none_as_null=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Encode for databases without a JSON type."""
        if value is None or dialect.name == "postgresql":
            return value
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Decode what ``process_bind_param`` encoded."""
        if value is None or dialect.name == "postgresql":
            return value
        return orjson.loads(value)


class Amount(TypeDecorator[Decimal]):
    """An exact decimal of any size: NUMERIC, or text on SQLite, which would make it a float."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type for the database at hand."""
        chosen = Text() if dialect.name == "sqlite" else self.impl_instance
        return dialect.type_descriptor(chosen)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Write it out plainly where it is kept as text."""
        if value is None or dialect.name != "sqlite":
            return value
        return format(value, "f")

    def process_result_value(
        self,
        value: Any,
        dialect: Dialect,  # noqa: ARG002 - the signature is SQLAlchemy's
    ) -> Decimal | None:
        """Return the number as it was given."""
        return None if value is None else Decimal(value)


class Base(DeclarativeBase):
    """Base of every stored class."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: Identity,
        datetime: Moment,
        bytes: LargeBinary,
        str: Text,
        dict[str, Any]: Json,
        list[Any]: Json,
    }


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
