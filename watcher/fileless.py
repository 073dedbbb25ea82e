"""A document that did not come as a file: held by a feed, or pushed."""

import hashlib
from typing import BinaryIO, Final

from models.disclosure.hints import Hints
from watcher.filesystem import Signature
from watcher.settle import Settled

_LONGEST_PATH: Final = 1000


def fileless(
    data: bytes | BinaryIO, digest: bytes, size: int, *, place: str, name: str, hints: Hints
) -> Settled:
    """Return what stands for it where files are expected.

    Its place is the path, and a part of its digest is the inode: the same content at the same
    place is the same version.

    Args:
        data: the bytes.
        digest: their SHA-256.
        size: how many there are.
        place: the URL it is from, or whatever tells its place from others.
        name: what to call it.
        hints: what was said about it.
    """
    path = place.encode("utf-8", "surrogateescape")
    if len(path) > _LONGEST_PATH:  # indexes take no longer ones
        path = path[:_LONGEST_PATH] + b"#" + hashlib.sha256(path).hexdigest()[:16].encode()
    version = Signature(int.from_bytes(digest[:8], "big", signed=True), size, 0)
    return Settled(path, version, hints=hints, data=data, name=name)
