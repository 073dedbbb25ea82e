"""The examples of the edits, put to the checks themselves: the page says what they say."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from console import form_labels, samples
from console.equation import equation
from models.disclosure.finding import Finding
from models.disclosure.report import Cell, Printed, Report
from worker.check.carryover import carryover
from worker.check.check import check
from worker.inspection import inspect

SAMPLE = "示例市人民政府2023年报.txt"
"""The sample that is changed; it balances, and has no finding of any kind but of its division."""


class NotAnExample(ValueError):  # noqa: N818 - it says what is wrong
    """An example changes nothing, or does not break the edit that it is an example of."""


def found(rule: str, told: Mapping[str, Any]) -> tuple[list[Finding], Report]:
    """Return what the check says of an example, and the report it speaks of.

    Args:
        rule: the id of the edit.
        told: its entry in ``texts/edits.toml``.

    Raises:
        NotAnExample: it shows nothing.
    """
    inspection = inspect(_changed(told).encode("utf-8"), told.get("name", SAMPLE))
    report = inspection.report
    if report is None:
        raise NotAnExample(f"{rule}: {inspection.message}")
    findings: Iterable[Finding] = inspection.findings
    if unsure := told.get("confidence"):
        report = _with_confidence(report, unsure)
        findings = check(report)
    if before := told.get("before"):
        year = report.year or 0
        findings = carryover(year, {year: dict(report.cells()), year - 1: _numbers(before)})
    chosen = [finding for finding in findings if finding.rule == rule]
    if not chosen:
        raise NotAnExample(f"{rule}: the edit holds")
    return chosen, report


def shown(finding: Finding, report: Report) -> str:
    """Return a finding as a line: how grave, which edit, where, and the equation."""
    where = form_labels.scope(finding.rule, finding.scope)
    return f"{finding.severity} {finding.rule} {where}: {equation(finding, report)}"


def _changed(told: Mapping[str, Any]) -> str:
    text = (samples.DIRECTORY / SAMPLE).read_text("utf-8")
    for old, new in told.get("change", ()):
        if old not in text:
            raise NotAnExample(f"{old!r} is not in the sample")
        text = text.replace(old, new)
    if cut := told.get("cut"):
        start, end = (text.index(mark) for mark in cut)
        text = text[:start] + text[end:]
    return text


def _with_confidence(report: Report, unsure: Mapping[str, float]) -> Report:
    tables = {}
    for name, table in report.tables.items():
        cells = {
            address: cell._replace(confidence=unsure.get(address, cell.confidence))
            for address, cell in table.cells.items()
        }
        tables[name] = replace(table, cells=cells)
    return replace(report, tables=tables)


def _numbers(figures: Mapping[str, int]) -> dict[str, Cell]:
    return {address: Cell(value, str(value), Printed.NUMBER) for address, value in figures.items()}
