"""Which reader fits these bytes: the content decides, never the name."""

import io
import re
from collections.abc import Callable
from importlib import import_module
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import compound, flat, markup, mhtml, ocr, package, text
from worker.reading.pages import Pages
from worker.unpacking import members

Reader = Callable[[bytes], Pages]

_BZIP2: Final = re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)")
_TAR_HEADER: Final = 512
_TAR_CHECKSUM: Final = slice(148, 156)
WORDPERFECT: Final = "application/vnd.wordperfect"

_SIGNATURES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"\xffWPC", WORDPERFECT),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"7z\xbc\xaf\x27\x1c", members.SEVENZIP),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x1f\x8b\x08", members.GZIP),
    (b"\xfd7zXZ\x00", members.XZ),
    (b"\x28\xb5\x2f\xfd", members.ZSTD),
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
    package.OFD: _lazy("ofd"),
    package.UNKNOWN: package.refuse,
    compound.DOC: _lazy("doc"),
    compound.XLS: _lazy("sheet"),
    compound.PPT: compound.refuse,
    compound.ENCRYPTED: compound.refuse,
    compound.UNKNOWN: compound.refuse,
    flat.WORD: _lazy("flatword"),
    flat.WORD_PACKAGE: _lazy("flatword"),
    flat.SHEET: _lazy("sheet"),
    flat.ODT: _lazy("odt"),
    flat.ODS: _lazy("sheet"),
    "application/rtf": _lazy("rtf"),
    "text/html": _lazy("html"),
    "application/pdf": _lazy("pdf"),
    **dict.fromkeys(ocr.IMAGES, ocr.ask),
}
_OTHER_ROUTES: Final[dict[str, Reader]] = {"application/pdf": _lazy("pdf_order")}
_INSIDE: Final[dict[str, Callable[[bytes], str]]] = {
    package.ARCHIVE: package.kind,
    compound.UNKNOWN: compound.kind,
}
_NAMES: Final = {
    "application/vnd.rar": "a RAR archive: repack it as ZIP; RAR 压缩包不支持，请改用 ZIP 重新打包",
    package.XLSB: "a binary workbook (XLSB): save it as XLSX",
    package.PPTX: "a presentation",
    package.EPUB: "an EPUB book",
    flat.UOF: "a document in the Uniform Office Format (UOF): save it as DOCX",
    compound.WORKS: "a document of Microsoft Works: save it as DOCX",
    WORDPERFECT: "a WordPerfect document: save it as DOCX",
}
"""What an operator should read beside a media type that says little."""


def media_type(data: bytes) -> str:
    """Return the media type the content shows; ``application/octet-stream`` when it shows none."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    for signature, name in _SIGNATURES:
        if data.startswith(signature) and not (name == "image/bmp" and text.is_text(data)):
            return _INSIDE[name](data) if name in _INSIDE else name
    if (found := flat.media_type(data)) is not None:
        return found
    if (marked_up := markup.media_type(data)) is not None:
        return marked_up
    if _BZIP2.match(data):
        return members.BZIP2
    if _is_tar(data):
        return members.TAR
    return text.MEDIA_TYPE if text.is_text(data) else "application/octet-stream"


def _is_tar(data: bytes) -> bool:
    if len(data) < _TAR_HEADER or not data[_TAR_CHECKSUM].strip(b" \x00").isdigit():
        return False
    from worker.unpacking import tars

    return tars.begins(data)


def read(data: bytes, known: str | None = None) -> Pages:
    """Read a document with the reader its content asks for.

    Args:
        data: the document.
        known: its media type, where ``media_type`` has been asked already.

    Raises:
        Refused: ``empty`` when there is nothing in it, ``unsupported_type`` when no reader knows
            the type, or what the reader itself finds.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise Refused(Reason.EMPTY, f"the file is empty ({len(data)} bytes)")
    found = known or media_type(data)
    if found in members.CONTAINERS:
        if found == members.ZIP:
            package.check_directory(data)  # a cut package may look like a mere archive
        raise Refused(Reason.UNSUPPORTED_TYPE, f"an archive ({found}) is not read but unpacked")
    if found == mhtml.MEDIA_TYPE:
        data, found = mhtml.page(data), "text/html"
    reader = _READERS.get(found)
    if reader is None:
        raise Refused(Reason.UNSUPPORTED_TYPE, f"no reader for {found}{_named(found)}")
    return reader(data)


def again(data: bytes, known: str | None = None) -> Pages:
    """Read a document once more, by another route than :func:`read` takes.

    Args:
        data: the document.
        known: its media type, where ``media_type`` has been asked already.

    Raises:
        Refused: ``unsupported_type`` where there is but one route, or what this one finds.
    """
    found = known or media_type(data)
    reader = _OTHER_ROUTES.get(found)
    if reader is None:
        raise Refused(Reason.UNSUPPORTED_TYPE, f"there is no other way to read {found}")
    return reader(data)


def unpack(data: bytes, sink: members.Sink) -> None:
    """Hand over every member of an archive.

    Raises:
        Refused: ``unsupported_type`` where it is none, or what is wrong with it.
    """
    found = media_type(data)
    if found not in members.CONTAINERS:
        raise Refused(Reason.UNSUPPORTED_TYPE, f"{found} is not an archive{_named(found)}")
    if found == members.ZIP:
        from worker.unpacking import zips

        zips.unpack(data, sink)
    elif found == members.SEVENZIP:
        from worker.unpacking import sevenzips

        sevenzips.unpack(data, sink)
    elif found == members.TAR:
        from worker.unpacking import tars

        tars.unpack(io.BytesIO(data), sink)
    else:
        from worker.unpacking import squeezed

        squeezed.unpack(data, found, sink)


def _named(media_type: str) -> str:
    name = _NAMES.get(media_type)
    return f" ({name})" if name else ""
