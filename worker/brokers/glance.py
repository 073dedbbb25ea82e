"""How many messages the embedded server holds, asked over its socket without the client of Redis.

A command that ends at once would load that client, and Dramatiq with it, for longer than all else
it does. Nothing but this count is asked for in this way: no password, no TLS, no second try.
Source: the serialization protocol of Redis, RESP 2.
"""

import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from worker.broker import QUEUES, Backlog
from worker.errors import BrokerUnreachable

NAMESPACE: Final = "dramatiq"
"""What all keys of Dramatiq begin with."""

MARK: Final = f"{NAMESPACE}:__gouji__"
"""The key by which a server that lost everything is known."""

MESSAGES: Final = tuple(
    f"{NAMESPACE}:{queue}{kind}.msgs" for queue in QUEUES for kind in ("", ".DQ")
)
"""Where messages lie, queue by queue: what waits or is in a worker's hands, and what is delayed."""

_ANSWER_WITHIN: Final = 2.0
_INTEGER: Final = b":"


def counted(answers: Sequence[int]) -> Backlog:
    """Return the backlog, given the lengths of ``MESSAGES`` and whether ``MARK`` is there."""
    *counts, marked = answers
    both = {queue: counts[2 * n] + counts[2 * n + 1] for n, queue in enumerate(QUEUES)}
    return Backlog(both, forgot=not marked)


def backlog(path: Path) -> Backlog:
    """Return how many messages a server holds.

    Args:
        path: its unix socket.

    Raises:
        BrokerUnreachable: it cannot be reached, does not answer within seconds, or refuses.
    """
    asked = [*(("HLEN", key) for key in MESSAGES), ("EXISTS", MARK)]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_ANSWER_WITHIN)
            connection.connect(str(path))
            connection.sendall(b"".join(_command(*words) for words in asked))
            with connection.makefile("rb") as answers:
                return counted(list(_integers(answers, len(asked))))
    except OSError as error:
        raise BrokerUnreachable(f"the broker cannot be reached: {error}") from error


def _command(*words: str) -> bytes:
    parts = (f"${len(word.encode())}\r\n{word}\r\n" for word in words)
    return f"*{len(words)}\r\n{''.join(parts)}".encode()


def _integers(answers: BinaryIO, number: int) -> Iterator[int]:
    for _ in range(number):
        line = answers.readline()
        if not line:
            raise ConnectionResetError("the connection was closed")
        kind, said = line[:1], line[1:].strip().decode("ascii", "replace")
        if kind != _INTEGER or not said.isdecimal():
            raise BrokerUnreachable(f"the broker refuses: {said}")
        yield int(said)
