"""``python -m tests.bench``: measure, print one table, write ``bench.json``."""

import argparse
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import orjson

from tests.bench import (
    dropping,
    exporting,
    inspecting,
    intaking,
    isolating,
    model,
    printed,
    reading,
    resting,
    starting,
    storing,
    sweeping,
    verifying,
)
from tests.bench.measured import Measured, Size, as_json, table

FULL: Final = Size(rounds=3, reports=40, drops=600, messages=5000, settle=2.0, starts=9)
QUICK: Final = Size(
    rounds=1,
    reports=8,
    drops=16,
    messages=200,
    settle=0.2,
    starts=1,
    intakes=200,
    stores=1,
    rows=5000,
    cells=5000,
)

LITTLE: Final = 40
"""Files that are a little work, after which the memory of the parts is looked at."""


def _once(size: Size) -> Size:
    """Return the size of what takes a minute and needs no median: so many say enough at once."""
    return size._replace(rounds=1)


BENCHMARKS: Final[dict[str, Callable[[Size], Measured]]] = {
    "inspecting": inspecting.run,
    "reading": reading.run,
    "printed": printed.run,
    "isolating": isolating.run,
    "dropping": dropping.run,
    "intaking": lambda size: intaking.run(_once(size)),
    "storing": storing.run,
    "sweeping": sweeping.run,
    "verifying": verifying.run,
    "exporting": lambda size: exporting.run(_once(size)),
    "starting": starting.run,
    "resting": lambda size: resting.run(size._replace(drops=min(size.drops, LITTLE))),
}


def main(arguments: list[str]) -> None:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run; its figures say nothing")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS))
    parser.add_argument("--drops", type=int, help=f"files in each round (default {FULL.drops})")
    parser.add_argument("--rounds", type=int, help=f"medians are over these ({FULL.rounds})")
    parser.add_argument("--rows", type=int, help=f"rows swept and verified ({FULL.rows:,})")
    parser.add_argument("--output", type=Path, default=Path("bench.json"))
    chosen = parser.parse_args(arguments)
    size = QUICK if chosen.quick else FULL
    given = {name: getattr(chosen, name) for name in ("rounds", "drops", "rows")}
    size = size._replace(**{name: value for name, value in given.items() if value})
    measured = measure(size, chosen.only)
    sys.stdout.write(table(measured))
    document = as_json(measured, quick=chosen.quick)
    chosen.output.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def measure(size: Size, only: Collection[str] = tuple(BENCHMARKS)) -> list[Measured]:
    """Run those benchmarks, one after the other, and tell on standard error how far it is."""
    found = []
    for name, run in BENCHMARKS.items():
        if name in only:
            begun = time.monotonic()
            found.append(run(size))
            sys.stderr.write(f"{name}: {time.monotonic() - begun:.0f} s\n")
    return [*found, *model.of({one.title: one.figures for one in found})]


if __name__ == "__main__":
    main(sys.argv[1:])
