"""What child and parent say to one another, beside the outcome itself."""

import struct
from enum import Enum
from typing import Final

HEADER: Final = struct.Struct("<cQ")
"""Before every message on the pipe of replies: its kind, and the bytes that follow."""


class Kind(bytes, Enum):
    """Kinds of a message, in the order in which they come for one file.

    The last is an ``OUTCOME`` when the child waits for the next file, a ``FAREWELL`` with an
    outcome when it ends, and a ``DOUBT`` with an outcome when it ends because the reader failed
    unforeseen, which may be the doing of a file before.
    """

    TAKEN = b"t"
    TYPE = b"m"
    OUTCOME = b"o"
    FAREWELL = b"f"
    DOUBT = b"d"


def message(kind: Kind, payload: bytes = b"") -> bytes:
    """Return a message as bytes."""
    return HEADER.pack(kind.value, len(payload)) + payload
