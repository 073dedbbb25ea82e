"""Word documents in one XML file: Word 2003 XML, and the parts of a DOCX as XML (flat OPC)."""

import re
from typing import Final

from worker.reading import flat, nested, wordml
from worker.reading.package import Element
from worker.reading.pages import Pages

_MODERN: Final = wordml.TRANSITIONAL.decode()
_OTHERS: Final = (
    "http://schemas.microsoft.com/office/word/2003/wordml",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)
_MERGE: Final = re.compile(r"(</?(?:\w+:)?)([vh])merge\b")
"""Word 2003 writes ``vmerge`` for what is ``vMerge`` since."""


def read(data: bytes) -> Pages:
    """Read a Word document in one XML file.

    Raises:
        Refused: ``empty``, ``truncated`` or ``unreadable``.
    """
    found = flat.media_type(data) or flat.WORD
    text = flat.content(data)
    for other in _OTHERS:
        text = text.replace(other, _MODERN)
    root = flat.parse(_MERGE.sub(r"\1\2Merge", text))
    body, styles = _of(root) if found == flat.WORD else _in_parts(root)
    walker = wordml.Walker(frozenset() if styles is None else wordml.hidden_styles(styles))
    return Pages(nested.blocks([] if body is None else walker.flow(body)), found)


def _of(root: Element) -> tuple[Element | None, Element | None]:
    return root.find(wordml.W + "body"), root.find(wordml.W + "styles")


def _in_parts(root: Element) -> tuple[Element | None, Element | None]:
    """Return body and styles of a package whose parts stand one after another."""
    body = styles = None
    for part in root:
        held = part.find("{*}xmlData")
        for content in () if held is None else held:
            if content.tag == wordml.W + "document":
                body = content.find(wordml.W + "body")
            elif content.tag == wordml.W + "styles":
                styles = content
    return body, styles
