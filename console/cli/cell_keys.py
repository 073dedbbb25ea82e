"""The keys of a report's cells, as ``dead correct --set`` takes them, with what was read."""

from collections.abc import Iterator, Sequence
from typing import Final

from console import form_labels
from console.cli.listing import print_list
from models.disclosure.finding import Finding
from models.disclosure.form import TABLES
from models.disclosure.report import ABSENT, ReadTable, Report

_HEADS: Final = ("键 Key", "项目 Cell", "读到 Read", "不平 Fails")


def _tables(report: Report) -> Iterator[ReadTable]:
    for key in TABLES:
        if key in report.tables:
            yield report.tables[key]
        elif report.edition is not None:
            yield ReadTable.unread(key, report.edition)


def print_keys(report: Report, findings: Sequence[Finding]) -> None:
    """Print every cell that the report's layouts have, in printed order, and which edits it fails.

    A cell that is not in the file has a key too, and so have those of a table that is not: it can
    be set.
    """
    failing: dict[str, list[str]] = {}
    for finding in findings:
        for address in finding.cells:
            failing.setdefault(address, []).append(finding.rule)
    rows = [
        (
            address,
            form_labels.cell(address),
            table.cells.get(address, ABSENT).raw.strip(),
            ", ".join(dict.fromkeys(failing.get(address, ()))),
        )
        for table in _tables(report)
        for address in table.form.cells
    ]
    print_list(_HEADS, rows, folding=_HEADS[1:2])
