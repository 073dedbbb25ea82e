"""Page marks and running heads: found at the ends of pages, and left out."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from worker.reading.pdf_cells import Table
from worker.reading.pdf_lines import TextLine

Item = Table | TextLine

_MARGIN: Final = 0.15
"""The share of a page's height at its head and foot where running heads stand."""
_AT_ENDS: Final = 2
"""Running lines are among so many lines from either end of a page."""
_MARK: Final = re.compile(
    r"[-—–―─~·•]+\d{1,4}[-—–―─~·•]+|第\d{1,4}页(?:[,、/，]?(?:共|总)\d{1,4}页)?"
    r"|[Pp]age\d+(?:of\d+)?|\d{1,3}/\d{1,3}"
)
_PRINTED: Final = re.compile(
    r"\d{1,4}[/.\-年]\d{1,2}[/.\-月]\d{1,4}日?,?(?:[上下]午)?\d{1,2}:\d{2}(?:[AP]M)?"
    r"|(?:https?|file)://\S+",
    re.IGNORECASE,
)
"""How browsers begin the lines they print at the head and foot of pages: the time, the address."""
_NUMBER: Final = re.compile(r"\d{1,4}")
_DIGITS: Final = re.compile(r"\d+")
_LETTERS: Final = re.compile(r"[^\W\d_]{2}")
_GRAIN: Final = 4.0
_TWICE: Final = 2


@dataclass(slots=True)
class Sheet:
    """What stands on one page, top to bottom: tables and lines of text."""

    page: int
    height: float
    items: list[Item]


def without_running(sheets: Sequence[Sheet]) -> list[Item]:
    """Return what stands on the pages without their marks and what repeats in their margins."""
    edges = [list(_edges(sheet)) for sheet in sheets]
    seen = Counter(
        key for sheet, lines in zip(sheets, edges, strict=True) for key in _keys(sheet, lines)
    )
    gone = {
        id(line)
        for sheet, lines in zip(sheets, edges, strict=True)
        for line in lines
        if _is_mark(line, sheet)
        or any(_is_running(line, sheet, seen[key]) for key in _keys(sheet, [line]))
    }
    return [item for sheet in sheets for item in sheet.items if id(item) not in gone]


def _is_running(line: TextLine, sheet: Sheet, times: int) -> bool:
    """Tell whether a line that stands so often in one place runs through the pages.

    The head of the first page stays where its words do not come again below it: it may be the
    title. A line that comes twice may be the title and the signature, unless it stands next to a
    table.
    """
    first = sheet.page == 1 and line.top < sheet.height / 2 and not _is_number(line)
    if first and not (times >= _TWICE and _comes_again(line, sheet)):
        return False
    at = sheet.items.index(line)
    beside = sheet.items[max(0, at - 1) : at + 2]
    return times > _TWICE or (
        times == _TWICE
        and (_is_number(line) or any(not isinstance(item, TextLine) for item in beside))
    )


def _comes_again(line: TextLine, sheet: Sheet) -> bool:
    others = (item for item in sheet.items if isinstance(item, TextLine) and item is not line)
    text = "".join("".join(other.text.split()) for other in others)
    return "".join(line.text.split()) in text


def _edges(sheet: Sheet) -> Iterator[TextLine]:
    """Yield the first and last lines of a page."""
    ends = [*sheet.items[:_AT_ENDS], *sheet.items[_AT_ENDS:][-_AT_ENDS:]]
    return (item for item in ends if isinstance(item, TextLine))


def _keys(sheet: Sheet, lines: Sequence[TextLine]) -> Iterator[tuple[str, int]]:
    """Yield what is the same for a running line on each of its pages.

    A bare number counts by how far it is from the number of the page, other lines by their text.
    """
    for line in lines:
        plain = "".join(line.text.split())
        if _is_number(line):
            yield str(int(plain) - sheet.page), round(line.top / _GRAIN)
        elif _LETTERS.search(plain) and _in_margin(line, sheet):
            yield _DIGITS.sub("0", plain), round(line.top / _GRAIN)


def _is_mark(line: TextLine, sheet: Sheet) -> bool:
    plain = "".join(line.text.split())
    if _MARK.fullmatch(plain):
        return True
    alone = plain == str(sheet.page) or _PRINTED.match(plain) is not None
    return alone and _in_margin(line, sheet)


def _is_number(line: TextLine) -> bool:
    return _NUMBER.fullmatch("".join(line.text.split())) is not None


def _in_margin(line: TextLine, sheet: Sheet) -> bool:
    inside = _MARGIN * sheet.height < line.top < (1 - _MARGIN) * sheet.height - line.height
    return not inside
