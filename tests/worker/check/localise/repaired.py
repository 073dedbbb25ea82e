"""A candidate taken: the report as it would be, and what the edits say of it."""

from dataclasses import replace

from models.disclosure.finding import Severity
from models.disclosure.localisation import Candidate
from models.disclosure.report import Cell, Printed, Report
from worker.check.totals import totals


def repaired(report: Report, candidate: Candidate) -> Report:
    """Return the report with the figures that a candidate proposes."""
    tables = dict(report.tables)
    for change in candidate.changes:
        key, row, _ = change.cell.split(".")
        table = tables[key]
        cell = Cell(change.proposed, str(change.proposed), Printed.NUMBER)
        there = tuple(missing for missing in table.missing if missing != row)
        tables[key] = replace(table, cells={**table.cells, change.cell: cell}, missing=there)
    return replace(report, tables=tables)


def failing(report: Report) -> set[str]:
    """Return the edits that fail, as ``RULE:scope``."""
    return {f"{f.rule}:{f.scope}" for f in totals(report) if f.severity is Severity.HARD}
