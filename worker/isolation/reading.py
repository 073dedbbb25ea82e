"""What comes of reading one document."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.disclosure.finding import Reason

if TYPE_CHECKING:  # the process that reads is started before anything else is imported
    from worker.reading.pages import Pages
    from worker.unpacking.members import Sink


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a document could not be read; ``traceback`` where a reader failed unforeseen.

    ``scanned`` tells that it is a picture of pages, which only OCR reads.
    """

    reason: Reason
    message: str
    traceback: str | None = None
    scanned: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The media type that the content shows, and either its pages or why there are none.

    An archive that was unpacked has neither. ``again`` reads it by another route, where there is
    one.
    """

    media_type: str | None
    pages: "Pages | None" = None
    refusal: Refusal | None = None
    again: "Again | None" = field(default=None, compare=False, repr=False)


Again = Callable[[], "Pages"]
"""Reads a document once more; raises whatever goes wrong, which says nothing of the document."""


Reader = Callable[[bytes], Reading]
"""Reads one document; what is wrong with the document is in what it returns."""

Unpack = Callable[[bytes, "Sink"], Refusal | None]
"""Unpacks one archive into a sink; returns what is wrong with the archive, if anything is."""
