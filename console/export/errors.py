"""What goes wrong with an export.

::

    ExportError
    ├── Misplaced        what is asked for cannot be written to that place
    ├── Occupied         there is something in that place already
    ├── ExtraMissing     a format needs what is not installed
    ├── Busy             as many exports as may be are being made
    └── NoPackage        what is to be checked is no package of ours
"""


class ExportError(Exception):
    """An export cannot be made, or cannot be checked."""


class Misplaced(ExportError):  # noqa: N818 - it says what is wrong
    """What is asked for cannot be written to that place."""


class Occupied(ExportError):  # noqa: N818
    """There is something in that place already."""


class ExtraMissing(ExportError):  # noqa: N818
    """A format needs what is not installed."""


class Busy(ExportError):  # noqa: N818
    """As many exports as may be are being made."""


class NoPackage(ExportError):  # noqa: N818
    """What is to be checked is no package of ours."""
