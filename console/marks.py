"""How cells are shown wherever a form is: as printed, with a sign where a finding is about them.

Source of the layout: 国办公开办函〔2021〕30号 and 〔2019〕60号, annexes.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from models.disclosure.finding import Finding, Severity
from models.disclosure.report import Cell, Printed

Marks = Mapping[str, Severity]
"""Cell address → the gravest finding it takes part in."""

SIGNS: Final = {Severity.HARD: "!", Severity.SOFT: "?"}

ORDINALS: Final = {"disclosure": "二", "applications": "三", "review": "四"}
CLAUSES: Final = {
    "regulations": "一",
    "normative_documents": "一",
    "licences": "五",
    "other_services": "五",
    "penalties": "六",
    "coercion": "六",
    "fees": "八",
    "procurement": "九",
}
"""条例 art. 20: the item under which table 二 prints each row."""

RELATION: Final = "（第一项加第二项之和，等于第三项加第四项之和）"


def marks_of(findings: Iterable[Finding]) -> dict[str, Severity]:
    """Return for each cell the gravest finding it takes part in.

    Of an edit that could not be assessed only the cells that stood in its way are marked.
    """
    marks: dict[str, Severity] = {}
    for finding in findings:
        hard = finding.severity is Severity.HARD
        for cell in finding.cells if hard else finding.blanks or finding.cells:
            if marks.get(cell) is not Severity.HARD:
                marks[cell] = finding.severity
    return marks


def said(cell: Cell) -> str:
    """Return a cell in a word: as :func:`printed`, 空 for a blank, 缺 for one not in the file."""
    return printed(cell) or ("缺" if cell.printed is Printed.ABSENT else "空")


def printed(cell: Cell | None) -> str:
    """Return a cell as it is printed: its number, a slash or dash as it is, a blank as nothing."""
    if cell is None or cell.printed in (Printed.BLANK, Printed.ABSENT):
        return ""
    if cell.printed is Printed.NUMBER and cell.value is not None:
        return str(cell.value)
    return cell.raw.strip()
