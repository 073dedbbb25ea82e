"""Word files (DOCX, DOCM, DOTX): the main document part, as it prints."""

import posixpath
import re
from typing import Final

from worker.reading import nested, package, wordml
from worker.reading.pages import Pages

MEDIA_TYPE: Final = package.DOCX

_STRICT: Final = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_STYLED: Final = (b":pStyle", b":rStyle")
_OFFICE_DOCUMENT: Final = re.compile(r"/officeDocument$")


def read(data: bytes) -> Pages:
    """Read a Word file.

    Raises:
        Refused: ``empty``, ``truncated``, ``encrypted``, ``too_large`` or ``unreadable``.
    """
    parts = package.Package(data)
    name = _main_part(parts)
    content = _transitional(parts.read(name))
    styled = any(mark in content for mark in _STYLED)
    hidden = _hidden_styles(parts, posixpath.dirname(name)) if styled else frozenset[str]()
    walker = wordml.Walker(hidden)
    body = package.parse_xml(content, name).find(wordml.W + "body")
    flow = [] if body is None else walker.flow(body)
    return Pages(nested.blocks(flow), MEDIA_TYPE)


def _transitional(content: bytes) -> bytes:
    return content.replace(_STRICT, wordml.TRANSITIONAL) if _STRICT in content else content


def _main_part(parts: package.Package) -> str:
    """Return the part that the package's relations name; it need not be ``document.xml``."""
    if "_rels/.rels" in parts:
        for relation in parts.xml("_rels/.rels"):
            if _OFFICE_DOCUMENT.search(relation.get("Type", "")):
                return relation.get("Target", "").lstrip("/")
    return "word/document.xml"


def _hidden_styles(parts: package.Package, folder: str) -> frozenset[str]:
    name = posixpath.join(folder, "styles.xml")
    if name not in parts:
        return frozenset()
    content = _transitional(parts.read(name))
    if b":vanish" not in content:
        return frozenset()
    return wordml.hidden_styles(package.parse_xml(content, name))
