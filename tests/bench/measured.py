"""What a benchmark found: lines for the table people read, and figures for ``bench.json``."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

_HEADINGS: Final = ("", "gouji", "floor", "ratio")


class Size(NamedTuple):
    """How much is measured.

    Every figure is the median over ``rounds``. In each there are ``reports`` random reports to be
    inspected, ``drops`` files to be dropped that must rest for ``settle`` seconds, and
    ``messages`` that nothing is done for, and ``intakes`` files that are only taken in. Reports are
    stored ``stores`` times as many together as a worker does. Commands are started ``starts``
    times. A database of ``rows`` rows is swept and verified, and one of ``cells`` cells exported.
    """

    rounds: int
    reports: int
    drops: int
    messages: int
    settle: float
    starts: int = 0
    intakes: int = 20_000
    stores: int = 4
    rows: int = 1_000_000
    cells: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what it is, our figure, the floor's, and ours divided by it."""

    what: str
    ours: str = ""
    floor: str = ""
    ratio: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One benchmark: ``figures`` are plain JSON, all medians over the rounds."""

    title: str
    lines: tuple[Line, ...]
    figures: dict[str, Any] = field(default_factory=dict)


def middle(values: Sequence[float]) -> float:
    """Return the median, to five digits."""
    return float(f"{median(values):.5g}")


def compared(what: str, unit: str, ours: float, floor: float, ratio: float) -> Line:
    """Return the line of a figure and its floor, both in ``unit``."""
    return Line(what, f"{_short(ours)} {unit}", f"{_short(floor)} {unit}", f"{ratio:.2g}")


def single(what: str, value: float, unit: str) -> Line:
    """Return the line of a figure that has no floor."""
    return Line(what, f"{_short(value)} {unit}")


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def table(measured: Sequence[Measured]) -> str:
    """Return all benchmarks as one plain table."""
    rows: list[Sequence[str]] = [_HEADINGS]
    for one in measured:
        rows.append((one.title, "", "", ""))
        rows += [(f"  {line.what}", line.ours, line.floor, line.ratio) for line in one.lines]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return "\n".join(_row(row, widths) for row in rows) + "\n"


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]
    return "  ".join(cells).rstrip()


def as_json(measured: Sequence[Measured], *, quick: bool) -> dict[str, Any]:
    """Return what ``bench.json`` holds, schema ``gouji.bench/1``."""
    return {
        "schema": "gouji.bench/1",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "machine": machine(),
        "benchmarks": {one.title: one.figures for one in measured},
    }


def machine() -> dict[str, Any]:
    """Return what the figures depend on; ``load`` is that of the last minute, by others too."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())
