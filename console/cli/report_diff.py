"""What changed between two stored reports, for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from console import form_labels
from console.cli import output
from console.cli.listing import print_list
from console.cli.report_view import facts, print_lines
from console.marks import printed
from models.disclosure.difference import Change, Difference
from models.disclosure.form import LAYOUTS, SECTIONS, TABLES
from models.disclosure.report import Cell, Printed

if TYPE_CHECKING:
    from console.queries.filings import ReportRow

_HEADS: Final = ("项目 Cell", "前 Before", "后 After", "增减 Change")
_FACTS: Final = {
    "publisher": "机关 publisher",
    "year": "年度 year",
    "edition": "版式 edition",
    "title": "标题 title",
    "period": "统计期限 period",
    "signature": "落款 signature",
    "signed_on": "落款日期 signed",
}
_NOT_NUMBERS: Final = {
    Printed.BLANK: "空 blank",
    Printed.ABSENT: "缺 absent",
    Printed.UNREADABLE: "不可读 unreadable",
}


def print_difference(before: "ReportRow", after: "ReportRow", found: Difference) -> None:
    """Print the difference: the cells table by table, then what else is not the same."""
    console = output.console()
    print_lines(console, [_line("前 before", before), _line("后 after", after)])
    if not found.cells:
        print_lines(console, [Text("数字相同 The figures are the same", style="bold")])
    for key, table in TABLES.items():
        changes = [one for one in found.cells if one.cell.startswith(f"{key}.")]
        if changes:
            print_lines(console, [Text(""), Text(table.title, style="bold")])
            print_list(_HEADS, [_row(change) for change in changes], folding=_HEADS[:1])
    rest = [*_other(found), *_sections(found)]
    if rest:
        print_lines(console, [Text(""), Text("此外 Besides", style="bold"), *rest])


def _line(name: str, row: "ReportRow") -> Text:
    return facts(
        [
            (name, f"报告 report {row.id}"),
            ("版次 version", f"{row.version}{'（现行 stands）' if row.standing else ''}"),
            ("机关", row.publisher),
            ("年度", row.year),
            ("文件 file", row.name),
        ]
    )


def _row(change: Change) -> Sequence[object]:
    return (
        form_labels.cell(change.cell),
        _shown(change.before),
        _shown(change.after),
        _grown(change.before, change.after),
    )


def _shown(cell: Cell) -> str:
    shown = printed(cell)
    word = _NOT_NUMBERS.get(cell.printed, "")
    return f"{word} {shown}".strip() if word else shown


def _grown(before: Cell, after: Cell) -> str:
    if before.value is None or after.value is None:
        return ""
    return format(after.value - before.value, "+f" if _is_amount(before, after) else "+d")


def _is_amount(*cells: Cell) -> bool:
    return not all(isinstance(cell.value, int) for cell in cells)


def _other(found: Difference) -> list[Text]:
    return [
        Text(f"{_named(fact.name)}: {_told(fact.before)} → {_told(fact.after)}")
        for fact in found.facts
    ]


def _named(fact: str) -> str:
    table = TABLES.get(fact.removeprefix("layout."))
    return _FACTS[fact] if table is None else f"表式 layout · {table.title}"


def _told(value: str | None) -> str:
    if value is None:
        return "无 none"
    layout = LAYOUTS.get(value)
    return value if layout is None else layout.key.partition(".")[2]


def _sections(found: Difference) -> list[Text]:
    headings = dict(SECTIONS)
    if not found.sections:
        return []
    named = "、".join(headings.get(key, key) for key in found.sections)
    return [Text(f"文字不同 text of sections: {named}")]
