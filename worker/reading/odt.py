"""OpenDocument text (ODT), as a package or in one XML file."""

from typing import Final

from worker.reading import flat, nested, package
from worker.reading.opendocument import Content
from worker.reading.pages import Pages

_ZIP: Final = b"PK"


def read(data: bytes) -> Pages:
    """Read an OpenDocument text.

    Raises:
        Refused: ``empty``, ``truncated``, ``encrypted``, ``too_large`` or ``unreadable``.
    """
    if data.startswith(_ZIP):
        return Pages(nested.blocks(Content.of(package.Package(data)).flow()), package.ODT)
    content = Content(flat.parse(flat.content(data)))
    return Pages(nested.blocks(content.flow()), flat.ODT)
