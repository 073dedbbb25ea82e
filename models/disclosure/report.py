"""A report as it was read: who published it, about which year, and every cell as printed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from models.disclosure.evidence import Claim
from models.disclosure.form import LAYOUTS, TABLES, Edition, Layout
from models.divisions.division import NOWHERE, Division, Located


class Printed(StrEnum):
    """How a cell was printed. A blank is not a zero: nothing is ever filled in."""

    NUMBER = "number"
    BLANK = "blank"
    SLASH = "slash"
    DASH = "dash"
    ABSENT = "absent"
    UNREADABLE = "unreadable"


class Place(NamedTuple):
    """Where in the file a piece of text stands; what a format does not know stays ``None``.

    ``line`` and ``column`` count from 1, in characters; ``page`` counts from 1; ``box`` is
    (left, top, right, bottom) in points from the top left of the page. A named tuple, because
    every cell of a file has one: a frozen dataclass takes 3 times as long to make.
    """

    line: int | None = None
    column: int | None = None
    page: int | None = None
    box: tuple[float, float, float, float] | None = None
    sheet: str | None = None
    cell: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return only what is known."""
        return {
            name: value
            for name in ("page", "box", "sheet", "cell", "line", "column")
            if (value := getattr(self, name)) is not None
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """Return the place of which ``as_dict`` was told."""
        box = told.get("box")
        return cls(**{**told, "box": None if box is None else tuple(box)})


class Cell(NamedTuple):
    """One cell: its value (``None`` unless a number), the raw text, how and where it is printed.

    ``note`` is what stood beside the number (``（含修订1件）``) or how it was converted.
    ``chosen`` tells that several placements were equally good and the edits chose this one.
    ``confidence`` (0 to 1) says how sure its least sure character is, where OCR read it.
    ``published`` is the cell as it was read, where an operator has corrected it; ``raw`` and
    ``place`` are what stands in the file in any case. A named tuple, as a place is.
    """

    value: int | Decimal | None
    raw: str
    printed: Printed
    place: Place | None = None
    note: str = ""
    chosen: bool = False
    confidence: float | None = None
    published: "Cell | None" = None


ABSENT = Cell(None, "", Printed.ABSENT)


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as read: the layout it was aligned with and the cells of the rows found.

    ``missing`` names rows of the layout that are not in the file. ``unaligned`` holds lines with
    figures inside the table that no row could take. ``unplaced`` names rows whose figures could
    not be told to columns; ``chosen`` those where the edits chose between equal placements.
    ``lost`` are those unaligned lines that stand beside a row read as blank, and may be its own.
    """

    layout: str
    cells: Mapping[str, Cell] = field(default_factory=lambda: MappingProxyType({}))
    missing: tuple[str, ...] = ()
    unaligned: tuple[str, ...] = ()
    unplaced: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @classmethod
    def unread(cls, key: str, edition: Edition, cells: Iterable[str] = ()) -> Self:
        """Return a table that is not in the file: as its edition prints it, without any row.

        Where an edition is printed in several ways, it is one that has the cells.
        """
        layout = TABLES[key].printed_in(edition, cells)
        return cls(layout.key, missing=layout.row_keys)

    @property
    def is_filled_in(self) -> bool:
        """Whether nothing of it is in the file, and somebody has set what it has."""
        cells = self.cells.values()
        return bool(cells) and all(
            cell.published is not None and cell.published.printed is Printed.ABSENT
            for cell in cells
        )

    @property
    def form(self) -> Layout:
        """The layout as data."""
        return LAYOUTS[self.layout]

    def rows(self) -> Iterator[str]:
        """Yield the keys of the rows that are in the file, in printed order."""
        return (key for key in self.form.row_keys if key not in self.missing)


@dataclass(frozen=True, slots=True)
class Period:
    """The statistics period (统计期限), both days included."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Section:
    """One of the six sections: key, heading as printed, and its text without the tables."""

    key: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything recognised in one document. What was not found is ``None`` or empty.

    ``evidence`` is what each witness says of publisher and year; publisher and year are those of
    the best witness. ``hinted`` names what the document itself does not say: ``publisher``,
    ``year``. ``located`` is where the publisher belongs.
    """

    publisher: str | None
    year: int | None
    edition: Edition | None
    title: str | None
    tables: Mapping[str, ReadTable]
    sections: tuple[Section, ...] = ()
    period: Period | None = None
    signature: str | None = None
    signed_on: date | None = None
    hinted: tuple[str, ...] = ()
    evidence: tuple[Claim, ...] = ()
    located: Located = NOWHERE

    @property
    def division(self) -> Division | None:
        """The division the publisher belongs to, where that is certain."""
        return self.located.division

    def cell(self, key: str) -> Cell:
        """Return a cell by its address; ``ABSENT`` where the row or column is not in the file."""
        table = self.tables.get(key.partition(".")[0])
        return ABSENT if table is None else table.cells.get(key, ABSENT)

    def cells(self) -> Iterator[tuple[str, Cell]]:
        """Yield every cell in printed order, table by table."""
        for table in self.tables.values():
            yield from table.cells.items()

    def section(self, key: str) -> str:
        """Return the text of a section, empty where it was not found."""
        return "\n".join(section.text for section in self.sections if section.key == key)
