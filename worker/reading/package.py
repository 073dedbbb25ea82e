"""Zip packages (DOCX, XLSX, ODT, OFD) opened with limits, and their XML without surprises.

A package is refused when it is cut, encrypted, or expands beyond reason; a part is read only when
asked for. XML is parsed without entities, network or depth beyond libxml2's own 256.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NoReturn, Protocol, overload

from models.disclosure.finding import Reason
from worker.errors import Refused

MOST_EXPANDED: Final = 500_000_000
MOST_PART: Final = 64_000_000
MOST_RATIO: Final = 100
MOST_ENTRIES: Final = 10_000
_RATIO_FLOOR: Final = 4_000_000
"""Below this a high ratio harms nobody: XML of empty table cells alone reaches 60."""
_MOST_DIRECTORY: Final = 4_000_000
_ENCRYPTED: Final = 0x1
_END: Final = b"PK\x05\x06"
_END64: Final = b"PK\x06\x06"
_LOCATOR64: Final = b"PK\x06\x07"
_LOCAL: Final = re.compile(rb"PK\x03\x04.{22}(..)..", re.DOTALL)
_DTD: Final = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)")

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSB: Final = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
PPTX: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODT: Final = "application/vnd.oasis.opendocument.text"
ODS: Final = "application/vnd.oasis.opendocument.spreadsheet"
OFD: Final = "application/ofd"
EPUB: Final = "application/epub+zip"
ARCHIVE: Final = "application/zip"
UNKNOWN: Final = "application/x-zip-package"

_BY_PART: Final = (
    (re.compile(r"ofd\.xml", re.IGNORECASE), OFD),
    (re.compile(r"word/\w+\.xml"), DOCX),
    (re.compile(r"xl/workbook\.bin"), XLSB),
    (re.compile(r"xl/\w+\.xml"), XLSX),
    (re.compile(r"ppt/presentation\.xml"), PPTX),
)
_OF_PACKAGES: Final = frozenset(
    {"[Content_Types].xml", "META-INF/MANIFEST.MF", "META-INF/container.xml", "Index/Document.iwa"}
)
"""Parts that make a zip file a package: OPC, Java, EPUB, iWork."""
_BY_FOLDER: Final = (
    (re.compile(r"word/"), DOCX),
    (re.compile(r"xl/"), XLSX),
    (re.compile(r"ppt/"), PPTX),
    (re.compile(r"doc_\d+/(?:document|publicres|documentres)\.xml", re.IGNORECASE), OFD),
)
"""What a package was that was cut before the parts that tell for sure."""


class Element(Protocol):
    """What the readers use of an lxml element; lxml carries no types."""

    tag: str
    text: str | None
    tail: str | None

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: str) -> str: ...
    def find(self, path: str) -> "Element | None":
        """Return the first element at a path."""

    def getparent(self) -> "Element | None":
        """Return the element around it."""

    def iter(self, *tags: str) -> Iterator["Element"]:
        """Yield the elements below, at any depth, that carry one of the tags."""

    def itertext(self) -> Iterator[str]:
        """Yield all text below, in order."""

    def __iter__(self) -> Iterator["Element"]: ...
    def __len__(self) -> int: ...


class Package:
    """A zip package; raises ``Refused`` for whatever is wrong with it."""

    def __init__(self, data: bytes) -> None:
        """Open the directory.

        Raises:
            Refused: ``truncated`` without a directory, ``too_large`` for one that is beyond the
                limits, ``encrypted``, or ``unreadable``.
        """
        check_directory(data)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise Refused(Reason.UNREADABLE, f"the zip directory is broken: {error}") from error
        self._entries = {info.filename: info for info in self._zip.infolist()}
        _check_entries(self._zip.infolist())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parts, in the order of the directory."""
        return tuple(self._entries)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str, limit: int = MOST_PART) -> bytes:
        """Return a part whole.

        Raises:
            Refused: ``unreadable`` when it is missing or broken, ``too_large``, ``encrypted``.
        """
        info = self._entries.get(name)
        if info is None:
            raise Refused(Reason.UNREADABLE, f"the package lacks its part {name}")
        if info.flag_bits & _ENCRYPTED:
            raise Refused(Reason.ENCRYPTED, f"{name} is encrypted")
        if info.file_size > limit:
            raise Refused(Reason.TOO_LARGE, f"{name} expands to {info.file_size} bytes")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused(Reason.UNREADABLE, f"{name}: compression {info.compress_type}")
        try:
            return self._zip.read(info)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise Refused(Reason.TRUNCATED, f"{name} is damaged: {error}") from error
        except (NotImplementedError, RuntimeError, OSError, ValueError, struct.error) as error:
            raise Refused(Reason.UNREADABLE, f"{name} cannot be read: {error}") from error

    def xml(self, name: str) -> Element:
        """Return the root of an XML part.

        Raises:
            Refused: what ``read`` and ``parse_xml`` raise.
        """
        return parse_xml(self.read(name), name)


def parse_xml(data: bytes, name: str) -> Element:
    """Parse XML that may be hostile: no DTD, no entities, no network, at most 256 deep.

    Raises:
        Refused: ``unreadable`` when it is not well-formed, declares a DTD or nests too deep.
    """
    from lxml import etree  # type: ignore[import-untyped]

    if _DTD.search(data[:4096]):
        raise Refused(Reason.UNREADABLE, f"{name} declares a DTD, which no real file does")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root: Element = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused(Reason.UNREADABLE, f"{name} is not well-formed XML: {error}") from error
    return root


def kind(data: bytes) -> str:
    """Return the media type of a zip package; ``application/zip`` when it is a mere archive.

    A package of a kind unknown is not one: nobody wants the parts of a program or a book.

    A package that was cut has lost its directory: its first members tell what it was.
    """
    names, whole = _names(data)
    if "mimetype" in names and (declared := _declared(data)):
        return declared
    for pattern, found in _BY_PART:
        if any(pattern.fullmatch(name) for name in names):
            return found
    for pattern, found in () if whole else _BY_FOLDER:
        if any(pattern.match(name) for name in names):
            return found
    nothing = not whole and not any(names)
    marked = names[:1] == ("mimetype",) or not _OF_PACKAGES.isdisjoint(names)
    return UNKNOWN if nothing or marked else ARCHIVE


def refuse(data: bytes) -> NoReturn:
    """Say why there is no reader for a package of a kind unknown.

    Raises:
        Refused: ``truncated`` for one with members but no directory, else what ``Package``
            finds, or ``unsupported_type``.
    """
    if any(_local_names(data)):
        Package(data)
    raise Refused(
        Reason.UNSUPPORTED_TYPE,
        f"no reader for {UNKNOWN} (a zip package of a kind unknown)",
    )


def _names(data: bytes) -> tuple[tuple[str, ...], bool]:
    """Return the names of the parts, and whether a directory lists them."""
    try:
        return Package(data).names, True
    except Refused:
        return tuple(_local_names(data)), False


def _local_names(data: bytes) -> list[str]:
    found = []
    for header in _LOCAL.finditer(data):
        (length,) = struct.unpack("<H", header[1])
        found.append(data[header.end() : header.end() + length].decode("utf-8", "replace"))
        if len(found) > MOST_ENTRIES:
            break
    return found


def _declared(data: bytes) -> str:
    """OpenDocument and EPUB keep their type in a member, stored first as it is, or nearly."""
    head = data[:256]
    with suppress(Refused):
        head += Package(data).read("mimetype", limit=256)
    templates = (ODT, ODS, EPUB)
    return next((name for name in templates if name.encode() in head), "")


def check_directory(data: bytes) -> None:
    """Look at the end of a zip file, which says how large its directory is.

    Raises:
        Refused: ``truncated`` where there is none, ``too_large`` for one beyond the limits.
    """
    at = data.rfind(_END, max(0, len(data) - 65_557))
    if at < 0 or len(data) < at + 22:
        raise Refused(Reason.TRUNCATED, "the zip directory at its end is missing")
    entries, size = struct.unpack_from("<HI", data, at + 10)
    wide = at - 20 - 56
    if wide >= 0 and data[at - 20 : at - 16] == _LOCATOR64 and data[wide : wide + 4] == _END64:
        entries, size = struct.unpack_from("<QQ", data, wide + 32)
    if entries > MOST_ENTRIES or size > _MOST_DIRECTORY:
        raise Refused(
            Reason.TOO_LARGE,
            f"the zip directory lists {entries:,} entries; the limit is {MOST_ENTRIES:,}",
        )


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    expanded = sum(info.file_size for info in entries)
    if expanded > MOST_EXPANDED:
        raise Refused(Reason.TOO_LARGE, f"the package expands to {expanded} bytes")
    for info in entries:
        if info.file_size > max(_RATIO_FLOOR, info.compress_size * MOST_RATIO):
            raise Refused(
                Reason.TOO_LARGE,
                f"{info.filename} expands {info.file_size // max(1, info.compress_size)} times",
            )
