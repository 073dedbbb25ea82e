"""Text that has lost its table: one cell a line behind a pipe, or words and single spaces."""

import random

from tests.reports.cells import TruthReport
from tests.reports.narrative import document
from tests.reports.statutory import figures, grids, labels, placed


def trailing_pipe(report: TruthReport, rng: random.Random) -> str:
    """One cell a line with `` |`` behind it, a blank cell as `` |`` alone.

    What a merged cell leaves in the rows below is printed as a blank cell or not at all; rows
    follow one another with or without an empty line.
    """
    leavings, between = rng.random() < 0.5, rng.choice(("\n", "\n\n"))
    tables = {}
    for table, grid in grids(report).items():
        rows = []
        for line in placed(grid):
            lead = [slot.text for slot in labels(line) if leavings or slot.kind == "cell"]
            rows.append("\n".join(f"{text} |" for text in [*lead, *figures(line)]))
        tables[table] = between.join(rows)
    return document(report, rng, tables, gap=rng.choice(("\n", "\n\n")))


def single_spaced(report: TruthReport, rng: random.Random) -> str:
    """Labels and figures of a row on one line with a space between; blanks cannot be told.

    Raises:
        ValueError: the report has a blank cell.
    """
    tables = {}
    for table, grid in grids(report).items():
        if report.has_blanks(table):
            raise ValueError(f"blank cells in {table}")
        lines = placed(grid)
        words = ([slot.text for slot in labels(line)] + figures(line) for line in lines)
        tables[table] = "\n".join(" ".join(filter(None, line)) for line in words)
    return document(report, rng, tables, gap=rng.choice(("\n", "\n\n")))
