"""One original out of the way, by renames that lose no version and overwrite nothing.

Between a look at a file and its rename a producer may replace it, or open it and write on. So it
is first renamed to where nobody finds it by its name, ``<root>/.gouji/moving/``, and looked at
there: the version that was archived goes on, anything else goes back. Nothing else is ever in that
folder, so what a killed process left in it is known to be undecided.
"""

import errno
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from watcher import ignore
from watcher.filesystem import Signature, look, parent
from watcher.renaming import rename_new
from watcher.writers import Writers, writers_and_version
from worker.faults import reach

MOVING: Final = ignore.OWN + b"/moving/"
"""The folder of moves, relative to the root of a source."""
_LONGEST_NAME: Final = 255
_MOST_NAMES: Final = 20


class Carried(NamedTuple):
    """Where an original is now; neither here nor there when it was gone.

    ``to`` is where it was moved, ``back`` where it was put back, as ``changed`` or since somebody
    has it open for writing. ``sure`` when nobody can write to it any more; ``busy`` when another
    watcher is about to move it.
    """

    to: bytes | None = None
    back: bytes | None = None
    changed: bool = False
    sure: bool = True
    busy: bool = False

    def __bool__(self) -> bool:
        """Whether it is anywhere."""
        return self.to is not None or self.back is not None


class Route(NamedTuple):
    """The version of a file that is to be moved, from where and to which folder.

    ``number`` tells it from others of its name, and ``directory`` ends in a slash.
    """

    path: bytes
    version: Signature
    directory: bytes
    number: int


def carry(root: bytes, route: Route, begun: Sequence[bytes] = ()) -> Carried:
    """Move an original, finish what was begun, or find where it was moved before.

    Args:
        root: the root of the source; every path is relative to it.
        route: what, from where, and where to.
        begun: what lies in the folder of moves under the original's number.

    Raises:
        OSError: it cannot be moved, or not be put back.
    """
    carried = [_decide(root, staged, route) for staged in begun]
    if not any(carried) and look(root, route.path) == route.version:
        with suppress(FileNotFoundError):  # another watcher was faster
            carried.append(_decide(root, _stage(root, route), route))
    known = sorted(filter(None, carried), key=lambda one: one.to is None)
    if known:
        return known[0]
    # in this order: another watcher moves it from the one to the other
    if route.number in undecided(root):
        return Carried(busy=True)
    return Carried(to=found_at(root, route), sure=False)


def undecided(root: bytes) -> dict[int, list[bytes]]:
    """Return what lies in the folder of moves, by its number; nothing when it cannot be seen."""
    found: dict[int, list[bytes]] = {}
    with suppress(OSError), parent(root, MOVING) as (descriptor, _):
        for name in os.listdir(descriptor):  # noqa: PTH208 - pathlib does not take descriptors
            number = name.partition(".")[0]
            if number.isdecimal():
                found.setdefault(int(number), []).append(MOVING + os.fsencode(name))
    return found


def put(root: bytes, source: bytes, directory: bytes, candidates: Iterable[bytes]) -> bytes:
    """Rename a file into a folder, under the first of the names that is free; return its path.

    Raises:
        OSError: it cannot be renamed, or no name is free.
    """
    with (
        parent(root, source) as (here, name),
        parent(root, directory, make=True) as (there, _),
    ):
        for candidate in candidates:
            if rename_new(here, name, there, candidate):
                return directory + candidate
    raise FileExistsError(errno.EEXIST, "every name for it is taken")


def put_back(root: bytes, source: bytes, route: Route) -> bytes:
    """Put a file back where it came from, beside what took its place; return its path.

    Raises:
        OSError: it cannot be renamed.
    """
    above, slash, name = route.path.rpartition(b"/")
    return put(root, source, above + slash, names(name, route.number))


def names(name: bytes, number: int) -> Iterator[bytes]:
    """Return a name, and what it becomes where that is taken: ``a.txt``, ``a.7.txt``, ..."""
    yield name
    yield _suffixed(name, b".%d" % number)
    for again in range(2, _MOST_NAMES):
        yield _suffixed(name, b".%d.%d" % (number, again))


def _suffixed(name: bytes, suffix: bytes) -> bytes:
    stem, extension = os.path.splitext(name)  # noqa: PTH122 - pathlib does not take bytes
    tail = suffix + extension
    return stem[: max(1, _LONGEST_NAME - len(tail))] + tail


def _stage(root: bytes, route: Route) -> bytes:
    staged = b"%d.%s" % (route.number, secrets.token_hex(8).encode())
    with (
        parent(root, route.path) as (here, name),
        parent(root, MOVING, make=True) as (there, _),
    ):
        os.rename(name, staged, src_dir_fd=here, dst_dir_fd=there)
    reach("move.staged")
    return MOVING + staged


def _decide(root: bytes, staged: bytes, route: Route) -> Carried:
    """Send what was renamed on its way, or back."""
    writers, version = writers_and_version(root, staged)
    changed = version != route.version
    try:
        if changed or writers is Writers.SOME:
            return Carried(back=put_back(root, staged, route), changed=changed)
        name = route.path.rpartition(b"/")[2]
        to = put(root, staged, route.directory, names(name, route.number))
        reach("move.put")
        return Carried(to=to, sure=writers is Writers.NONE)
    except FileNotFoundError:  # another watcher decided
        return Carried()


def found_at(root: bytes, route: Route) -> bytes | None:
    """Return where an original was moved before, ``None`` where it is in none of those places.

    Raises:
        OSError: it cannot be known.
    """
    for name in names(route.path.rpartition(b"/")[2], route.number):
        if look(root, route.directory + name) == route.version:
            return route.directory + name
    return None
