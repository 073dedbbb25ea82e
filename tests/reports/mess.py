"""What publishers do to a clean table without unbalancing it."""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from models.disclosure.form import OUTCOME_ROWS, TOTAL, Kind, column_of
from models.disclosure.report import Printed
from tests.reports.cells import TruthCell, TruthReport
from tests.reports.wording import varied_wording

Cells = dict[str, TruthCell]

_FULL_WIDTH = str.maketrans("0123456789.-+", "０１２３４５６７８９．－＋")
_SLASHES = ("/", "／")
_DASHES = ("-", "—", "——")
_NOTES = ("（含修订{}件）", "（含结转{}件）", "（其中当面申请{}件）", "(含修订{}件)")
_BLANK = TruthCell("", None, Printed.BLANK)


def make_messy(
    report: TruthReport, rng: random.Random, options: Mapping[str, float]
) -> TruthReport:
    """Apply the named options, each with the share of candidates it touches (0 to 1).

    Options are the keys of :data:`MESS`. Only cells that are zero and an addend lose their
    figure, or whole outcome rows of zeros: the row ``processed_total`` and the total of every
    row that has a figure stay printed.
    """
    unknown = set(options) - set(MESS)
    if unknown:
        raise ValueError(f"no such mess: {sorted(unknown)}")
    for name, change in MESS.items():
        if name in options:
            changed = change(report, rng, options[name])
            if changed is not report:
                report = replace(changed, mess=report.mess | {name})
    return report


def _dropped_row(report: TruthReport, rng: random.Random, share: float) -> TruthReport:
    # Without its row （六） the undivided layout could not be told from the divided one.
    empty = [row for row in _empty_outcomes(report) if not row.endswith(".other_undivided")]
    if not empty:
        return report
    row = rng.choice(empty)
    cells = {key: cell for key, cell in report.cells.items() if not key.startswith(row + ".")}
    return replace(report, cells=cells, dropped=(*report.dropped, row))


def _blank_row(report: TruthReport, rng: random.Random, share: float) -> TruthReport:
    empty = _empty_outcomes(report)
    if not empty:
        return report
    row = rng.choice(empty)
    return _set(report, (key for key in report.cells if key.startswith(row + ".")), _BLANK)


def _empty_outcomes(report: TruthReport) -> list[str]:
    """Rows of table 三 that print nothing but zeros and whose absence unbalances nothing."""
    rows = [f"applications.{row.key}" for row in report.rows("applications")]
    return [
        row
        for row in rows
        if row.partition(".")[2] in OUTCOME_ROWS
        and all(cell.value == 0 for key, cell in report.cells.items() if key.startswith(row + "."))
    ]


def _blanks(report: TruthReport, rng: random.Random, share: float) -> TruthReport:
    return _set(report, _some(_zero_addends(report), rng, share), _BLANK)


def _slashes(report: TruthReport, rng: random.Random, share: float) -> TruthReport:
    mark = TruthCell(rng.choice(_SLASHES), None, Printed.SLASH)
    return _mark(report, rng, share, mark)


def _dashes(report: TruthReport, rng: random.Random, share: float) -> TruthReport:
    mark = TruthCell(rng.choice(_DASHES), None, Printed.DASH)
    return _mark(report, rng, share, mark)


def _mark(report: TruthReport, rng: random.Random, share: float, mark: TruthCell) -> TruthReport:
    """Put a mark for single zeros, or for every cell of some rows without a figure."""
    if rng.random() < 0.5:
        return _set(report, _some(_zero_addends(report), rng, share), mark)
    rows = _some(_empty_outcomes(report), rng, share)
    return _set(report, (key for key in report.cells if key.rpartition(".")[0] in rows), mark)


def _zero_addends(report: TruthReport) -> list[str]:
    found = [
        key
        for key, cell in report.cells.items()
        if cell.printed is Printed.NUMBER
        and cell.value == 0
        and not key.startswith("applications.processed_total.")
        and not key.endswith(f".{TOTAL.key}")
    ]
    # A table without a single number would be incomplete: table 二 keeps its first zero.
    if all(cell.value in (0, None) for key, cell in report.cells.items() if key[0] == "d"):
        found = [key for key in found if not key.startswith("disclosure.regulations.")]
    return found


def _notes(report: TruthReport, rng: random.Random, share: float) -> TruthReport:
    counted = [
        key
        for key, cell in report.cells.items()
        if cell.raw.isdecimal() and cell.value and column_of(key).kind is Kind.COUNT
    ]
    amounts = [
        key
        for key, cell in report.cells.items()
        if cell.value is not None and column_of(key).kind is Kind.AMOUNT
    ]
    cells = dict(report.cells)
    for key in _some(counted, rng, share / 4):
        part = rng.randint(1, max(1, int(cells[key].value or 1)))
        cells[key] = replace(cells[key], raw=cells[key].raw + rng.choice(_NOTES).format(part))
    for key in _some(amounts, rng, share):
        cells[key] = replace(cells[key], raw=cells[key].raw + "万元")
    return _with(report, cells)


def _spaces(report: TruthReport, rng: random.Random, share: float) -> TruthReport:
    cells = dict(report.cells)
    for key in _some([key for key, cell in cells.items() if cell.raw], rng, share):
        space = rng.choice((" ", "  ", "\u2002", "\u3000", "\u00a0"))
        raw = cells[key].raw
        cells[key] = replace(cells[key], raw=rng.choice((raw + space, space + raw)))
    return _with(report, cells)


def _fullwidth(report: TruthReport, rng: random.Random, share: float) -> TruthReport:
    cells = dict(report.cells)
    for key in _some([key for key, cell in cells.items() if cell.value is not None], rng, share):
        cells[key] = replace(cells[key], raw=cells[key].raw.translate(_FULL_WIDTH))
    return _with(report, cells)


def _label_variants(report: TruthReport, rng: random.Random, share: float) -> TruthReport:
    return replace(report, wording=varied_wording(report.layouts, rng))


def _some(keys: list[str], rng: random.Random, share: float) -> list[str]:
    return [key for key in keys if rng.random() < share]


def _set(report: TruthReport, keys: Iterable[str], cell: TruthCell) -> TruthReport:
    return _with(report, {**report.cells, **dict.fromkeys(keys, cell)})


def _with(report: TruthReport, cells: Cells) -> TruthReport:
    return report if cells == report.cells else replace(report, cells=cells)


MESS: Final[dict[str, Callable[[TruthReport, random.Random, float], TruthReport]]] = {
    "dropped_row": _dropped_row,
    "blank_row": _blank_row,
    "blanks": _blanks,
    "slashes": _slashes,
    "dashes": _dashes,
    "notes": _notes,
    "fullwidth": _fullwidth,
    "spaces": _spaces,
    "label_variants": _label_variants,
}
"""Options in the order in which they must be applied; the share counts for those of many cells."""
