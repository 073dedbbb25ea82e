"""Text as extractors make it of web pages: cells without a table, merged places as bare pipes."""

import random
from collections.abc import Callable
from typing import Final

from tests.reports.cells import TruthReport
from tests.reports.narrative import document
from tests.reports.statutory import Grid, GridCell, grids

Cells = Callable[[list[GridCell]], str]


def _filler(row: list[GridCell]) -> str:
    return "|" * sum(cell.colspan - 1 for cell in row)


def _lines(row: list[GridCell]) -> str:
    return "".join(f"{cell.text}\n\n" for cell in row)


def _tight_lines(row: list[GridCell]) -> str:
    return "".join(f"{cell.text}\n\n" if cell.text.strip() else "\n" for cell in row)


def _ended(row: list[GridCell]) -> str:
    return "".join(f"{cell.text}\n|\n" for cell in row)


def _ended_rows(row: list[GridCell]) -> str:
    return _ended(row) + "\n"


def _trailed(row: list[GridCell]) -> str:
    filler = f"{_filler(row)}\n" if _filler(row) else ""
    return "".join(f"{_piped(cell)}\n" for cell in row) + filler


def _trailed_beside(row: list[GridCell]) -> str:
    filler = f" {_filler(row)}" if _filler(row) else ""
    return "\n".join(_piped(cell) for cell in row) + f"{filler}\n"


def _piped(cell: GridCell) -> str:
    return f"{cell.text} |" if cell.text.strip() else "|"


def _unframed(row: list[GridCell]) -> str:
    return " | ".join(cell.text for cell in row) + f" |{_filler(row)}\n"


def _framed(row: list[GridCell]) -> str:
    return f"| {' | '.join(cell.text for cell in row)} | {_filler(row)}\n"


_DIALECTS: Final[tuple[Cells, ...]] = (
    _lines,
    _tight_lines,
    _ended,
    _ended_rows,
    _trailed,
    _trailed_beside,
    _unframed,
    _framed,
)


def mirrored(report: TruthReport, rng: random.Random) -> str:
    """Return the report in one of the dialects, the same for every table."""
    dialect = rng.choice(_DIALECTS)

    def drawn(grid: Grid) -> str:
        return "".join(dialect(row) for row in grid)

    tables = {table: drawn(grid) for table, grid in grids(report).items()}
    return document(report, rng, tables, gap=rng.choice(("\n", "\n\n")))
