"""The database itself: its revision, its file, and rows that refer to others."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Column, ForeignKey, Table, select, text

from console.verification.discrepancy import Discrepancy
from console.verification.look import Check, Look
from models import migrations
from models.base import Base

_NAMED: Final = frozenset(
    {
        "arrivals.document_id",
        "attempts.document_id",
        "reports.document_id",
        "reports.same_as",
        "dead_letters.document_id",
        "dead_letters.attempt_id",
        "decisions.dead_letter_id",
        "disclosure_rows.report_id",
        "application_rows.report_id",
        "review_rows.report_id",
    }
)
"""References that rules of their own look after."""

_MOST_FAULTS: Final = 100


def _revision(look: Look) -> Iterator[Discrepancy]:
    found, wanted = migrations.current(look.settings.database), migrations.head()
    if found != wanted:
        detail = f"revision {found}, this version needs {wanted}"
        yield look.found("DATABASE.REVISION", detail=detail)


def _damaged(look: Look) -> Iterator[Discrepancy]:
    """Have SQLite look over its file; PostgreSQL keeps checksums of its own pages."""
    if look.database.engine.dialect.name != "sqlite":
        return
    pragma = "quick_check" if look.wishes.quick else "integrity_check"
    with look.database.reading() as session:
        rows = session.execute(text(f"PRAGMA {pragma}({_MOST_FAULTS})"))
        for (fault,) in rows:
            if fault != "ok":
                yield look.found("DATABASE.DAMAGED", detail=str(fault))


def _references(look: Look) -> Iterator[Discrepancy]:
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            if f"{table.name}.{key.parent.name}" not in _NAMED:
                yield from _dangling(look, table, key)


def _dangling(look: Look, table: Table, key: ForeignKey) -> Iterator[Discrepancy]:
    child: Column[Any] = key.parent
    parent = key.column.table.alias("parent")
    row = next(iter(table.primary_key.columns))
    query = (
        select(row.label("row"), child.label(child.name))
        .select_from(table.outerjoin(parent, parent.c[key.column.name] == child))
        .where(child.is_not(None), parent.c[key.column.name].is_(None))
    )
    for found in look.rows("DATABASE.REFERENCE", query):
        yield look.found(
            "DATABASE.REFERENCE", detail=found.detail, **(dict(found.about) | {"table": table.name})
        )


CHECKS: Final[tuple[Check, ...]] = (
    Check(("DATABASE.REVISION",), _revision),
    Check(("DATABASE.DAMAGED",), _damaged),
    Check(("DATABASE.REFERENCE",), _references),
)
"""Checks of the database."""
