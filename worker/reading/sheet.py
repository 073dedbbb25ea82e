"""Spreadsheets (XLSX, XLS and ET by calamine, ODS and those in one XML file by their XML).

A run of rows that hold something is one grid, of the columns used there; a run of single cells is
running text. Figures that the format stores as floats print as whole numbers. Hidden sheets are
left out.
"""

import io
import re
import struct
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from models.disclosure.finding import Reason
from models.disclosure.report import Place
from worker.errors import Refused
from worker.reading import compound, flat, nested, package, spans, spreadsheetml
from worker.reading.opendocument import Content
from worker.reading.pages import Block, Grid, Pages, Paragraph, Shape
from worker.reading.worksheet import Merge, Sheet, printed

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, SheetMetadata

_ZIP: Final = b"PK"
_OLE: Final = b"\xd0\xcf\x11\xe0"
_MOST_SHEETS: Final = 200
_MOST_AREA: Final = 2_000_000
"""Rows times columns: calamine lays out a sheet whole, and dies where memory ends."""
_SHEET_PART: Final = re.compile(r"xl/worksheets/[^/]+\.xml")
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_ROW_NUMBER: Final = re.compile(rb"""\br\s*=\s*["']\s*(\d+)""")
_CELL_COLUMN: Final = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br\s*=\s*["']\s*\$?([A-Za-z]+)""")
_CONTENT: Final = re.compile(rb"<(?:\w+:)?(?:v|is)\b")
_FILEPASS: Final = 0x2F
_DIMENSIONS: Final = 0x200
_CELL_RECORDS: Final = frozenset((0x06, 0x7E, 0xBD, 0xFD, 0xD6, 0x203, 0x204, 0x205, 0x27E))


def read(data: bytes) -> Pages:
    """Read a spreadsheet.

    Raises:
        Refused: ``empty``, ``truncated``, ``encrypted``, ``too_large`` or ``unreadable``.
    """
    media_type, sheets = _sheets(data)
    blocks = tuple(block for sheet in sheets for block in _blocks(sheet))
    if not blocks:
        raise Refused(Reason.EMPTY, "no sheet of the workbook that is shown holds anything")
    return Pages(blocks, media_type)


def _sheets(data: bytes) -> tuple[str, Iterable[Sheet]]:
    if data.startswith(_OLE):
        _check_xls(data)
        return compound.XLS, _calamine(data)
    if not data.startswith(_ZIP):
        return _flat_sheets(data)
    parts = package.Package(data)
    if "content.xml" in parts:
        return package.ODS, Content.of(parts).sheets()
    _check_xlsx(parts)
    return package.XLSX, _calamine(data)


def _flat_sheets(data: bytes) -> tuple[str, Iterable[Sheet]]:
    root = flat.parse(flat.content(data))
    if flat.media_type(data) == flat.ODS:
        return flat.ODS, Content(root).sheets()
    return flat.SHEET, spreadsheetml.sheets(root)


def _check_xlsx(parts: package.Package) -> None:
    """Refuse a sheet whose cells with content lie so far apart that it fills the memory."""
    for name in parts.names:
        if not _SHEET_PART.fullmatch(name):
            continue
        content = parts.read(name)
        rows = columns = last = 0
        found = _ROW.split(content)
        for attributes, inside in zip(found[1::2], found[2::2], strict=True):
            number = _ROW_NUMBER.search(attributes)
            last = int(number[1]) if number else last + 1
            if _CONTENT.search(inside):
                rows = max(rows, last)
                columns = max(columns, _width(inside))
        _check_area(name, rows, columns)


def _width(cells: bytes) -> int:
    """Return the number of the last column named in a row; at least the count of its cells."""
    named = _CELL_COLUMN.findall(cells)
    longest = max(map(len, named), default=0)
    last = max((name.upper() for name in named if len(name) == longest), default=b"")
    number = 0
    for letter in last[:8]:
        number = number * 26 + letter - 64
    return max(number, cells.count(b"<c"))


def _check_area(name: str, rows: int, columns: int) -> None:
    if rows * columns > _MOST_AREA:
        raise Refused(Reason.TOO_LARGE, f"{name} spans {rows} rows and {columns} columns")


def _check_xls(data: bytes) -> None:
    """Walk the records: a password, or a sheet that declares or fills too much."""
    ole = compound.Compound(data)
    stream = ole.stream("Workbook" if "Workbook" in ole else "Book")
    at = rows = columns = 0
    while at + 4 <= len(stream):
        record, size = struct.unpack_from("<HH", stream, at)
        at += 4
        if record == _FILEPASS:
            raise Refused(Reason.ENCRYPTED, "the workbook is behind a password")
        if record in _CELL_RECORDS and size >= 4:
            row, column = struct.unpack_from("<HH", stream.ljust(at + 4), at)
            rows, columns = max(rows, row + 1), max(columns, column + 1)
        elif record == _DIMENSIONS and size >= 14:
            first, end, left, right = struct.unpack_from("<IIHH", stream.ljust(at + 12), at)
            _check_area("a sheet", max(0, end - first), max(0, right - left))
        at += size
    _check_area("the workbook", rows, columns)


def _calamine(data: bytes) -> Iterator[Sheet]:
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        listed = book.sheets_metadata[:_MOST_SHEETS]
        shown = [at for at, sheet in enumerate(listed) if _is_shown(sheet)]
        for at in shown:
            yield _of_calamine(book.get_sheet_by_index(at))
    except calamine.PasswordError as error:
        raise Refused(Reason.ENCRYPTED, "the workbook is behind a password") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise Refused(Reason.UNREADABLE, f"the workbook cannot be read: {error}") from error
    except BaseException as error:
        # A panic in calamine's Rust arrives as an exception that is no ``Exception``.
        if type(error).__name__ != "PanicException":
            raise
        raise Refused(Reason.UNREADABLE, f"the workbook is broken: {error}") from error


def _is_shown(sheet: "SheetMetadata") -> bool:
    visible, kind = str(sheet.visible), str(sheet.typ)
    return visible.endswith(".Visible") and kind.endswith(".WorkSheet")


def _of_calamine(source: "CalamineSheet") -> Sheet:
    sheet = Sheet(source.name)
    if source.start is None:
        return sheet
    first = source.start[0]
    for row, values in enumerate(source.iter_rows(), first):
        for column, value in enumerate(values):
            if value != "" and (text := printed(value)):
                sheet.cells[row, column] = text
        if len(sheet.cells) > nested.MOST_CELLS:
            raise Refused(Reason.TOO_LARGE, f"sheet {sheet.name} holds too many cells")
    for (top, left), (bottom, right) in source.merged_cell_ranges or ():
        sheet.merges.append((top, left, bottom - top + 1, right - left + 1))
    return sheet


def _blocks(sheet: Sheet) -> Iterator[Block]:
    by_row: dict[int, dict[int, str]] = {}
    for (row, column), text in sorted(sheet.cells.items()):
        by_row.setdefault(row, {})[column] = text
    merges = {(top, left): (rows, columns) for top, left, rows, columns in _clipped(sheet)}
    covered = _covered(sheet.name, merges)
    for run in _runs(by_row, merges):
        used = [column for row in run for column in by_row.get(row, ())]
        wide = range(min(used), max(used) + 1)
        if max(len(by_row.get(row, ())) for row in run) == 1:
            yield from _paragraphs(sheet.name, run, by_row)
        elif len(run) * len(wide) > nested.MOST_CELLS:
            raise Refused(Reason.TOO_LARGE, f"sheet {sheet.name} holds too many cells")
        else:
            drawn = [
                [
                    (
                        by_row.get(row, {}).get(column, ""),
                        *merges.get((row, column), (1, 1)),
                        _place(sheet.name, row, column),
                    )
                    for column in wide
                    if (row, column) not in covered
                ]
                for row in run
            ]
            yield Grid(spans.expand(drawn), Shape.CELLS)


def _paragraphs(sheet: str, run: range, by_row: dict[int, dict[int, str]]) -> Iterator[Paragraph]:
    gap = True
    for row in run:
        for column, text in by_row.get(row, {}).items():
            for line in text.split("\n"):
                if line.strip():
                    yield Paragraph(line.strip(), _place(sheet, row, column), gap)
                    gap = False


def _runs(
    by_row: dict[int, dict[int, str]], merges: dict[tuple[int, int], tuple[int, int]]
) -> Iterator[range]:
    """Yield runs of rows with something in them; a merged cell holds its rows together."""
    reach = {row: row + 1 for row in by_row}
    for (row, column), (rows, _) in merges.items():
        if column in by_row.get(row, ()):
            reach[row] = max(reach[row], row + rows)
    first, end = 0, -1
    for row in by_row:
        if row > end:
            if end >= 0:
                yield range(first, end)
            first, end = row, row + 1
        end = max(end, reach[row])
    if end >= 0:
        yield range(first, end)


def _clipped(sheet: Sheet) -> Iterator[Merge]:
    """Yield the merged ranges no farther than anything is."""
    bottom = max((row for row, _ in sheet.cells), default=-1)
    right = max((column for _, column in sheet.cells), default=-1)
    for top, left, rows, columns in sheet.merges:
        if top <= bottom and left <= right:
            yield top, left, min(rows, bottom - top + 1), min(columns, right - left + 1)


def _covered(sheet: str, merges: dict[tuple[int, int], tuple[int, int]]) -> set[tuple[int, int]]:
    if sum(rows * columns for rows, columns in merges.values()) > _MOST_AREA:
        raise Refused(Reason.TOO_LARGE, f"sheet {sheet} merges too many cells")
    return {
        (row, column)
        for (top, left), (rows, columns) in merges.items()
        for row in range(top, top + rows)
        for column in range(left, left + columns)
        if (row, column) != (top, left)
    }


def _place(sheet: str, row: int, column: int) -> Place:
    letters, number = "", column + 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(65 + letter) + letters
    return Place(sheet=sheet, cell=f"{letters}{row + 1}")
