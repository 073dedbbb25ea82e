"""Why work on a document stops.

::

    WorkError
    ├── Refused            the file's content: never retried, dead-lettered with a reason
    │   └── Scanned        it is a picture of pages: OCR may read it
    └── Transient          the environment: retried with back-off
        ├── ArchiveError   the archive cannot be read or written
        ├── BrokerUnreachable
        ├── NotBegun       nobody could be asked whether there is anything to do
        └── Stopping
    SettingsError          what is configured cannot be used
"""

from models.disclosure.finding import Reason


class SettingsError(Exception):
    """A setting cannot be used; the message names it and says what is expected."""


class WorkError(Exception):
    """Base of every error the stages raise on purpose."""


class Refused(WorkError):  # noqa: N818 - it is a verdict, not a fault
    """A document is refused for its content; ``reason`` is one of the closed set."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Scanned(Refused):
    """The pages are pictures; ``available`` tells whether OCR is installed to read them."""

    def __init__(self, message: str, *, available: bool) -> None:
        super().__init__(Reason.UNSUPPORTED_TYPE, message)
        self.available = available


class Transient(WorkError):  # noqa: N818 - it passes
    """The environment failed (database, archive, queue, memory); trying again may help."""


class ArchiveError(Transient):
    """The archive cannot be read or written."""


class BrokerUnreachable(Transient):
    """The broker does not answer."""


class NotBegun(Transient):
    """The environment failed before an attempt began; the document knows nothing of it."""


class Stopping(Transient):
    """This worker is stopping; another one goes on."""
