"""Indexes as PostgreSQL has them, told to its dialect only where it makes one.

An ``Index`` with an argument such as ``postgresql_where`` has SQLAlchemy load the dialects of six
drivers as soon as the class is defined, which takes longer than every model together, and on SQLite
nobody asks for it.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, Index, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex

_POSTGRESQL: Final = "postgresql"


def partial(
    name: str | None, *columns: str | ColumnElement[Any], where: str, unique: bool = False
) -> Index:
    """Return an index of those rows for which a condition holds."""
    info = {_POSTGRESQL: {"where": where}}
    return Index(name, *columns, unique=unique, sqlite_where=text(where), info=info)


def hashed(name: str | None, column: str) -> Index:
    """Return an index that finds equal values, however long they are; PostgreSQL alone has it."""
    info = {_POSTGRESQL: {"using": "hash"}}
    return Index(name, column, info=info).ddl_if(dialect=_POSTGRESQL)


@compiles(CreateIndex, _POSTGRESQL)
def _create(element: CreateIndex, compiler: Any, **options: Any) -> str:
    index = element.element
    told = dict(index.info.get(_POSTGRESQL, {}))
    if "where" in told:
        told["where"] = text(told["where"])
    index.dialect_options[_POSTGRESQL].update(told)
    statement: str = compiler.visit_create_index(element, **options)
    return statement
