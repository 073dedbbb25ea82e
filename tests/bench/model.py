"""What the parts of a text report cost, put together from what the other benchmarks measured.

The sum of CPU time bounds how many reports all cores can do in a second; the time for which one
report's transactions hold SQLite's lock bounds how many it can write; and Dramatiq moves no more
messages than those that nothing is done for. Beside the sum stands what all processes really used.
"""

from collections.abc import Iterator, Mapping
from os import cpu_count
from typing import Any, Final

from tests.bench import dropping, inspecting, isolating, storing
from tests.bench.measured import Line, Measured, compared, single

TITLE: Final = "CPU of a text report, put together"
_NEEDED: Final = (inspecting.TITLE, isolating.TITLE, storing.TITLE, dropping.TITLE)
_PARTS: Final = {
    "read_ms": "read",
    "isolation_ms": "that a child process reads it",
    "recognise_ms": "recognise",
    "check_ms": "check",
    "claim_ms": "claim, 32 together",
    "store_ms": "store, 32 together",
    "message_ms": "a bare message",
    "watcher_ms": "the watcher",
    "queue_ms": "the queue server",
}


def of(found: Mapping[str, dict[str, Any]]) -> Iterator[Measured]:
    """Yield it where all that it needs was measured.

    Args:
        found: the figures of the other benchmarks by their titles.
    """
    if all(title in found for title in _NEEDED) and "work_cpu_ms" in found[dropping.TITLE]:
        figures = _figures(*(found[title] for title in _NEEDED))
        yield Measured(TITLE, tuple(_lines(figures)), figures)


def _figures(
    inspected: dict[str, Any],
    isolated: dict[str, Any],
    stored: dict[str, Any],
    dropped: dict[str, Any],
) -> dict[str, Any]:
    claim, store = stored["sqlite"]["claim_together"], stored["sqlite"]["together"]
    parts = {
        "read_ms": inspected["read_ms"],
        "isolation_ms": isolated["cpu_ms"] - isolated["floor_cpu_ms"],
        "recognise_ms": inspected["recognise_ms"],
        "check_ms": inspected["check_ms"],
        "claim_ms": claim["cpu_ms"],
        "store_ms": store["cpu_ms"],
        "message_ms": dropped["floor_cpu_ms"],
        "watcher_ms": dropped["watch_cpu_ms"],
        "queue_ms": dropped["queue_cpu_ms"],
    }
    whole = sum(parts.values())
    used = sum(dropped[f"{part}_cpu_ms"] for part in ("work", "watch", "queue"))
    limits = {
        "by_cpu_per_second": 1000 * (cpu_count() or 1) / whole,
        "by_writer_per_second": 1000 / (claim["ms"] + store["ms"]),
        "by_messages_per_second": dropped["floor_per_second"],
    }
    return {
        **parts,
        "sum_ms": whole,
        "used_ms": used,
        "rest_ms": used - whole,
        **limits,
        "per_second": dropped["steady_per_second"],
        "ratio": dropped["steady_per_second"] / min(limits.values()),
    }


def _lines(figures: dict[str, Any]) -> Iterator[Line]:
    ours, whole = figures["used_ms"], figures["sum_ms"]
    yield compared("used by all processes; the sum of the parts", "ms", ours, whole, ours / whole)
    yield from (single(f"  {what}", figures[key], "ms") for key, what in _PARTS.items())
    yield single("what no part accounts for", figures["rest_ms"], "ms")
    rate = figures["per_second"]
    for key, what in (
        ("by_cpu_per_second", "from the first claim on; all cores, by the sum"),
        ("by_writer_per_second", "  SQLite's one writer"),
        ("by_messages_per_second", "  bare messages"),
    ):
        yield compared(what, "/s", rate, figures[key], rate / figures[key])
