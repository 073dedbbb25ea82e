"""Pipe tables, whole and in pieces, as converters to Markdown give them."""

import random

from tests.reports.cells import TruthReport
from tests.reports.narrative import document
from tests.reports.statutory import Line, Slot, figures, grids, labels, placed

_HEADINGS = ("## {}", "# {}", "**{}**", "{}")


def markdown(report: TruthReport, rng: random.Random) -> str:
    """One pipe table for each statutory table; merged cells blank or repeated."""
    repeat = rng.random() < 0.5
    tables = {table: _table(placed(grid), repeat=repeat) for table, grid in grids(report).items()}
    return document(report, rng, tables, gap="\n\n", heading=rng.choice(_HEADINGS))


def markdown_per_row(report: TruthReport, rng: random.Random) -> str:
    """One small pipe table for each row; labels drawn in the row only, or empty cells as well."""
    bare = rng.random() < 0.5
    tables = {
        table: "\n\n".join(_row_table(line, bare=bare) for line in placed(grid))
        for table, grid in grids(report).items()
    }
    return document(report, rng, tables, gap="\n\n", heading=rng.choice(_HEADINGS))


def markdown_cut(report: TruthReport, rng: random.Random) -> str:
    """Pipe tables in which separators cut rows in two: label and some figures, then the rest.

    Only rows that print a figure in every cell are cut.
    """
    tables = {
        table: "\n".join(_cut_lines(placed(grid), rng)) for table, grid in grids(report).items()
    }
    return document(report, rng, tables, gap="\n\n", heading=rng.choice(_HEADINGS))


def _table(lines: list[Line], *, repeat: bool) -> str:
    rows = [_pipes([_text(slot, repeat=repeat) for slot in line]) for line in lines]
    return "\n".join([rows[0], _rule(len(lines[0])), *rows[1:]])


def _text(slot: Slot, *, repeat: bool) -> str:
    repeated = repeat and slot.kind == "below" and slot.cell.rowspan > 1
    return slot.cell.text if repeated else slot.text


def _row_table(line: Line, *, bare: bool) -> str:
    texts = _texts(line) if bare else [slot.text for slot in line if slot.kind != "right"]
    return "\n".join((_pipes(texts), _rule(len(texts))))


def _texts(line: Line) -> list[str]:
    """Return labels that are printed in the line, then every figure, blanks included."""
    return [slot.text for slot in labels(line) if slot.text] + figures(line)


def _cut_lines(lines: list[Line], rng: random.Random) -> list[str]:
    share = rng.choice((0.1, 0.3, 0.8))
    empty = rng.random() < 0.5
    printed = []
    for at, line in enumerate(lines):
        texts, numbers = [slot.text for slot in line if slot.kind != "right"], figures(line)
        if len(numbers) > 2 and all(_decimal(text) for text in numbers) and rng.random() < share:
            kept = max(1, len(texts) - rng.randint(1, len(numbers)))
            printed += _halves(texts, kept, empty=empty, rng=rng)
        else:
            printed.append(_pipes(texts))
        if not at:
            printed.append(_rule(len(texts)))
    return printed


def _halves(texts: list[str], kept: int, *, empty: bool, rng: random.Random) -> list[str]:
    first, rest = _pipes(texts[:kept]), _pipes(texts[kept:])
    cut = [_rule(kept), *[""] * empty]
    if rng.random() < 0.5:
        cut = [*[""] * empty, _rule(len(texts) - kept)]
    return [first, *cut, rest]


def _decimal(text: str) -> bool:
    return any(character.isdecimal() for character in text)


def _pipes(texts: list[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def _rule(width: int) -> str:
    return "|" + "---|" * width
