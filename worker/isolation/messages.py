"""What parent and child say to one another, beside the outcome itself."""

import struct
from enum import Enum
from typing import Final

HEADER: Final = struct.Struct("<cQ")
"""Before every message on the pipe of replies: its kind, and the bytes that follow."""


class Task(bytes, Enum):
    """What is to be done with a file; comes with its descriptor.

    ``AGAIN`` is to read it by another route than ``READ`` takes.
    """

    READ = b"r"
    UNPACK = b"u"
    AGAIN = b"s"


class Kind(bytes, Enum):
    """Kinds of a message, in the order in which they come for one file.

    A ``MEMBER`` of an archive is followed by its bytes as any number of ``PIECE``. The last is an
    ``OUTCOME`` when the child waits for the next file, a ``FAREWELL`` with an outcome when it
    ends, and a ``DOUBT`` with an outcome when it ends because the reader failed unforeseen, which
    may be the doing of a file before.
    """

    TAKEN = b"t"
    TYPE = b"m"
    MEMBER = b"a"
    PIECE = b"p"
    OUTCOME = b"o"
    FAREWELL = b"f"
    DOUBT = b"d"


def message(kind: Kind, payload: bytes = b"") -> bytes:
    """Return a message as bytes."""
    return HEADER.pack(kind.value, len(payload)) + payload
