"""``python -m tests.bench``: measure, print one table, write ``bench.json``."""

import argparse
import sys
from pathlib import Path
from typing import Final

import orjson

from tests.bench import dropping, inspecting, intaking, printed, reading, resting, starting
from tests.bench.measured import Measured, Size, as_json, table

FULL: Final = Size(rounds=3, reports=40, drops=600, messages=5000, settle=2.0, starts=9)
QUICK: Final = Size(rounds=1, reports=8, drops=16, messages=200, settle=0.2, starts=1, intakes=200)

LITTLE: Final = 40
"""Files that are a little work, after which the memory of the parts is looked at."""


def main(arguments: list[str]) -> None:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run; its figures say nothing")
    parser.add_argument("--drops", type=int, help=f"files in each round (default {FULL.drops})")
    parser.add_argument("--rounds", type=int, help=f"medians are over these ({FULL.rounds})")
    parser.add_argument("--output", type=Path, default=Path("bench.json"))
    chosen = parser.parse_args(arguments)
    size = QUICK if chosen.quick else FULL
    size = size._replace(rounds=chosen.rounds or size.rounds, drops=chosen.drops or size.drops)
    measured = measure(size)
    sys.stdout.write(table(measured))
    document = as_json(measured, quick=chosen.quick)
    chosen.output.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def measure(size: Size) -> list[Measured]:
    """Run every benchmark."""
    inspected = inspecting.run(size)
    dropped = dropping.run(size, inspected.figures["per_second_per_core"])
    taken = intaking.run(size)
    small = size._replace(drops=min(size.drops, LITTLE))
    started, rested = starting.run(size), resting.run(small)
    return [inspected, reading.run(size), printed.run(size), dropped, taken, started, rested]


if __name__ == "__main__":
    main(sys.argv[1:])
