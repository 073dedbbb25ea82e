"""Whose fault an error is: the file's, the environment's, or our own."""

import errno
import traceback
from typing import Final

from dramatiq.middleware import TimeLimitExceeded
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models.disclosure.finding import Reason
from models.transitions import Overtaken
from worker.errors import Refused, Transient

# the database locked, full, read-only, broken, restarting, unreachable, or not migrated yet
_DATABASE: Final = (DBAPIError, PendingRollbackError, PoolTimeout, Overtaken)
_VALUES: Final = (DataError, IntegrityError)
"""What the database says about values comes from the content, or from a fault of ours."""
_PASSING: Final = (Transient, MemoryError, TimeLimitExceeded, *_DATABASE)
_FRAMES: Final = 30


def judge(error: BaseException) -> Reason | None:
    """Return why an error refuses the document, ``None`` where trying again may help.

    A time limit that strikes outside of looking at the content speaks of a slow environment.
    An error nobody foresaw is a stage that cannot cope with the file: it is refused at once as
    ``unreadable``, since it would fail the same way every time.
    """
    if isinstance(error, Refused):
        return error.reason
    if isinstance(error, _VALUES):
        return Reason.UNREADABLE
    if isinstance(error, _PASSING) or _of_the_system(error):
        return None
    return Reason.UNREADABLE


def _of_the_system(error: BaseException) -> bool:
    """Tell a failed system call (disk full, too many files) from libraries' own ``OSError``."""
    return isinstance(error, OSError) and error.errno in errno.errorcode


def told(error: BaseException) -> str:
    """Return an error in words, fit for any database."""
    if isinstance(error, Refused):
        return plain(error.message)
    if isinstance(error, DBAPIError):
        return plain(f"{type(error).__name__}: {error.orig}")
    return plain(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def traced(error: BaseException) -> str | None:
    """Return the traceback; a refusal is a verdict and has none."""
    if isinstance(error, Refused):
        return None
    return plain("".join(traceback.format_exception(error, limit=_FRAMES)))


def plain(text: str) -> str:
    """Return text without what a database refuses: lone surrogates and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "�")
