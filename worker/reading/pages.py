"""The contract of every reader: bytes become ``Pages``, an ordered run of paragraphs and grids."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from models.disclosure.report import Place


class Shape(StrEnum):
    """How far the column index of a grid's cells can be trusted.

    ``CELLS``: a true grid with spans (HTML, Word, ruled PDF). ``RAGGED``: cells are separated,
    but rows may lack or add some (tabs, Markdown pipes). ``SPACED``: no separators; only the
    horizontal extent of each piece of text is known (``pdftotext -layout``).
    """

    CELLS = "cells"
    RAGGED = "ragged"
    SPACED = "spaced"


class GridCell(NamedTuple):
    """One cell of a grid row: its text, column index, spans, horizontal extent and place.

    ``left`` and ``right`` are in the unit of the format: characters in text, points in PDF.
    A named tuple, because there are hundreds in a file: a frozen dataclass takes 3 times as long.
    ``confidence`` (0 to 1) says how sure its least sure character is, where OCR read it.
    """

    text: str
    column: int
    left: float
    right: float
    row_span: int = 1
    column_span: int = 1
    place: Place | None = None
    confidence: float | None = None


class GridRow(NamedTuple):
    """The cells of one row, left to right; ``gap`` tells that an empty line stood before it."""

    cells: tuple[GridCell, ...]
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells."""

    rows: tuple[GridRow, ...]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line or paragraph of running text; ``gap`` tells that an empty line stood before it."""

    text: str
    place: Place | None = None
    gap: bool = False


Block = Paragraph | Grid


@dataclass(frozen=True, slots=True)
class Pages:
    """What a reader yields: blocks in reading order, and what it learned about the file."""

    blocks: tuple[Block, ...]
    media_type: str
    encoding: str | None = None
    warnings: tuple[str, ...] = field(default=())

    def lines(self) -> Iterator[str]:
        """Yield the text of every paragraph and of every grid row, cells joined by a space."""
        for block in self.blocks:
            if isinstance(block, Paragraph):
                yield block.text
            else:
                for row in block.rows:
                    yield " ".join(cell.text for cell in row.cells if cell.text)
