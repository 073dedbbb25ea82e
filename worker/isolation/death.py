"""What the end of a child says about the file it was reading."""

import signal
from dataclasses import dataclass
from typing import Final, Self

import orjson

from models.disclosure.finding import Reason
from worker.isolation.limits import Limits
from worker.isolation.reading import Refusal

_MEMORY_WORDS: Final = ("memory allocation of", "bad_alloc", "out of memory", "cannot allocate")
_MUCH: Final = 0.3  # what cannot be had is often more than what is there


@dataclass(frozen=True, slots=True)
class Death:
    """How a child ended.

    ``code`` is its exit code, negative for a signal; ``peak`` the most memory that was resident,
    in bytes; ``last_words`` the last it wrote to its standard error.
    """

    code: int
    peak: int
    last_words: str

    @classmethod
    def told(cls, line: bytes) -> Self:
        """Return the death that a line of the keeper tells of.

        Raises:
            ValueError: it tells of none.
        """
        told = orjson.loads(line)
        return cls(told["code"], told["peak"], told["last_words"])

    def as_line(self) -> bytes:
        """Return the line that tells of it."""
        told = {"code": self.code, "peak": self.peak, "last_words": self.last_words}
        return orjson.dumps(told) + b"\n"

    def refusal(self, limits: Limits) -> Refusal:
        """Return why the file is refused.

        Libraries that get no memory abort or run into a null pointer: how much there was, or what
        they said, tells that apart from other faults.
        """
        if self.code >= 0:
            message = f"the reader ended of itself with exit code {self.code}"
            return Refusal(Reason.UNREADABLE, message, self.last_words or None)
        name = _name(-self.code)
        if self.code == -signal.SIGXCPU:
            message = f"reading it takes more than {limits.seconds:g} s of processor time"
            return Refusal(Reason.TIMEOUT, message)
        if self.code == -signal.SIGKILL or self._starved(limits):
            used = f"with {self.peak // 1_000_000:,} MB in use"
            message = f"{limits.out_of_memory}: the reader was ended by {name} {used}"
            return Refusal(Reason.TOO_LARGE, message, self.last_words or None)
        message = f"the reader crashed ({name})"
        return Refusal(Reason.UNREADABLE, message, self.last_words or None)

    def _starved(self, limits: Limits) -> bool:
        said = self.last_words.lower()
        return self.peak > limits.memory * _MUCH or any(word in said for word in _MEMORY_WORDS)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
