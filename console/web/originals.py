"""What can be shown of the originals: what strangers wrote is read and drawn in children only."""

import re
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from worker.isolation.limits import Limits
from worker.isolation.pool import Isolated
from worker.isolation.reading import Reading, Refusal
from worker.reading.charset import decode
from worker.reading.pages import Pages, Paragraph
from worker.reading.text import is_text
from worker.settings import Settings
from worker.unpacking.members import Member

LARGEST: Final = 20_000_000
"""Bytes of a file that is looked at; larger ones can be downloaded."""
SHOWN: Final = 400_000
"""Bytes or characters of a text that are shown beside a form."""
_SECONDS: Final = 20.0
_AT_ONCE: Final = 2
_DRAWING: Final = "worker.isolation.pictures"
_KEPT: Final = 64_000_000
"""Bytes of what was drawn or read last, so that each page of it need not be made again."""
_HEAD: Final = 1024
_PDF: Final = b"%PDF-"
_MARKUP: Final = re.compile(rb"<(?:!doctype|html|head|body|div|table|\?xml)\b", re.IGNORECASE)
_IMAGES: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Sight:
    """What can be shown of a file: pictures of its pages, or its text, or why neither.

    ``kind`` is the media type; ``cut`` tells that there is more of the text.
    """

    kind: str | None = None
    pictures: tuple[bytes, ...] = ()
    picture_type: str = "image/png"
    text: str | None = None
    cut: bool = False
    problem: str = ""

    @property
    def weight(self) -> int:
        """How many bytes it takes to keep it, about."""
        return sum(map(len, self.pictures)) + 4 * len(self.text or "") + 500


class Originals:
    """Looks at originals; any number of threads may ask, two of which are served at once.

    Args:
        settings: how much memory a reading process may use.
    """

    def __init__(self, settings: Settings) -> None:
        seconds = min(_SECONDS, settings.reading_timeout)
        limits = Limits(seconds=seconds, memory=settings.reading_memory)
        self._reader = Isolated(limits)
        self._drawer = Isolated(limits, _DRAWING)
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Sight] = OrderedDict()
        weakref.finalize(self, _end, self._reader, self._drawer)

    def sight(self, sha256: str, get: Callable[[], bytes]) -> Sight:
        """Return what can be shown of a content.

        Args:
            sha256: its name in the archive.
            get: returns its bytes; asked for where it was not looked at lately.

        Raises:
            Transient: no reading process can be had, or the archive cannot be read.
        """
        with self._lock:
            known = self._kept.get(sha256)
            if known is not None:
                self._kept.move_to_end(sha256)
                return known
        with self._turns:
            fresh = self._look(get())
        with self._lock:
            self._kept[sha256] = fresh
            while len(self._kept) > 1 and sum(one.weight for one in self._kept.values()) > _KEPT:
                self._kept.popitem(last=False)
        return fresh

    def _look(self, data: bytes) -> Sight:
        if data.lstrip().startswith(_PDF):  # which may be text as well
            return self._drawn(data)
        if is_text(data):
            return self._text(data)
        for magic, kind in _IMAGES.items():
            if data.startswith(magic):
                return Sight(kind, (data,), kind)
        if _PDF in data[:_HEAD]:
            return self._drawn(data)
        return _told(self._reader(data))

    def _text(self, data: bytes) -> Sight:
        """Return a text as it is; a web page as it is read, where it can be."""
        if _MARKUP.search(data[:_HEAD]):
            read = _told(self._reader(data))
            if read.text:
                return read
        text, _ = decode(data[:SHOWN])
        return Sight("text/plain", text=text, cut=len(data) > SHOWN)

    def _drawn(self, data: bytes) -> Sight:
        pictures = _Pictures()
        refusal = self._drawer.unpack(data, pictures)
        kept = tuple(bytes(one) for one in pictures.held)
        problem = "" if refusal is None else _why(refusal)
        return Sight("application/pdf", () if problem else kept, problem=problem)


def _end(*children: Isolated) -> None:
    for one in children:
        one.close()


class _Pictures:
    """Keeps what is drawn."""

    def __init__(self) -> None:
        self.held: list[bytearray] = []

    def restart(self) -> None:
        self.held.clear()

    def begin(self, _member: Member) -> None:
        self.held.append(bytearray())

    def write(self, data: bytes) -> None:
        self.held[-1] += data


def _told(reading: Reading) -> Sight:
    if reading.pages is None:
        problem = "" if reading.refusal is None else _why(reading.refusal)
        return Sight(reading.media_type, problem=problem)
    text = "\n".join(_lines(reading.pages))
    return Sight(reading.media_type, text=text[:SHOWN], cut=len(text) > SHOWN)


def _lines(pages: Pages) -> Iterator[str]:
    for block in pages.blocks:
        if isinstance(block, Paragraph):
            yield block.text
        else:
            yield from ("\t".join(cell.text for cell in row.cells) for row in block.rows)


def _why(refusal: Refusal) -> str:
    return f"{refusal.reason}: {refusal.message}"
