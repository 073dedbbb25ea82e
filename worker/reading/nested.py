"""Text and tables as word processors nest them become paragraphs and grids in reading order.

A table whose inner tables hold more cells than it has itself lays out the page: its cells are read
one after another. In any other table what is nested belongs to the text of its cell.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from models.disclosure.finding import Reason
from models.disclosure.report import Place
from worker.errors import Refused
from worker.reading import spans
from worker.reading.pages import Block, Grid, GridCell, GridRow, Paragraph, Shape

_new: Final = tuple.__new__  # half the time of calling the class
MOST_CELLS: Final = 200_000
_SKIPPED: Final = "\x00"
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad\x00-\x08\x0e-\x1f]")
_SPACES: Final = str.maketrans(
    {
        "\u00a0": " ",
        "\u2002": " ",
        "\u2003": " ",
        "\u2009": " ",
        "\x0b": "\n",
        "\x0c": "\n",
        "\u2011": "-",
    }
)


@dataclass(slots=True)
class Box:
    """A cell: its lines and inner tables, and its spans; ``skipped`` where a row leaves it out."""

    content: "Flow" = field(default_factory=list)
    rows: int = 1
    columns: int = 1
    skipped: bool = False


@dataclass(slots=True)
class Table:
    """Rows of cells; a cell merged over rows stands only where it begins."""

    rows: list[list[Box]] = field(default_factory=list)


Flow = list[str | Table]
"""Lines of text and tables, one after another."""


def lines(text: str) -> list[str]:
    """Return the lines of a paragraph without what is not seen: soft hyphens, marks, controls."""
    if not text.isprintable() or "\u2011" in text:
        text = _INVISIBLE.sub("", text.translate(_SPACES))
    return text.split("\n")


def blocks(flow: Flow) -> tuple[Block, ...]:
    """Turn a document into blocks.

    Raises:
        Refused: ``empty`` without any text, ``too_large`` for more than ``MOST_CELLS`` cells.
    """
    cells = sum(_size(part) for part in flow if isinstance(part, Table))
    if cells > MOST_CELLS:
        raise Refused(Reason.TOO_LARGE, f"the tables hold {cells} cells")
    found = tuple(_Numbered().blocks(flow))
    if not any(map(_holds_text, found)):
        raise Refused(Reason.EMPTY, "the document holds no text; pictures in it are not read")
    return found


def _holds_text(block: Block) -> bool:
    if isinstance(block, Paragraph):
        return True
    return any(cell.text for row in block.rows for cell in row.cells)


@dataclass(slots=True)
class _Numbered:
    """Counts lines and tables, so that places can name them."""

    line: int = 0
    table: int = 0

    def blocks(self, flow: Flow) -> Iterator[Block]:
        gap = True
        tabbed: list[GridRow] = []
        for part in flow:
            row = self._tabbed(part, gap=gap) if isinstance(part, str) else None
            if row is not None:
                tabbed.append(row)
                gap = False
                continue
            if tabbed:
                yield Grid(tuple(tabbed), Shape.RAGGED)
                tabbed = []
            if isinstance(part, Table):
                yield from self._of_table(part)
                gap = True
                continue
            self.line += 1
            if text := part.strip():
                yield Paragraph(text, Place(self.line, 1), gap)
            gap = not text
        if tabbed:
            yield Grid(tuple(tabbed), Shape.RAGGED)

    def _tabbed(self, line: str, *, gap: bool) -> GridRow | None:
        """A line with tabs inside is a row whose cells the writer set by hand."""
        if "\t" not in line.strip():
            return None
        self.line += 1
        cells, at = [], 0
        for column, text in enumerate(line.split("\t")):
            place = Place(self.line, at + 1)
            cells.append(GridCell(text.strip(), column, at, at + len(text), place=place))
            at += len(text) + 1
        return GridRow(tuple(cells), gap)

    def _of_table(self, table: Table) -> Iterator[Block]:
        if not _lays_out(table):
            yield from self._grid(table.rows)
            return
        for is_grid, rows in groupby(table.rows, key=_is_grid_row):
            if is_grid:
                yield from self._grid(list(rows))
            else:
                for box in (box for row in rows for box in row):
                    yield from self.blocks(box.content)

    def _grid(self, rows: list[list[Box]]) -> Iterator[Block]:
        self.table += 1
        drawn = [list(self._drawn(row, at)) for at, row in enumerate(rows, 1)]
        found = []
        for row in spans.expand(drawn):
            cells = row.cells
            if any(cell.text == _SKIPPED for cell in cells):
                cells = tuple([cell for cell in cells if cell.text != _SKIPPED])
            if cells:
                found.append(GridRow(cells))
        if found:
            yield Grid(tuple(found), Shape.CELLS)

    def _drawn(self, row: list[Box], at: int) -> Iterator[spans.Drawn]:
        named = f"T{self.table}R{at}C"
        for which, box in enumerate(row, 1):
            content = box.content
            if len(content) == 1 and isinstance(content[0], str):
                text = content[0].strip()
            else:
                text = _SKIPPED if box.skipped else "\n".join(_text(content))
            place = _new(Place, (None, None, None, None, None, f"{named}{which}"))
            yield text, box.rows, box.columns, place


def _text(flow: Flow) -> Iterator[str]:
    """Yield the printed lines of a cell, those of tables inside it too."""
    for part in flow:
        if isinstance(part, Table):
            for row in part.rows:
                for box in row:
                    yield from _text(box.content)
        elif text := part.strip():
            yield text


def _is_grid_row(row: list[Box]) -> bool:
    return len(row) > 1 and not any(map(_inner, row))


def _inner(box: Box) -> list[Table]:
    content = box.content
    if len(content) == 1 and isinstance(content[0], str):
        return []
    return [part for part in content if isinstance(part, Table)]


def _size(table: Table) -> int:
    """Count the cells of a table and of all tables inside it."""
    inner = [part for row in table.rows for box in row for part in _inner(box)]
    return sum(map(len, table.rows)) + sum(map(_size, inner))


def _lays_out(table: Table) -> bool:
    """Tell a table that places other tables, or running text in one column, from a real one."""
    if all(len(row) <= 1 for row in table.rows):
        return True
    own = sum(map(len, table.rows))
    return _size(table) > 2 * own
