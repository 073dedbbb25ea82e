"""Lattices and the characters in them become the cells of a table, merged cells as spans."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from models.disclosure.report import Place
from worker.reading.pages import Grid, GridCell, GridRow, Shape
from worker.reading.pdf_ink import Box, Glyph
from worker.reading.pdf_lines import Line, cell_lines, joined, text_of
from worker.reading.pdf_rulings import Lattice
from worker.reading.scan_glyph import confidence_of

_LEAST_HEIGHT: Final = 5.0
"""Lower places without text are the gap between two lines, not rows."""


@dataclass(slots=True)
class Cell:
    """One cell where it is drawn: where it begins, how far it reaches, the lines in it.

    ``open_above`` and ``open_below`` tell that no line is drawn there.
    """

    row: int
    column: int
    row_span: int
    column_span: int
    page: int
    box: Box
    lines: list[Line] = field(default_factory=list)
    open_above: bool = False
    open_below: bool = False
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text, its lines joined."""
        return joined(self.texts) if self.texts else ""


@dataclass(slots=True)
class Table:
    """The cells of a table by rows; ``xs`` are the edges of its columns on its first page."""

    xs: list[float]
    rows: int
    cells: list[Cell]

    @property
    def top(self) -> float:
        """Where it begins on its first page."""
        return min(cell.box[1] for cell in self.cells)

    @property
    def page(self) -> int:
        """The page it begins on."""
        return self.cells[0].page

    @property
    def last_page(self) -> int:
        """The page it ends on."""
        return max(cell.page for cell in self.cells)

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return len(self.xs) - 1


Places = dict[tuple[int, int], list[Glyph]]
"""The glyphs in each place (row, column) of a lattice."""


def table_of(lattice: Lattice, places: Places, page: int) -> Table | None:
    """Return the table drawn by a lattice, or ``None`` when it is nothing but a frame."""
    cells = [_filled(cell, places) for cell in regions(lattice, page)]
    kept = [cell for cell in cells if cell.texts or cell.box[3] - cell.box[1] >= _LEAST_HEIGHT]
    if len(kept) < 2 or not any(cell.texts for cell in kept):
        return None
    return Table(lattice.xs, lattice.rows, kept)


def grid_of(table: Table) -> Grid:
    """Return the table as a grid; rows and columns in which no cell begins are closed up."""
    starts = sorted({cell.row for cell in table.cells})
    lefts = sorted({cell.column for cell in table.cells})
    rows: dict[int, list[GridCell]] = {start: [] for start in starts}
    for cell in sorted(table.cells, key=lambda cell: (cell.row, cell.column)):
        rows[cell.row].append(
            GridCell(
                cell.text,
                bisect_left(lefts, cell.column),
                cell.box[0],
                cell.box[2],
                _within(starts, cell.row, cell.row_span) if cell.row_span > 1 else 1,
                _within(lefts, cell.column, cell.column_span) if cell.column_span > 1 else 1,
                Place(page=cell.page, box=cell.box),
                confidence_of(cell.lines),
            )
        )
    return Grid(tuple(GridRow(tuple(cells)) for cells in rows.values()), Shape.CELLS)


def _within(starts: list[int], start: int, span: int) -> int:
    return max(1, bisect_left(starts, start + span) - bisect_left(starts, start))


def _filled(cell: Cell, places: Places) -> Cell:
    glyphs: list[Glyph] = []
    for row in range(cell.row, cell.row + cell.row_span):
        for column in range(cell.column, cell.column + cell.column_span):
            if (row, column) in places:
                glyphs += places[row, column]
    if glyphs:
        cell.lines = cell_lines(glyphs)
        cell.texts = [text for line in cell.lines if (text := text_of(line))]
    return cell


def regions(lattice: Lattice, page: int) -> Iterator[Cell]:
    """Yield the places that no wall parts, as rectangles from the top left."""
    taken = [[False] * lattice.columns for _ in range(lattice.rows)]
    for row in range(lattice.rows):
        for column in range(lattice.columns):
            if not taken[row][column]:
                cell = _region(lattice, taken, row, column, page)
                for line in taken[row : row + cell.row_span]:
                    line[column : column + cell.column_span] = [True] * cell.column_span
                yield cell


def _region(lattice: Lattice, taken: list[list[bool]], row: int, column: int, page: int) -> Cell:
    right, walls = column + 1, lattice.right[row]
    while right < lattice.columns and not walls[right - 1] and not taken[row][right]:
        right += 1
    bottom = row + 1
    while bottom < lattice.rows and _goes_on(lattice, taken, bottom, column, right):
        bottom += 1
    xs, ys = lattice.xs, lattice.ys
    return Cell(
        row,
        column,
        bottom - row,
        right - column,
        page,
        (xs[column], ys[row], xs[right], ys[bottom]),
        open_above=not any(lattice.below[row][column:right]),
        open_below=not any(lattice.below[bottom][column:right]),
    )


def _goes_on(lattice: Lattice, taken: list[list[bool]], row: int, left: int, right: int) -> bool:
    """Tell whether a cell reaches down into this row: no wall above, none inside."""
    return not lattice.below[row][left] and not (
        any(lattice.below[row][left:right])
        or any(lattice.right[row][left : right - 1])
        or any(taken[row][left:right])
    )
