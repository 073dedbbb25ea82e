"""Tables that a file writes as a stream: text, cell ends, then a row end with the cells' edges.

Word's binary format and RTF are of this kind. Rows give their edges in twips; the columns of a
table are all the edges of its rows, in order.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import nested
from worker.reading.nested import Box, Flow, Table

DEEPEST: Final = 32
_SNAP: Final = 40
"""Edges nearer than this, in twips (2 pt), are one: rows drawn by hand differ a little."""
_UNDEFINED: Final = 1000


@dataclass(frozen=True, slots=True)
class Edge:
    """How a row defines one cell: its right edge in twips, and its merges.

    ``down`` and ``across`` are ``restart``, ``continue`` or nothing.
    """

    right: int
    down: str = ""
    across: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """How a row defines its cells: the left edge of the first, then each cell."""

    left: int = 0
    cells: tuple[Edge, ...] = ()


@dataclass(slots=True)
class _Level:
    """An open table: finished rows, the finished cells of this row, the text of this cell."""

    rows: list[tuple[Definition, list[Flow]]] = field(default_factory=list)
    cells: list[Flow] = field(default_factory=list)
    content: Flow = field(default_factory=list)


class Assembly:
    """Puts a stream together; depth 0 is running text, 1 a table, 2 a table inside a cell."""

    def __init__(self) -> None:
        """Begin an empty document."""
        self._levels = [_Level()]
        self._cells = 0

    def text(self, lines: Iterable[str | Table], depth: int) -> None:
        """Add lines of text, or tables that were put together apart."""
        self._at(depth).content.extend(lines)

    def cell(self, depth: int) -> None:
        """End a cell.

        Raises:
            Refused: ``too_large`` for too many cells.
        """
        level = self._at(max(depth, 1))
        level.cells.append(level.content)
        level.content = []
        self._cells += 1
        if self._cells > nested.MOST_CELLS:
            raise Refused(Reason.TOO_LARGE, f"the tables hold more than {self._cells - 1} cells")

    def row(self, depth: int, definition: Definition) -> None:
        """End a row."""
        level = self._at(max(depth, 1))
        while len(level.cells) > len(definition.cells) > 0 and _is_blank(level.cells[-1]):
            level.cells.pop()  # LibreOffice ends a row with one cell too many
        if level.cells:
            level.rows.append((definition, level.cells))
        level.cells = []

    def flow(self) -> Flow:
        """End the document and return it; a row that was cut off counts."""
        return self._at(0).content

    def _at(self, depth: int) -> _Level:
        """Open or close tables until ``depth`` are open."""
        depth = max(0, min(depth, DEEPEST))
        while len(self._levels) <= depth:
            self._levels.append(_Level())
        while len(self._levels) > depth + 1:
            closed = self._levels.pop()
            if closed.cells:
                closed.rows.append((Definition(), closed.cells))
            outer = self._levels[-1].content
            if closed.rows:
                outer.append(_table(closed.rows))
            outer.extend(closed.content)
        return self._levels[-1]


def _is_blank(content: Flow) -> bool:
    return all(isinstance(part, str) and not part.strip() for part in content)


def _table(rows: Sequence[tuple[Definition, list[Flow]]]) -> Table:
    defined = [(_completed(definition, len(cells)), cells) for definition, cells in rows]
    columns = _columns(definition for definition, _ in defined)
    table = Table()
    above: dict[int, Box] = {}
    for definition, cells in defined:
        row, above = _row(definition, cells, columns, above)
        table.rows.append(row)
    return table


def _completed(definition: Definition, count: int) -> Definition:
    """Cells that the row does not define stand one behind the other."""
    cells = list(definition.cells[:count])
    while len(cells) < count:
        right = cells[-1].right if cells else definition.left
        cells.append(Edge(right + _UNDEFINED))
    return Definition(definition.left, tuple(cells))


def _columns(definitions: Iterable[Definition]) -> list[int]:
    """Return the edges of all rows, those that are all but equal once."""
    edges = {edge for d in definitions for edge in (d.left, *(cell.right for cell in d.cells))}
    found: list[int] = []
    for edge in sorted(edges):
        if not found or edge - found[-1] > _SNAP:
            found.append(edge)
    return found


def _row(
    definition: Definition, cells: list[Flow], columns: list[int], above: dict[int, Box]
) -> tuple[list[Box], dict[int, Box]]:
    """Return the boxes of a row, and those that may go on in the next, by column."""
    column = _column(columns, definition.left)
    row = [Box(columns=column, skipped=True)] if column else []
    merged: dict[int, Box] = {}
    for edge, content in zip(definition.cells, cells, strict=True):
        end = max(_column(columns, edge.right), column + 1)
        if edge.down == "continue" and column in above:
            above[column].rows += 1
            merged[column] = above[column]
        elif edge.across == "continue" and row:
            row[-1].columns += end - column
            row[-1].content.extend(content)
        else:
            row.append(Box(content, columns=end - column))
            if edge.down:
                merged[column] = row[-1]
        column = end
    return row, merged


def _column(columns: list[int], edge: int) -> int:
    return bisect_left(columns, edge - _SNAP)
