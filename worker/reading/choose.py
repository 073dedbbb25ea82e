"""Which reader fits these bytes: the content decides, never the name."""

from collections.abc import Callable
from importlib import import_module
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import compound, markup, ocr, package, text
from worker.reading.pages import Pages

Reader = Callable[[bytes], Pages]

_SIGNATURES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (b"\x7fELF", "application/x-executable"),
)


def _lazy(name: str) -> Reader:
    """Return a reader whose module, and the parser it stands on, load when it is called."""

    def read_with(data: bytes) -> Pages:
        reader: Reader = import_module(f"worker.reading.{name}").read
        return reader(data)

    return read_with


_READERS: Final[dict[str, Reader]] = {
    text.MEDIA_TYPE: text.read,
    package.DOCX: _lazy("docx"),
    package.ODT: _lazy("odt"),
    package.XLSX: _lazy("sheet"),
    package.ODS: _lazy("sheet"),
    compound.DOC: _lazy("doc"),
    compound.XLS: _lazy("sheet"),
    compound.PPT: compound.refuse,
    compound.ENCRYPTED: compound.refuse,
    compound.UNKNOWN: compound.refuse,
    "application/rtf": _lazy("rtf"),
    "text/html": _lazy("html"),
    "application/pdf": _lazy("pdf"),
    **dict.fromkeys(ocr.IMAGES, ocr.ask),
}
_INSIDE: Final[dict[str, Callable[[bytes], str]]] = {
    package.ARCHIVE: package.kind,
    compound.UNKNOWN: compound.kind,
}
_NAMES: Final = {
    package.ARCHIVE: "an archive or a zip package of a kind unknown",
    package.XLSB: "a binary workbook (XLSB): save it as XLSX",
    package.PPTX: "a presentation",
    package.EPUB: "an EPUB book",
    "multipart/related": "a page saved with its parts (MHTML): save it as HTML",
}
"""What an operator should read beside a media type that says little."""


def media_type(data: bytes) -> str:
    """Return the media type the content shows; ``application/octet-stream`` when it shows none."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    for signature, name in _SIGNATURES:
        if data.startswith(signature) and not (name == "image/bmp" and text.is_text(data)):
            return _INSIDE[name](data) if name in _INSIDE else name
    if (marked_up := markup.media_type(data)) is not None:
        return marked_up
    return text.MEDIA_TYPE if text.is_text(data) else "application/octet-stream"


def read(data: bytes) -> Pages:
    """Read a document with the reader its content asks for.

    Raises:
        Refused: ``empty`` when there is nothing in it, ``unsupported_type`` when no reader knows
            the type, or what the reader itself finds.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise Refused(Reason.EMPTY, f"the file is empty ({len(data)} bytes)")
    found = media_type(data)
    reader = _READERS.get(found)
    if reader is None:
        raise Refused(Reason.UNSUPPORTED_TYPE, f"no reader for {found}{_named(found)}")
    return reader(data)


def _named(media_type: str) -> str:
    name = _NAMES.get(media_type)
    return f" ({name})" if name else ""
