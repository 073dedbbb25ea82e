"""Names of files, as raw bytes: read for people, and told apart into those that are never read."""

import hashlib
import re
from typing import Final

IN_PROGRESS: Final = re.compile(
    rb"\.(?!_).*|.*\.(?:tmp|part|partial|filepart|crdownload|swp)", re.DOTALL
)
"""Names of the kind that is used while a file is still being written, in lower case."""

_LITTER: Final = frozenset({b"thumbs.db", b"desktop.ini", b"@eadir", b"__macosx"})
_CONTROL: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_DRIVE: Final = re.compile(rb"[A-Za-z]:")
_LONGEST_PATH: Final = 1000


def readable(path: bytes) -> str:
    """Return a path for people: each part UTF-8, else GB18030, else with escapes."""
    try:
        whole = path.decode("utf-8")
    except UnicodeDecodeError:
        whole = ""
    if whole and whole.isprintable():  # as nearly all are
        return whole
    return "/".join(_readable_part(part) for part in path.split(b"/"))


def _readable_part(part: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return part.decode(encoding).translate(_CONTROL)
        except UnicodeDecodeError:
            continue
    return part.decode("utf-8", "backslashreplace").translate(_CONTROL)


def why_ignored(path: bytes) -> str | None:
    """Return why a path is never read, ``None`` for one that is.

    A path is ignored when its own name is, or the name of a folder that it is in.
    """
    for part in path.split(b"/"):
        if _ignored(part.lower()):
            return f"name: {_readable_part(part)}"
    return None


def _ignored(name: bytes) -> bool:
    litter = name.startswith((b"~$", b"._")) or name in _LITTER
    return litter or bool(IN_PROGRESS.fullmatch(name))


def bounded(path: bytes) -> bytes:
    """Return a path that indexes can take: of one too long, its beginning and a digest of it."""
    if len(path) <= _LONGEST_PATH:
        return path
    return path[:_LONGEST_PATH] + b"#" + hashlib.sha256(path).hexdigest()[:16].encode()


def inside(name: bytes) -> bytes:
    """Return the name of an archive's member as a path that stays inside the archive.

    Roots, drive letters and ``..`` are left out; nothing is ever written under such a name, but
    who reads it later may not know that. It is empty where nothing of the name is left.
    """
    parts = [part for part in _separated(name).split(b"/") if part not in (b"", b".", b"..")]
    if parts and (drive := _DRIVE.match(parts[0])):
        parts[0] = parts[0][drive.end() :]
    return b"/".join(part for part in parts if part not in (b"", b".", b".."))


def _separated(name: bytes) -> bytes:
    r"""Return a name with ``/`` for ``\``, which in GB18030 may be the half of a character."""
    if b"\\" not in name:
        return name
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding).replace("\\", "/").encode(encoding)
        except UnicodeError:
            continue
    return name
