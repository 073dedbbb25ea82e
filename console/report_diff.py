"""What changed between two stored reports, as JSON (``gouji.difference/1``)."""

from typing import Any, Final

from console import form_labels
from console.queries.filings import ReportRow
from models.disclosure.difference import Change, Difference
from models.disclosure.report import Cell

SCHEMA: Final = "gouji.difference/1"


def as_dict(before: ReportRow, after: ReportRow, found: Difference) -> dict[str, Any]:
    """Return the difference as JSON: counts as integers, amounts as text, as ``inspect`` has it."""
    return {
        "schema": SCHEMA,
        "before": _head(before),
        "after": _head(after),
        "cells": [_change(change) for change in found.cells],
        "facts": [
            {"name": fact.name, "before": fact.before, "after": fact.after} for fact in found.facts
        ],
        "sections": list(found.sections),
    }


def _head(row: ReportRow) -> dict[str, Any]:
    names = ("id", "publisher", "year", "edition", "version", "standing", "same_as", "name")
    return {name: getattr(row, name) for name in names}


def _change(change: Change) -> dict[str, Any]:
    return {
        "cell": change.cell,
        "label": form_labels.cell(change.cell),
        "before": _value(change.before),
        "after": _value(change.after),
        "printed": {"before": str(change.before.printed), "after": str(change.after.printed)},
        "raw": {"before": change.before.raw, "after": change.after.raw},
    }


def _value(cell: Cell) -> int | str | None:
    if cell.value is None or isinstance(cell.value, int):
        return cell.value
    return format(cell.value, "f")
