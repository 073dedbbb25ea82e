"""Renaming that overwrites nothing: by the kernel, or by reserving the name first."""

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Final

_NOT_REPLACED: Final = (errno.EEXIST, errno.ENOTEMPTY)
_UNSUPPORTED: Final = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
_RENAME_NOREPLACE: Final = 1  # linux/fs.h


def rename_new(source: int, name: bytes, target: int, new: bytes) -> bool:
    """Rename where nothing has the new name; tell whether that was so. Nothing is overwritten.

    Args:
        source: a descriptor of the directory that holds ``name``.
        name: the last part of the path.
        target: a descriptor of the directory that is to hold ``new``.
        new: the last part of the new path.

    Raises:
        OSError: it cannot be renamed.
    """
    rename = _rename_no_replace()
    if rename is not None:
        if rename(source, name, target, new, _RENAME_NOREPLACE) == 0:
            return True
        code = ctypes.get_errno()
        if code in _NOT_REPLACED:
            return False
        if code not in _UNSUPPORTED:
            raise OSError(code, os.strerror(code), name)
    return _rename_reserved(source, name, target, new)


@cache
def _rename_no_replace() -> Callable[[int, bytes, int, bytes, int], int] | None:
    if sys.platform != "linux":
        return None
    found: Callable[[int, bytes, int, bytes, int], int] | None = getattr(
        ctypes.CDLL(None, use_errno=True), "renameat2", None
    )
    return found


def _rename_reserved(source: int, name: bytes, target: int, new: bytes) -> bool:
    """Reserve the new name, which only one can do, and rename over it."""
    try:
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=target))
    except FileExistsError:
        return False
    try:
        os.rename(name, new, src_dir_fd=source, dst_dir_fd=target)
    except OSError:
        os.unlink(new, dir_fd=target)
        raise
    return True
