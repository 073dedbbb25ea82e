"""How often the likely wrong cells are found: ``python -m tests.localise --cases 300``.

Random balanced tables of both editions are broken by one mechanism at a time; a candidate is right
when it gives back every figure. What breaks no edit nobody can find: it is drawn again and counted.
Milliseconds are of processor time, for all of localisation.
"""

import argparse
import random
import statistics
from dataclasses import dataclass, field
from time import process_time_ns
from typing import Final

from models.disclosure.localisation import Block, Localisation, Status
from models.disclosure.report import Cell, ReadTable, Report
from tests.reports.cells import TruthReport
from tests.reports.slips import MECHANISMS, OF_REVIEW, Break, broken
from tests.reports.truth import random_report, violations
from worker.check.locate import locate

_TOP: Final = 3
_TRIES: Final = 1000


@dataclass(slots=True)
class Tally:
    """What came of the cases of one mechanism; ``ranks`` are those of the right candidate, or 0."""

    ranks: list[int] = field(default_factory=list)
    listed: list[int] = field(default_factory=list)
    tied: int = 0
    unseen: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def first(self, most: int = 1) -> float:
        """Return in how many of a hundred cases the truth is among the first."""
        return 100 * sum(0 < rank <= most for rank in self.ranks) / len(self.ranks)

    def line(self, name: str) -> str:
        """Return a row of the table."""
        times = sorted(self.milliseconds)
        return (
            f"{name:20} {len(self.ranks):5} {self.unseen:7} {self.first():7.1f}"
            f" {self.first(_TOP):7.1f} {100 * sum(map(bool, self.ranks)) / len(self.ranks):7.1f}"
            f" {100 * self.tied / len(self.ranks):6.1f} {statistics.mean(self.listed):7.1f}"
            f" {statistics.median(times):8.2f} {times[int(0.95 * len(times))]:6.2f}"
        )


def measure(table: str, how: Break, cases: int, seed: int) -> Tally:
    """Break random reports until there are so many cases that break an edit."""
    rng, tally = random.Random(seed), Tally()
    for _ in range(cases * _TRIES):
        truth = random_report(rng)
        report = broken(truth, table, how, rng)
        if not violations(report):
            tally.unseen += report.cells != truth.cells
            continue
        read = as_read(report)
        started = process_time_ns()
        found = locate(read)
        tally.milliseconds.append((process_time_ns() - started) / 1e6)
        tally.ranks.append(_rank(found, report, truth))
        tally.tied += found is not None and found.status is Status.TIED
        tally.listed.append(0 if found is None else len(found.candidates))
        if len(tally.ranks) == cases:
            break
    return tally


def as_read(report: TruthReport) -> Report:
    """Return the report as a reader would give it that makes no mistake."""
    tables = {}
    for key, layout in report.layouts.items():
        cells = {
            address: Cell(cell.value, cell.raw, cell.printed)
            for address, cell in report.cells.items()
            if address.startswith(f"{key}.")
        }
        tables[key] = ReadTable(layout, cells)
    return Report(report.publisher, report.year, report.edition, "年度报告", tables)


def _rank(found: Localisation | None, report: TruthReport, truth: TruthReport) -> int:
    """Return the rank of the candidate that is the truth, 0 where none is; of blocks the last."""
    ranks = [0] if found is None else [_in_block(block, report, truth) for block in found.blocks]
    return max(ranks) if all(ranks) else 0


def _in_block(block: Block, report: TruthReport, truth: TruthReport) -> int:
    scopes = {edit.partition(":")[2] for edit in block.edits}
    wrong = {
        address
        for address, cell in truth.cells.items()
        if address.startswith(f"{block.table}.")
        and (block.table == "applications" or address.split(".")[1] in scopes)
        and (report.cells[address].value or 0) != cell.value
    }
    for candidate in block.candidates:
        proposed = {change.cell: change.proposed for change in candidate.changes}
        right = all(truth.cells[cell].value == value for cell, value in proposed.items())
        if right and wrong <= proposed.keys():
            return candidate.rank
    return 0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=300, help="how many of each mechanism")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="mechanisms whose name holds this")
    asked = parser.parse_args()
    for table, title, mechanisms in (
        ("applications", "表三", MECHANISMS),
        ("review", "表四", OF_REVIEW),
    ):
        print(
            f"\n{title} {table:15} {'cases':>5} {'unseen':>7} {'1st %':>7} {'top 3':>7}"
            f" {'any':>7} {'tied':>6} {'listed':>7} {'median':>8} {'p95 ms':>6}"
        )
        for name, how in mechanisms.items():
            if asked.only in name:
                tally = measure(table, how, asked.cases, asked.seed)
                print(tally.line(name), flush=True)


if __name__ == "__main__":
    main()
