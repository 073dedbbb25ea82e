"""Files with a known end, as many as are asked for, each with a content of its own."""

import random
from collections.abc import Iterator
from functools import cache
from itertools import count

from tests.fault.material import Dropped, Expected, archive, expected, material
from worker.inspection import inspect

_TEMPLATES = 36
_ARCHIVES = 0.05

End = tuple[str, str | None]


class Traffic:
    """Takes templates in turn and makes each file differ; knows what must become of every one.

    Args:
        seed: of what comes in which order.
    """

    def __init__(self, seed: int = 0) -> None:
        self._rng = random.Random(seed)
        self._numbers = count(seed * 100_000)
        self._ends: dict[str, End] = {}
        self._arrivals: set[bytes] = set()

    def take(self, amount: int) -> Iterator[Dropped]:
        """Yield so many files."""
        for number in (next(self._numbers) for _ in range(amount)):
            if self._rng.random() < _ARCHIVES:
                yield self._archive(number)
            else:
                yield self._file(number)

    @property
    def expected(self) -> Expected:
        """What must have become of all that was taken."""
        return Expected(dict(self._ends), frozenset(self._arrivals), frozenset())

    def poison(self, name: str) -> Dropped:
        """Return a file by that name whose reader is killed every time, by whoever injects that."""
        template, _ = _templates()[0]
        data = _marked(template.data, next(self._numbers))
        return self.certain(name, data, ("dead", "crash_loop"))

    def certain(self, name: str, data: bytes, end: End) -> Dropped:
        """Return a file whose end whoever brings it knows; it may come in by any way."""
        file = Dropped(name.encode(), data)
        self._ends[file.sha256] = end
        self._arrivals.add(file.name)
        return file

    def text(self) -> tuple[bytes, End]:
        """Return a content in UTF-8, and its end; it has no name yet."""
        template, end = self._rng.choice([one for one in _templates() if _is_text(one[0].data)])
        return _marked(template.data, next(self._numbers)), end

    def _file(self, number: int) -> Dropped:
        template, end = self._rng.choice(_templates())
        file = Dropped(b"%07d-%s" % (number, template.name), _marked(template.data, number))
        self._ends[file.sha256] = end
        self._arrivals.add(file.name)
        return file

    def _archive(self, number: int) -> Dropped:
        file = archive(self._rng, number)
        held = expected([file], [])
        self._ends |= held.documents
        self._arrivals |= held.arrivals
        return file


def _marked(data: bytes, number: int) -> bytes:
    return data + b"\n\nNo. %d\n" % number


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


@cache
def _templates() -> tuple[tuple[Dropped, End], ...]:
    """Return files, and how each ends when it is marked; no archives among them."""
    found = []
    for file in material(random.Random(7), _TEMPLATES):
        if b"archive" not in file.name and b"again" not in file.name:
            seen = inspect(_marked(file.data, 0), "report")
            found.append((file, (str(seen.outcome), seen.reason and str(seen.reason))))
    return tuple(found)
