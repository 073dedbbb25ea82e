"""OpenDocument text (ODT)."""

from typing import Final

from worker.reading import nested, package
from worker.reading.opendocument import Content
from worker.reading.pages import Pages

MEDIA_TYPE: Final = package.ODT


def read(data: bytes) -> Pages:
    """Read an OpenDocument text.

    Raises:
        Refused: ``empty``, ``truncated``, ``encrypted``, ``too_large`` or ``unreadable``.
    """
    content = Content(package.Package(data))
    return Pages(nested.blocks(content.flow()), MEDIA_TYPE)
