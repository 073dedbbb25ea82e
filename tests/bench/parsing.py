"""The bare parse of every format: its library, or Python's own, and no more than that.

What each returns is for the function beside it, or for nobody. A parser's tree in C holds no cell
and no Python object for any; RTF has no library, so a plain pass over its words stands there.
"""

import email
import io
import re
import zipfile
from typing import Any, Final, cast

import olefile  # type: ignore[import-untyped]
from lxml import etree, html  # type: ignore[import-untyped]
from python_calamine import CalamineWorkbook

from worker.reading.charset import decode

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CELL: Final = re.compile(r"\t|\||[ \u3000]{2,}")
_WORDS: Final = re.compile(rb"\\[a-z]+-?\d* ?|\\'..|[{}]|[^\\{}]+")


def page(data: bytes) -> Any:
    """Parse a page by lxml, once its encoding is known."""
    return html.document_fromstring(decode(data)[0])


def page_cells(tree: Any) -> list[tuple[str, str | None, str | None]]:
    """Return text and spans of every cell."""
    cells = tree.iter("td", "th")
    return [(cell.text_content(), cell.get("rowspan"), cell.get("colspan")) for cell in cells]


def docx(data: bytes) -> Any:
    """Parse the body of a Word file by lxml."""
    return _part(data, "word/document.xml")


def docx_cells(tree: Any) -> list[tuple[str, str | None]]:
    """Return text and span of every cell."""
    return [
        ("".join(cell.itertext(_W + "t")), (cell.find(f"{_W}tcPr/{_W}gridSpan")))
        for cell in tree.iter(_W + "tc")
    ]


def odt(data: bytes) -> Any:
    """Parse the body of an OpenDocument text by lxml."""
    return _part(data, "content.xml")


def ofd(data: bytes) -> list[Any]:
    """Parse every part of an OFD file by lxml."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = (name for name in package.namelist() if name.endswith(".xml"))
        return [etree.fromstring(package.read(name)) for name in names]


def sheets(data: bytes) -> list[list[list[Any]]]:
    """Return the rows of every sheet by python-calamine: these are Python objects."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return [book.get_sheet_by_index(at).to_python() for at in range(len(book.sheet_names))]


def doc(data: bytes) -> int:
    """Read the streams of a Word 97 file by olefile; return their bytes."""
    with olefile.OleFileIO(io.BytesIO(data)) as container:
        return sum(len(container.openstream(name).read()) for name in container.listdir())


def mhtml(data: bytes) -> Any:
    """Take the page out by Python's own parser of mail, and parse it by lxml."""
    parts = email.message_from_bytes(data).walk()
    body = next(part for part in parts if part.get_content_type() == "text/html")
    return page(cast("bytes", body.get_payload(decode=True)))


def text(data: bytes) -> list[list[str]]:
    """Decode, and split lines into cells."""
    return [_CELL.split(line) for line in data.decode("utf-8").splitlines()]


def rtf(data: bytes) -> int:
    """Pass over the control words and texts; return how many there are."""
    return len(_WORDS.findall(data))


def _part(data: bytes, name: str) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return etree.fromstring(package.read(name))
