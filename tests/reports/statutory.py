"""The three tables of a report as the notice draws them, merged cells included."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from models.disclosure.form import RESULTS_GROUP, Edition, Row, cell_key
from tests.reports.cells import TruthReport

_CHECK_NOTE = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"
_CLAUSES = {
    Edition.CURRENT: (("一", 2), ("五", 1), ("六", 2), ("八", 1)),
    Edition.TRIAL: (("一", 2), ("五", 2), ("六", 2), ("八", 1), ("九", 1)),
}
"""The clauses of 条例 art. 20 that table 二 goes through, and how many rows stand under each."""


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell of a drawn table; ``address`` where it holds a figure."""

    text: str
    colspan: int = 1
    rowspan: int = 1
    address: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of the grid: the cell there, or what a merged cell leaves of it.

    ``kind`` is ``cell`` where a cell begins, ``right`` and ``below`` where one continues.
    """

    cell: GridCell
    kind: str = "cell"

    @property
    def text(self) -> str:
        """The text printed in this place: a merged cell prints once."""
        return self.cell.text if self.kind == "cell" else ""

    @property
    def figure(self) -> bool:
        """Whether this is a place for a figure."""
        return bool(self.cell.address) and self.kind == "cell"


Grid = list[list[GridCell]]
Line = tuple[Slot, ...]


def grids(report: TruthReport) -> dict[str, Grid]:
    """Return the drawn table of each key."""
    return {
        "disclosure": _disclosure(report),
        "applications": _applications(report),
        "review": _review(report),
    }


def placed(grid: Grid) -> list[Line]:
    """Spread merged cells over the places they cover; every line has the same length."""
    lines: list[list[Slot]] = []
    open_spans: dict[int, tuple[int, GridCell]] = {}
    for row in grid:
        line: list[Slot] = []
        _continue(line, open_spans)
        for cell in row:
            if cell.rowspan > 1:
                open_spans[len(line)] = (cell.rowspan - 1, cell)
            line += [Slot(cell), *[Slot(cell, "right")] * (cell.colspan - 1)]
            _continue(line, open_spans)
        lines.append(line)
    width = max(len(line) for line in lines)
    return [(*line, *[Slot(GridCell(""))] * (width - len(line))) for line in lines]


def figures(line: Sequence[Slot]) -> list[str]:
    """Return the figures of a line as printed, blanks included."""
    return [slot.text for slot in line if slot.figure]


def labels(line: Sequence[Slot]) -> list[Slot]:
    """Return the places of a line that are not for figures and not mere continuations right."""
    return [slot for slot in line if not slot.cell.address and slot.kind != "right"]


def _continue(line: list[Slot], open_spans: dict[int, tuple[int, GridCell]]) -> None:
    """Fill the places that cells of earlier rows still cover."""
    while len(line) in open_spans:
        left, cell = open_spans.pop(at := len(line))
        line += [Slot(cell, "below"), *[Slot(cell, "right")] * (cell.colspan - 1)]
        if left > 1:
            open_spans[at] = (left - 1, cell)


def _figures(report: TruthReport, table: str, row: Row) -> list[GridCell]:
    addresses = [cell_key(table, row.key, column.key) for column in row.columns]
    return [GridCell(report.cells[address].raw, address=address) for address in addresses]


def _disclosure(report: TruthReport) -> Grid:
    rows = iter(report.rows("disclosure"))
    grid: Grid = []
    for clause, count in _CLAUSES[report.edition]:
        under = [next(rows) for _ in range(count)]
        grid.append([GridCell(f"第二十条第（{clause}）项", colspan=4)])
        heads = [GridCell(report.wording.columns[column.label]) for column in under[0].columns]
        grid.append(_widened([GridCell("信息内容"), *heads], 4))
        for row in under:
            label = GridCell(report.wording.rows[f"disclosure.{row.key}"])
            grid.append(_widened([label, *_figures(report, "disclosure", row)], 4))
    return grid


def _widened(cells: list[GridCell], width: int) -> list[GridCell]:
    last = cells[-1]
    span = width - len(cells) + 1
    return [*cells[:-1], GridCell(last.text, span, last.rowspan, last.address)]


def _applications(report: TruthReport) -> Grid:
    rows = report.rows("applications")
    words = report.wording.columns
    applicants = [words[column.label] for column in rows[0].columns]
    grid: Grid = [
        [GridCell(_CHECK_NOTE, 3, 3), GridCell("申请人情况", 7)],
        [
            GridCell(applicants[0], rowspan=2),
            GridCell("法人或其他组织", 5),
            GridCell(applicants[-1], rowspan=2),
        ],
        [GridCell(text) for text in applicants[1:-1]],
    ]
    results = sum(bool(row.group) for row in rows)
    for group, members in groupby(rows, key=lambda row: row.group):
        for row, lead in _led(report, group, list(members)):
            if group and results:
                lead = [GridCell(report.wording.groups[RESULTS_GROUP], 1, results), *lead]
                results = 0
            grid.append([*lead, *_figures(report, "applications", row)])
    return grid


def _led(
    report: TruthReport, group: str, members: list[Row]
) -> Iterator[tuple[Row, list[GridCell]]]:
    """Yield each row with the label cells drawn for it, the group's cell on the first."""
    for at, row in enumerate(members):
        label = report.wording.rows[f"applications.{row.key}"]
        if not group or group == RESULTS_GROUP:
            yield row, [GridCell(label, 2 if group else 3)]
        elif at:
            yield row, [GridCell(label)]
        else:
            yield row, [GridCell(report.wording.groups[group], 1, len(members)), GridCell(label)]


def _review(report: TruthReport) -> Grid:
    rows = report.rows("review")
    names = [report.wording.rows[f"review.{row.key}"] for row in rows]
    lawsuit = report.wording.groups["行政诉讼"]
    heads = [report.wording.columns[column.label] for column in rows[0].columns]
    numbers = [_figures(report, "review", row) for row in rows]
    if not report.layout("review").across:
        return [
            [GridCell("", 2), *[GridCell(text) for text in heads]],
            [GridCell(names[0], 2), *numbers[0]],
            [GridCell(lawsuit, 1, 2), GridCell(names[1]), *numbers[1]],
            [GridCell(names[2]), *numbers[2]],
        ]
    return [
        [GridCell(names[0], 5), GridCell(lawsuit, 10)],
        [
            *[GridCell(text, rowspan=2) for text in heads],
            GridCell(names[1], 5),
            GridCell(names[2], 5),
        ],
        [GridCell(text) for _ in range(2) for text in heads],
        [cell for row in numbers for cell in row],
    ]
