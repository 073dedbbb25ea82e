"""OLE compound files (DOC, WPS, XLS, ET): the streams inside, and what they tell of the kind."""

import io
import struct
from typing import Final, NoReturn

from models.disclosure.finding import Reason
from worker.errors import Refused

DOC: Final = "application/msword"
XLS: Final = "application/vnd.ms-excel"
PPT: Final = "application/vnd.ms-powerpoint"
WORKS: Final = "application/vnd.ms-works"
ENCRYPTED: Final = "application/x-encrypted-ooxml"
UNKNOWN: Final = "application/x-ole-storage"

_HEADER: Final = 512
_SECTOR_SHIFTS: Final = (9, 12)
_MOST_STREAM: Final = 100_000_000
_BY_STREAM: Final = (
    ("EncryptedPackage", ENCRYPTED),
    ("WordDocument", DOC),
    ("Workbook", XLS),
    ("Book", XLS),
    ("PowerPoint Document", PPT),
    ("MatOST", WORKS),
    ("MN0", WORKS),
    ("CONTENTS", WORKS),
)


class Compound:
    """An OLE compound file; raises ``Refused`` for whatever is wrong with it."""

    def __init__(self, data: bytes) -> None:
        """Open the directory.

        Raises:
            Refused: ``truncated`` when sectors lie beyond the end, or ``unreadable``.
        """
        import olefile  # type: ignore[import-untyped]

        try:
            self._ole = olefile.OleFileIO(io.BytesIO(data))
        except Exception as error:
            # olefile raises all sorts on broken sectors
            raise Refused(_fault(data), f"the OLE directory is broken: {error}") from error
        self._data = data

    def __contains__(self, name: str) -> bool:
        return bool(self._ole.exists(name))

    def stream(self, name: str) -> bytes:
        """Return a stream whole.

        Raises:
            Refused: ``truncated`` or ``unreadable`` when it is missing or broken, ``too_large``.
        """
        try:
            content: bytes = self._ole.openstream(name).read(_MOST_STREAM + 1)
        except Exception as error:
            # olefile raises all sorts on broken sectors
            raise Refused(_fault(self._data), f"stream {name} is broken: {error}") from error
        if len(content) > _MOST_STREAM:
            raise Refused(Reason.TOO_LARGE, f"stream {name} is too large")
        return content

    @property
    def kind(self) -> str:
        """The media type that the names of the streams tell."""
        return next((found for name, found in _BY_STREAM if name in self), UNKNOWN)


def kind(data: bytes) -> str:
    """Return the media type of a compound file; ``UNKNOWN`` also when it is broken."""
    try:
        return Compound(data).kind
    except Refused:
        return UNKNOWN


def refuse(data: bytes) -> NoReturn:
    """Say why there is no reader for a compound file that is neither Word nor Excel.

    Raises:
        Refused: ``encrypted`` for an OOXML file behind a password, ``unsupported_type``, or what
            ``Compound`` finds broken.
    """
    found = Compound(data).kind
    if found == ENCRYPTED:
        raise Refused(Reason.ENCRYPTED, "the file is an Office document behind a password")
    if found == UNKNOWN and _is_cut(data):
        raise Refused(Reason.TRUNCATED, "the OLE directory lies beyond the end of the file")
    raise Refused(Reason.UNSUPPORTED_TYPE, f"no reader for {found} (neither Word nor Excel)")


def _fault(data: bytes) -> Reason:
    return Reason.TRUNCATED if _is_cut(data) else Reason.UNREADABLE


def _is_cut(data: bytes) -> bool:
    """Tell whether the directory, which programs write last, lies beyond the end."""
    if len(data) < _HEADER:
        return True
    shift, directory = struct.unpack_from("<H", data, 30)[0], struct.unpack_from("<I", data, 48)[0]
    return shift in _SECTOR_SHIFTS and (directory + 2) << shift > len(data)
