"""What goes wrong with an export.

::

    ExportError
    ├── Misplaced        what is asked for cannot be written to that place
    │   └── NoDirectory  there is no directory for it to be in
    ├── Occupied         there is something in that place already
    ├── ExtraMissing     a format needs what is not installed
    ├── Busy             as many exports as may be are being made
    └── NoPackage        what is to be checked is no package of ours
"""

from pathlib import Path


class ExportError(Exception):
    """An export cannot be made, or cannot be checked."""


class Misplaced(ExportError):  # noqa: N818 - it says what is wrong
    """What is asked for cannot be written to that place."""


class NoDirectory(Misplaced):
    """There is no directory for it to be in."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"{directory}: 没有这个目录 there is no such directory")
        self.directory = directory


class Occupied(ExportError):  # noqa: N818
    """There is something in that place already."""


class ExtraMissing(ExportError):  # noqa: N818
    """A format needs what is not installed."""


class Busy(ExportError):  # noqa: N818
    """As many exports as may be are being made."""


class NoPackage(ExportError):  # noqa: N818
    """What is to be checked is no package of ours."""
