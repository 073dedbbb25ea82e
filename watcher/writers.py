"""Does anybody have a file open for writing? The kernel knows, where it grants leases."""

import fcntl
import os
import signal
import sys
from enum import Enum, auto

from watcher.filesystem import Signature, look, open_descriptor, signature


class Writers(Enum):
    """Who has a file open for writing."""

    NONE = auto()
    SOME = auto()
    UNKNOWN = auto()


def writers_at(root: bytes, path: bytes) -> Writers:
    """Tell who has the regular file at a path open for writing; see :func:`writers_of`."""
    try:
        descriptor = open_descriptor(root, path)
    except OSError:
        return Writers.UNKNOWN
    try:
        return writers_of(descriptor)
    finally:
        os.close(descriptor)


def writers_and_version(root: bytes, path: bytes) -> tuple[Writers, Signature | None]:
    """Tell who has a file open for writing, and which version of it lies there after that look.

    Raises:
        OSError: the version of what cannot be opened cannot be known either.
    """
    try:
        descriptor = open_descriptor(root, path)
    except OSError:
        return Writers.UNKNOWN, look(root, path)
    try:
        return writers_of(descriptor), signature(os.fstat(descriptor))
    finally:
        os.close(descriptor)


def writers_of(descriptor: int) -> Writers:
    """Tell who has a file open for writing, this process included.

    The kernel grants a read lease only where nobody has (fcntl(2), "Leases"). It is given back at
    once; who opens the file for writing just then waits for that.

    Args:
        descriptor: the file, opened for reading only.

    Returns:
        ``UNKNOWN`` where there are no leases: not Linux, most network file systems, files of
        another owner without CAP_LEASE.
    """
    if sys.platform != "linux":
        return Writers.UNKNOWN
    try:
        # The holder of a lease is signalled when it is wanted: SIGIO, the usual, ends a process.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return Writers.SOME
    except OSError:
        return Writers.UNKNOWN
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return Writers.NONE
