"""Office documents in one XML file, which often bear the name of a DOC or XLS: what they are."""

import re
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading.charset import decode
from worker.reading.package import Element, parse_xml

WORD: Final = "application/vnd.ms-word.2003+xml"
WORD_PACKAGE: Final = "application/vnd.ms-word.flat-opc+xml"
SHEET: Final = "application/vnd.ms-excel.2003+xml"
ODT: Final = "application/vnd.oasis.opendocument.text-flat-xml"
ODS: Final = "application/vnd.oasis.opendocument.spreadsheet-flat-xml"
UOF: Final = "application/vnd.uof+xml"

_SNIFFED: Final = 16_384
_TAIL: Final = 256
_ROOT: Final = re.compile(
    r"[\s\ufeff]*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*<(?P<name>(?:[\w.-]+:)?(?P<local>[\w.-]+))"
    r"(?P<said>[^>]*)>",
    re.DOTALL,
)
_KINDS: Final = (
    ("wordDocument", "http://schemas.microsoft.com/office/word/2003/wordml", WORD),
    ("package", "http://schemas.microsoft.com/office/2006/xmlPackage", WORD_PACKAGE),
    ("Workbook", "urn:schemas-microsoft-com:office:spreadsheet", SHEET),
    ("document", "application/vnd.oasis.opendocument.text", ODT),
    ("document", "application/vnd.oasis.opendocument.spreadsheet", ODS),
    ("UOF", "uof", UOF),
)
"""Local name of the root, what its attributes hold, and the media type."""
_DECLARATION: Final = re.compile(r"\s*<\?xml[^>]*\?>")
_BINARY: Final = re.compile(r"<((?:\w+:)?(?:binData|binaryData|binary-data))\b[^<>]*>[^<]*</\1\s*>")
"""Pictures: longer than a parser takes a text for, and nothing to read in them."""


def media_type(data: bytes) -> str | None:
    """Return the media type of an office document in one XML file; ``None`` for anything else."""
    root = _ROOT.match(decode(data[:_SNIFFED])[0])
    if root is None:
        return None
    local, said = root["local"], root["said"]
    return next((found for name, mark, found in _KINDS if name == local and mark in said), None)


def content(data: bytes) -> str:
    """Return the XML as text, pictures left out.

    Raises:
        Refused: ``truncated`` when its end is missing.
    """
    text, _ = decode(data)
    root = _ROOT.match(text)
    if root is not None and f"</{root['name']}" not in text[-_TAIL:]:
        raise Refused(Reason.TRUNCATED, f"the file ends before its end mark ({len(data)} bytes)")
    return _BINARY.sub("", _DECLARATION.sub("", text.lstrip("\ufeff"), count=1)).lstrip()


def parse(text: str) -> Element:
    """Return the root of the document.

    Raises:
        Refused: ``unreadable``.
    """
    return parse_xml(text.encode("utf-8", "replace"), "the file")
