"""Text with tabs between cells, as word processors and chat tools give tables."""

import random
from itertools import pairwise

from tests.reports.cells import TruthReport
from tests.reports.narrative import document
from tests.reports.statutory import Line, Slot, figures, grids, labels, placed

_WRAPPABLE = ("企业", "机构", "维持", "纠正", "结果", "审结", "计")


def stacked_tabs(report: TruthReport, rng: random.Random) -> str:
    """One cell a line behind a tab, an empty line after each row, as seed 000.

    A cell merged downwards leaves an empty cell in the rows below; header words wrap.
    """
    tables = {
        table: "\n\n".join(_stacked(line, rng) for line in placed(grid))
        for table, grid in grids(report).items()
    }
    return document(report, rng, tables, gap=rng.choice(("\n", "\n\n")))


def tabbed(report: TruthReport, rng: random.Random) -> str:
    """One row a line with tabs between cells, as seeds 001 to 004.

    Stray empty cells stand before and after the figures, the same in every row or drifting from
    row to row; a table with blank cells is kept regular, else its blanks could not be told from
    strays.
    """
    tables = {
        table: "\n".join(_tabbed(placed(grid), rng, regular=report.has_blanks(table)))
        for table, grid in grids(report).items()
    }
    return document(report, rng, tables, gap="\n\n")


def _stacked(line: Line, rng: random.Random) -> str:
    texts = (_wrapped(slot, rng) for slot in line if slot.kind != "right")
    return "\n".join("\t" + text for text in texts)


def _wrapped(slot: Slot, rng: random.Random) -> str:
    """Break a short head like 商业企业 in two, now and then."""
    text = slot.text
    if slot.cell.address or len(text) > 4:
        return text
    for end in _WRAPPABLE:
        if text != end and text.endswith(end) and rng.random() < 0.4:
            return f"{text.removesuffix(end).rstrip()}\n{end}"
    return text


def _tabbed(lines: list[Line], rng: random.Random, *, regular: bool) -> list[str]:
    # Blanks can be told from strays only where figures stand under their column labels.
    before, after = 0 if regular else rng.choice((0, 0, 1)), rng.choice((0, 1, 2))
    if regular or rng.random() < 0.3:
        return ["\t".join([*_strayed(line, before), *[""] * after]) for line in lines]
    return _drifting(lines, before, after, rng)


def _strayed(line: Line, before: int) -> list[str]:
    """Put empty cells between labels and figures, or at the same place of a header line."""
    texts = [slot.text for slot in line]
    at = next((i for i, slot in enumerate(line) if slot.cell.address), 0)
    width = 0 if not at else before
    return [*texts[:at], *[""] * width, *texts[at:]]


def _drifting(lines: list[Line], before: int, after: int, rng: random.Random) -> list[str]:
    printed: list[str] = []
    split = _split_group(lines, rng)
    for at, line in enumerate(lines):
        if not any(slot.cell.address for slot in line):
            printed.append("\t".join([slot.text for slot in line] + [""] * after))
            continue
        if rng.random() < 0.15:
            before, after = rng.choice((0, 1, 2)), rng.choice((0, 1, 2))
        lead = _lead(line, rng)
        if at == split:
            group, label = (slot.text for slot in labels(line)[-2:])
            lead[-2:] = [group[:-2], label]
        elif at - 1 == split:
            lead = ["", labels(lines[split])[-2].text[-2:], labels(line)[-1].text]
            printed += [""] * rng.choice((0, 1))
        printed.append("\t".join([*lead, *[""] * before, *figures(line), *[""] * after]))
    return _detached_fees(printed, rng)


def _lead(line: Line, rng: random.Random) -> list[str]:
    """Return the label cells; now and then a label slips into the first column."""
    texts = [slot.text for slot in labels(line)]
    if len(texts) > 1 and not any(texts[:-1]) and rng.random() < 0.1:
        return [*texts[-1:], ""]
    return texts


def _split_group(lines: list[Line], rng: random.Random) -> int:
    """Choose a line whose group is cut, as seed 001 cuts （四）无法 from 提供; -1 for none."""
    if rng.random() < 0.7:
        return -1
    texts = [[slot.text for slot in labels(line)] if figures(line) else [] for line in lines]
    heads = [
        at
        for at, (one, below) in enumerate(pairwise(texts))
        if len(one) == len(below) == 3 and one[1] and not any(below[:2])
    ]
    return rng.choice(heads or [-1])


def _detached_fees(printed: list[str], rng: random.Random) -> list[str]:
    """Break the last row of table 二 into paragraphs of their own, as seed 001 does."""
    parts = [part for part in printed[-1].split("\t") if part]
    if len(parts) != 2 or "收费" not in parts[0] or rng.random() < 0.7:
        return printed
    return [*printed[:-1], "", parts[0], "", parts[1]]
