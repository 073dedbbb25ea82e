"""How fast Dramatiq moves messages that nothing is done for."""

import time
from pathlib import Path
from typing import Final

from tests.bench import cpu
from tests.bench.processes import ROOT, child, until
from worker.inbox import QUEUES, Inbox
from worker.settings import Settings

_AHEAD: Final = 500
"""Messages before the measured ones: idle consumers sleep for up to a second."""

PREFETCH: Final = 256
"""Messages taken ahead; more bring nothing. With Dramatiq's default, 4 for two threads, it moves an
eighth as many a second, with the 64 of ours nine tenths (2 cores).
"""

_WITHIN: Final = 120.0
_SLOWEST: Final = 200
"""No-op messages a second that any machine does."""


def run(
    settings: Settings, messages: int, directory: Path, prefetch: int | None = PREFETCH
) -> dict[str, float]:
    """Send messages to workers that do nothing with them; the clock runs until all are gone.

    The sending is ours (``Inbox.send``, pipelined), the messages are those of documents, and there
    are as many processes and threads as ``settings`` says. ``prefetch`` is how many messages a
    process takes ahead, ``None`` for what Dramatiq does by itself.
    """
    log = directory / "floor.log"
    arguments = [
        "tests.bench.noop:broker",
        *("--processes", str(settings.worker_processes)),
        *("--threads", str(settings.worker_threads)),
        *("--queues", QUEUES[0]),
        *("--path", str(ROOT)),
    ]
    environment = {"GOUJI_BROKER_URL": settings.broker}
    if prefetch is not None:
        environment["dramatiq_queue_prefetch"] = str(prefetch)
    inbox = Inbox(settings)
    try:
        with child("dramatiq", *arguments, environment=environment, log=log) as master:
            _send(inbox, _AHEAD)
            until(lambda: inbox.outstanding() < _AHEAD, _WITHIN, log)
            return _measured(inbox, messages, master.pid, log)
    finally:
        inbox.close()


def _measured(inbox: Inbox, messages: int, master: int, log: Path) -> dict[str, float]:
    parts = {"work": master}
    left, before, started = inbox.outstanding(), cpu.used(parts), time.perf_counter()
    _send(inbox, messages)
    until(lambda: inbox.outstanding() == 0, _WITHIN + messages / _SLOWEST, log)
    seconds, after = time.perf_counter() - started, cpu.used(parts)
    moved = left + messages
    found = {"per_second": moved / seconds}
    if before is not None and after is not None:
        found["cpu_ms"] = after.since(before).parts["work"] * 1000 / moved
    return found


def _send(inbox: Inbox, count: int) -> None:
    inbox.send([(number, QUEUES[0]) for number in range(1, count + 1)])
