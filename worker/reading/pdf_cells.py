"""Lattices and the characters in them become the cells of a table, merged cells as spans."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Final

from models.disclosure.report import Place
from worker.reading.pages import Grid, GridCell, GridRow, Shape
from worker.reading.pdf_ink import Box, Glyph
from worker.reading.pdf_lines import Line, cell_lines, joined, text_of
from worker.reading.pdf_rulings import Lattice
from worker.reading.scan_glyph import confidence_of

_AGREEING: Final = 1.6
_LEAST_WIDTH: Final = 3.5
_TALLEST: Final = 2.0
"""Characters that are higher than so many times their cell are a watermark."""
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
    text: str = ""


@dataclass(slots=True)
class Table:
    """The cells of a table by rows; ``xs`` are the edges of its columns on its first page.

    ``last_page`` is the page it ends on, ``ends`` the cells that reach its last row; where the
    rows are ``ragged``, columns only count the cells of a row.
    """

    xs: list[float]
    rows: int
    cells: list[Cell]
    last_page: int
    ends: list[Cell]
    ragged: bool = False

    @property
    def top(self) -> float:
        """Where it begins on its first page."""
        return min(cell.box[1] for cell in self.cells)

    @property
    def page(self) -> int:
        """The page it begins on."""
        return self.cells[0].page

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return len(self.xs) - 1


Places = dict[tuple[int, int], list[Glyph]]
"""The glyphs in each place (row, column) of a lattice."""


def table_of(lattice: Lattice, places: Places, page: int, tallest: float = 0.0) -> Table | None:
    """Return the table drawn by a lattice, or ``None`` when it is nothing but a frame.

    ``tallest`` is the height of the highest character on the page.
    """
    cells = [_filled(cell, places, tallest) for cell in regions(lattice, page)]
    reach = _reach(lattice)
    kept = [cell for cell in cells if cell.text or _is_drawn(cell, lattice, reach)]
    if len(kept) < 2 or not any(cell.text for cell in kept):
        return None
    if ragged := _is_ragged(lattice):
        _count(kept)
    ends = [cell for cell in kept if cell.row + cell.row_span == lattice.rows]
    return Table(lattice.xs, lattice.rows, kept, page, ends, ragged)


def _count(cells: list[Cell]) -> None:
    for _, row in groupby(cells, key=attrgetter("row")):
        for at, cell in enumerate(row):
            cell.column, cell.column_span = at, 1


def grid_of(table: Table) -> Grid:
    """Return the table as a grid; rows and columns in which no cell begins are closed up."""
    starts = sorted({cell.row for cell in table.cells})
    lefts = sorted({cell.column for cell in table.cells})
    rows: dict[int, list[GridCell]] = {start: [] for start in starts}
    for cell in sorted(table.cells, key=attrgetter("row", "column")):
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


def _reach(lattice: Lattice) -> list[tuple[int, int]]:
    """Return where the first and last line down stands in each row of places.

    Where no row is closed at a side, the table has no line there, and all rows reach the side.
    """
    open_left = not any(lattice.left)
    open_right = not any(walls[-1] for walls in lattice.right)
    found = []
    for closed, walls in zip(lattice.left, lattice.right, strict=True):
        first = 0 if closed or open_left else next((at + 1 for at, w in enumerate(walls) if w), 0)
        back = next((at for at, wall in enumerate(reversed(walls)) if wall), 0)
        found.append((first, lattice.columns - (0 if open_right else back)))
    return found


def _is_drawn(cell: Cell, lattice: Lattice, reach: list[tuple[int, int]]) -> bool:
    """Tell an empty cell from a gap between lines, or beside a row shorter than others."""
    if cell.box[3] - cell.box[1] < _LEAST_HEIGHT:
        return False
    first, last = cell.column, cell.column + cell.column_span
    rows = range(cell.row, cell.row + cell.row_span)
    if all(last <= reach[row][0] or first >= reach[row][1] for row in rows):
        return False
    # The edges of columns are where lines stand on the average; the cell's own may be nearer.
    walls = lattice.right[cell.row]
    left, right = walls[first - 1] if first else lattice.left[cell.row], walls[last - 1]
    return not left or not right or right[0] - left[1] >= _LEAST_WIDTH


def _filled(cell: Cell, places: Places, tallest: float) -> Cell:
    if cell.row_span == cell.column_span == 1:
        glyphs = places.get((cell.row, cell.column), [])
    else:
        glyphs = []
        for row in range(cell.row, cell.row + cell.row_span):
            for column in range(cell.column, cell.column + cell.column_span):
                if (row, column) in places:
                    glyphs += places[row, column]
    highest = _TALLEST * (cell.box[3] - cell.box[1])
    if highest < tallest:
        glyphs = [glyph for glyph in glyphs if glyph.bottom - glyph.top <= highest]
    if len(glyphs) == 1:
        cell.lines, cell.text = [glyphs], glyphs[0].text.strip()
    elif glyphs:
        cell.lines = cell_lines(glyphs)
        cell.text = joined([text for line in cell.lines if (text := text_of(line))])
    return cell


def regions(lattice: Lattice, page: int) -> Iterator[Cell]:
    """Yield the places that no wall parts, as rectangles from the top left."""
    ragged = _is_ragged(lattice)
    taken = [[False] * lattice.columns for _ in range(lattice.rows)]
    for row in range(lattice.rows):
        for column in range(lattice.columns):
            if not taken[row][column]:
                cell = _region(lattice, taken, row, column, page, ragged=ragged)
                for line in taken[row : row + cell.row_span]:
                    line[column : column + cell.column_span] = [True] * cell.column_span
                yield cell


def _is_ragged(lattice: Lattice) -> bool:
    """Tell whether every row has columns of its own: it is a table by itself, with no span down."""
    most = max(sum(wall is not None for wall in walls) for walls in lattice.right)
    return lattice.columns > _AGREEING * (most + 1)


def _region(
    lattice: Lattice, taken: list[list[bool]], row: int, column: int, page: int, *, ragged: bool
) -> Cell:
    right, walls = column + 1, lattice.right[row]
    while right < lattice.columns and not walls[right - 1] and not taken[row][right]:
        right += 1
    bottom = row + 1
    while not ragged and bottom < lattice.rows and _goes_on(lattice, taken, bottom, column, right):
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
