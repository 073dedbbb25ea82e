"""What every broker does for the house: the names of the queues, and the door each one has."""

import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

COSTS: Final = ("fast", "slow", "ocr")
"""Queues by cost: text, HTML, Word and spreadsheets; PDF and legacy Word; scanned pages."""

QUEUES: Final = (*COSTS, "urgent")
"""Every queue: what an operator wants done now goes past the others, unless it is for OCR."""

PROCESS: Final = "process"
"""The actor that takes a document id; the same one on every queue."""

WORKER_CLIENT: Final = "gouji-work-"
"""How the names of worker processes' connections begin on the server."""


def worker_client() -> str:
    """Return the name of this worker process's connections; containers share process ids.

    Redis takes no blanks and nothing but ASCII.
    """
    host = re.sub(r"[^!-~]", "-", socket.gethostname())
    return f"{WORKER_CLIENT}{host}:{os.getpid()}"


# A consumer of Redis that has its fill or finds nothing sleeps for about 7 ms, so a queue moves at
# most prefetch / 7 ms: no-op messages took 3,650 us each with 2, 470 with 16, 170 with 64, whatever
# the number of threads (2 cores). With 16 that is little beside the 20 ms of a text report, and a
# killed process holds back no more than it could do in a third of a second. Costly documents are
# not hoarded while another process is idle.
PREFETCH: Final = {"fast": 64, "slow": 2, "ocr": 1, "urgent": 2}
"""How many messages of a queue a worker process holds at most, the one it works on included."""

HEARTBEAT: Final = 30
"""Seconds of silence after which a worker process is taken for dead.

Each of its consumers speaks at least once a second; a process that is silent for so long was killed
or stopped, or C code blocks it. What it held then comes twice, which does no harm.
"""


class Backlog(Mapping[str, int]):
    """How many messages there are by queue, as far as the server tells.

    These are messages that wait and, on Redis, those that are delayed or in the hands of workers.
    RabbitMQ does not tell of what its clients hold, which are delayed messages too.

    Args:
        counts: how many messages, by queue.
        unseen: how many more may be in the hands of workers; 0 where every message is counted.
            Delayed messages that a worker holds until they are due are not in it: their documents
            were tried less than ``retry_max`` ago.
        forgot: whether the server does not know the mark that was put on it: it has lost what it
            held, or is a new one.
    """

    def __init__(self, counts: Mapping[str, int], *, unseen: int = 0, forgot: bool = False) -> None:
        self._counts = dict(counts)
        self.unseen: Final = unseen
        self.forgot: Final = forgot

    def __getitem__(self, queue: str) -> int:
        return self._counts[queue]

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    @property
    def total(self) -> int:
        """How many messages there are in all that the server tells of."""
        return sum(self.values())


class Waiting(NamedTuple):
    """A message on its way: its queue, its key there, and the document it speaks of, if any."""

    queue: str
    key: str
    document_id: int | None


class Weakness(StrEnum):
    """What is wrong with a server that answers."""

    FULL = "full"
    """It takes no message: no memory is left, or too little disk."""
    READ_ONLY = "read-only"
    """It takes no message: it is a replica."""
    EVICTS = "evicts"
    """It drops messages when its memory is full."""
    VOLATILE = "volatile"
    """It forgets every message when it is restarted."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a server is.

    Attributes:
        product: its name and version.
        details: what it is set to, where that matters.
        workers: how many worker processes are connected.
        weakness: the worst that is wrong with it.
    """

    product: str
    details: Sequence[str]
    workers: int
    weakness: Weakness | None = None


class Door(Protocol):
    """The way to one kind of broker; several threads may use it.

    Every method but ``close`` raises ``BrokerUnreachable`` for whatever passes: no server, one that
    does not answer within seconds, one that refuses us or has no room. No message of it has a
    password in it.
    """

    def send(self, items: Sequence[tuple[int, str]]) -> None:
        """Put documents, given as (document id, queue), on their queues.

        When it returns the server has every message. When it raises, some may be there.
        """

    def backlog(self) -> Backlog:
        """Count the messages."""

    def messages(self) -> Iterator[Waiting] | None:
        """Yield every message at least once; ``None`` where the server does not show them.

        What comes or goes meanwhile may be missing.
        """

    def remove(self, message: Waiting, /) -> bool:
        """Take a message off its queue, whoever holds it; tell whether it was there."""

    def mark(self) -> None:
        """Put a mark on the server, which it loses only with all it has."""

    def reclaim(self) -> None:
        """Put back on the queues what silent workers hold, instead of waiting for them."""

    def examine(self) -> Condition:
        """Look at how the server is, and try whether it takes messages."""

    def ping(self) -> None:
        """Ask for an answer."""

    def close(self) -> None:
        """Close every connection."""
