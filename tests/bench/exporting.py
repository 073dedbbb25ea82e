"""How long an export takes, and how much memory: ``python -m tests.bench.exporting``.

A database with a hundred thousand cells and one with a million are exported in each format, each
time in a process of its own. Prints seconds and seconds of CPU for a million cells, the bytes
written, and the most memory for either. The floor is what Python's own CSV writer takes for as many
rows that are in memory already.
"""

import argparse
import csv
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson

from console.export.export import export
from console.export.fields import CELLS
from console.export.format import Format
from console.export.order import Order
from console.export.snapshot import Snapshot
from console.report_filter import ReportFilter
from models.session import Database
from tests.bench.measured import Line, Measured, Size, compared, middle, single
from tests.bench.verifying import make, most_memory

TITLE: Final = "exporting a million cells"
_SHOWN: Final = (str(Format.CSV), str(Format.PARQUET))
SIZES: Final = (100_000, 1_000_000)
_A_REPORT: Final = 200
"""Cells of the report that is multiplied."""
_NAMES: Final = {
    Format.PACKAGE: "package",
    Format.CSV: "csv.zip",
    Format.JSONL: "jsonl",
    Format.PARQUET: "parquet",
    Format.XLSX: "book.xlsx",
    Format.SQLITE: "book.db",
}


def run(size: Size) -> Measured:
    """Measure a million cells in CSV and in Parquet, in turn with the floor."""
    shown = [one for one in _SHOWN if one != "parquet" or find_spec("duckdb")]
    with tempfile.TemporaryDirectory(prefix="gouji-") as place:
        make(Path(place), max(2, round(size.cells / _A_REPORT)))
        turns = [
            {one: _per_million(measured(one, Path(place))) for one in ("floor", *shown)}
            for _ in range(size.rounds)
        ]
    figures: dict[str, Any] = {
        one: {key: middle([turn[one][key] for turn in turns]) for key in turns[0][one]}
        for one in turns[0]
    }
    for one in shown:
        figures[one]["ratio"] = figures[one]["cpu_s"] / figures["floor"]["cpu_s"]
    figures["ratio"] = figures["csv"]["ratio"]
    return Measured(TITLE, tuple(_lines(figures)), figures)


def _per_million(told: dict[str, float]) -> dict[str, float]:
    million = told["cells"] / 1e6
    return {
        "cells": told["cells"],
        "s": told["seconds"] / million,
        "cpu_s": told["cpu"] / million,
        "mb": told["bytes"] / 1e6 / million,
        "memory_mb": told["rss"],
    }


def _lines(figures: dict[str, Any]) -> Iterator[Line]:
    floor = figures["floor"]
    for one in _SHOWN:
        if one not in figures:
            yield Line(f"{one}: not here, it needs gouji[export]")
            continue
        found = figures[one]
        yield compared(one, "s of CPU", found["cpu_s"], floor["cpu_s"], found["ratio"])
        yield compared("  by the clock", "s", found["s"], floor["s"], found["s"] / floor["s"])
        yield single("  memory at most", found["memory_mb"], "MB")


def main(arguments: list[str]) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.exporting", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="CELLS")
    parser.add_argument("--formats", nargs="+", default=["floor", *_NAMES], metavar="FORMAT")
    parser.add_argument("--one", nargs=2, metavar=("FORMAT", "FOLDER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.one:
        format_, folder = chosen.one
        sys.stdout.buffer.write(orjson.dumps(measure(format_, Path(folder))))
        return
    _say(f"{'':10} {'cells':>9} {'s':>7} {'CPU s':>7} {'per million':>11} {'MB':>8} {'RSS MB':>7}")
    for size in chosen.sizes:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as place:
            make(Path(place), round(size / _A_REPORT))
            for format_ in chosen.formats:
                _say(_line(format_, measured(format_, Path(place))))


def measured(format_: str, folder: Path) -> dict[str, float]:
    """Export a house once in a process of its own; return what it took."""
    command = [sys.executable, "-m", "tests.bench.exporting", "--one", format_, str(folder)]
    told = subprocess.run(command, check=True, capture_output=True).stdout
    found: dict[str, float] = orjson.loads(told)
    return found


def _line(format_: str, told: dict[str, float]) -> str:
    million = told["cpu"] / told["cells"] * 1e6
    return (
        f"{format_:10} {told['cells']:9,.0f} {told['seconds']:7.1f} {told['cpu']:7.1f} "
        f"{million:11.1f} {told['bytes'] / 1e6:8.1f} {told['rss']:7.0f}"
    )


def measure(format_: str, folder: Path) -> dict[str, float]:
    """Export a house once in this process; return what it took."""
    database = Database.at(f"sqlite:///{folder / 'var' / 'gouji.db'}")
    started, used = time.perf_counter(), time.process_time()
    try:
        cells, size = (_floor if format_ == "floor" else _exported)(database, format_, folder)
    finally:
        database.close()
    return {
        "cells": cells,
        "bytes": size,
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - used,
        "rss": most_memory(),
    }


def _exported(database: Database, format_: str, folder: Path) -> tuple[int, int]:
    chosen = Format(format_)
    order = Order.of(chosen, (), ReportFilter())
    with tempfile.TemporaryDirectory(dir=folder) as place:
        made = export(database, order, Path(place) / _NAMES[chosen])
    return made.rows[CELLS.name], sum(file.bytes for file in made.files)


def _floor(database: Database, _format: str, folder: Path) -> tuple[int, int]:
    """Write the cells of the first reports again and again: nothing is read, nothing turned."""
    with database.reading() as session:
        snapshot = Snapshot(session.connection(), ReportFilter(), [CELLS.name])
        reports = snapshot.count()
        first = next(snapshot.batches())
    text = io.StringIO()
    csv.writer(text).writerows(first.lines[CELLS.name])
    rows = list(csv.reader(io.StringIO(text.getvalue())))
    path = folder / "floor.csv"
    cells = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        for _ in range(max(round(reports / first.reports), 1)):
            writer.writerows(rows)
            cells += len(rows)
    size = path.stat().st_size
    path.unlink()
    return cells, size


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
