"""Names that are never read: temporary files, system litter, and the project's own folders."""

from typing import Final

from worker import names

OWN: Final = b".gouji"
"""The project's folder inside a source; what lies there is not an arrival."""

DONE_MARKER: Final = b".done"
"""``name.done`` beside ``name`` says that ``name`` is complete."""

# Snapshot folders of file servers hold the whole source once more.
_PRIVATE: Final = frozenset({OWN, b".snapshot", b".zfs"})


def is_private(path: bytes) -> bool:
    """Tell whether a path is, or is inside, a folder that is not looked at at all."""
    return not _PRIVATE.isdisjoint(path.split(b"/"))


why: Final = names.why_ignored
"""Tells why a path is never read, ``None`` for one that is."""


def in_progress(path: bytes) -> bool:
    """Tell whether a name is of the kind that is used while a file is still being written.

    Such a file is usually renamed when it is complete; left lying, it is ignored.
    """
    return bool(names.IN_PROGRESS.fullmatch(path.rpartition(b"/")[2].lower()))


def marked(path: bytes) -> bytes | None:
    """Return the path that a done marker speaks of, ``None`` for a path that is no marker."""
    base = path.removesuffix(DONE_MARKER)
    return base if base != path and base.rpartition(b"/")[2] and why(path) is None else None
