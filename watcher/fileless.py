"""A document that did not come as a file: held by a feed, or pushed."""

from typing import BinaryIO

from models.disclosure.hints import Hints
from watcher.filesystem import Signature
from watcher.settle import Settled
from worker import names


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
    path = names.bounded(place.encode("utf-8", "surrogateescape"))
    version = Signature(int.from_bytes(digest[:8], "big", signed=True), size, 0)
    return Settled(path, version, hints=hints, data=data, name=name)
