"""Where something stands in a trace: the ``traceparent`` of W3C Trace Context.

Source: W3C Recommendation Trace Context (level 1), 3.2 Traceparent Header, 4.2 Mutating.
"""

import os
import re
from typing import Final, NamedTuple, Self

_VERSION: Final = "00"
_SAMPLED: Final = 0x01
_FORM: Final = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
    r"(?P<rest>-.*)?"
)
_INVALID_VERSION: Final = "ff"


class Trace(NamedTuple):
    """One span of a trace.

    Attributes:
        trace_id: 32 small hexadecimal digits, the same for everything that one arrival set off.
        span_id: 16 of them.
        sampled: whether whoever began the trace records it.
    """

    trace_id: str
    span_id: str
    sampled: bool = True

    @classmethod
    def begun(cls) -> Self:
        """Return the first span of a new trace."""
        return cls(_random(16), _random(8))

    @classmethod
    def parsed(cls, traceparent: str | None) -> Self | None:
        """Return what a header says, ``None`` where it is to be taken as if it were not there.

        That is so when it is malformed, when an id is all zeros, and for the version ``ff``. Of a
        version that is not known as much is read as has the known form.
        """
        found = _FORM.fullmatch(traceparent or "")
        if found is None or found["version"] == _INVALID_VERSION:
            return None
        if found["version"] == _VERSION and found["rest"] is not None:
            return None
        if not int(found["trace"], 16) or not int(found["span"], 16):
            return None
        return cls(found["trace"], found["span"], bool(int(found["flags"], 16) & _SAMPLED))

    def child(self) -> Self:
        """Return a new span of the same trace."""
        return self._replace(span_id=_random(8))

    def __str__(self) -> str:
        """Return it as a header."""
        flags = _SAMPLED if self.sampled else 0
        return f"{_VERSION}-{self.trace_id}-{self.span_id}-{flags:02x}"


def trace_id_of(text: str) -> str | None:
    """Return the id of a trace as it is kept: of the id itself or of a header, else ``None``."""
    given = text.strip().lower()
    whole = Trace.parsed(given) or Trace.parsed(f"{_VERSION}-{given}-{'1' * 16}-00")
    return None if whole is None else whole.trace_id


def spans(trace_id: str) -> tuple[str, str]:
    """Return the first and the last header of a trace, in the order of text."""
    return f"{_VERSION}-{trace_id}-{'0' * 16}-00", f"{_VERSION}-{trace_id}-{'f' * 16}-ff"


def _random(size: int) -> str:
    """Return so many random bytes in hexadecimal digits, not all of them zero."""
    drawn = os.urandom(size)
    return drawn.hex() if any(drawn) else _random(size)
