"""The codebook for people: every column of every table, its type in each format, every cell."""

from collections.abc import Iterator, Sequence
from typing import Final

from console.export import codebook
from console.export.fields import ALL, HEADER, REPORTS, Field, Table, Type
from console.export.formats import database, parquet
from models.disclosure import english
from models.disclosure.form import TABLES
from models.disclosure.report import Printed
from worker.check.rules import RULES

_CSV: Final = {
    Type.TEXT: "文本 text",
    Type.INTEGER: "整数 whole number",
    Type.NUMBER: "整数或精确小数 whole number or exact decimal",
    Type.FLAG: "true, false",
    Type.DATE: "YYYY-MM-DD",
    Type.MOMENT: "YYYY-MM-DDThh:mm:ss.ffffffZ",
    Type.SHARE: "小数 decimal",
    Type.LIST: "JSON",
    Type.OBJECT: "JSON",
}
_JSONL: Final = {
    Type.TEXT: "string",
    Type.INTEGER: "number",
    Type.NUMBER: "计数 count: number; 金额 amount: string",
    Type.FLAG: "boolean",
    Type.DATE: "string",
    Type.MOMENT: "string",
    Type.SHARE: "number",
    Type.LIST: "array",
    Type.OBJECT: "object",
}
_XLSX: Final = {
    Type.TEXT: "文本 text",
    Type.INTEGER: "数字 number*",
    Type.NUMBER: "数字 number*",
    Type.FLAG: "TRUE, FALSE",
    Type.DATE: "文本 text",
    Type.MOMENT: "文本 text",
    Type.SHARE: "数字 number",
    Type.LIST: "文本 text (JSON)",
    Type.OBJECT: "文本 text (JSON)",
}
_SQLITE: Final = database.TYPES | {Type.NUMBER: "INTEGER, REAL*"}
_HOW: Final = {
    Printed.NUMBER: "数字 a figure",
    Printed.BLANK: "空白，不是零 blank, which is not zero",
    Printed.SLASH: "斜线 a slash",
    Printed.DASH: "横线 a dash",
    Printed.ABSENT: "原件没有此行或列 the row or column is not in the file",
    Printed.UNREADABLE: "认不出数字 no figure that can be read",
}


def codebook_text() -> str:
    """Return the codebook as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# 编码簿 Codebook"
    yield ""
    yield "由表式数据生成，不要手改。Generated from the form as data; not to be edited by hand."
    yield ""
    yield from _types()
    for table in ALL.values():
        yield from _columns(table)
    yield from _printed()
    yield from _rules()
    for table_key in TABLES:
        yield from _cells(table_key)


def _types() -> Iterator[str]:
    yield "## 各格式中的类型 Types in each format"
    yield ""
    yield from _table(
        ("类型 type", "CSV", "JSON Lines", "Parquet", "SQLite", "XLSX"),
        [
            (one, _CSV[one], _JSONL[one], parquet.TYPES[one], _SQLITE[one], _XLSX[one])
            for one in Type
        ],
    )
    yield ""
    yield (
        "空值：CSV 为空字段，XLSX 为空单元格，其余为 null。CSV 和 XLSX 不分空文本与空值。"
        "Null is an empty field in CSV, an empty cell in XLSX, null elsewhere; CSV and XLSX do not "
        "tell an empty text from null."
    )
    yield ""
    yield (
        "\\* 超过 15 位有效数字者为文本，一位不失。Parquet 的金额小数超过 12 位者四舍五入。"
        "Numbers of more than 15 significant digits are text there, so that no digit is lost. "
        "In Parquet amounts are rounded past the twelfth decimal place."
    )
    yield ""


def _columns(table: Table) -> Iterator[str]:
    yield f"## `{table.name}` {table.chinese}"
    yield ""
    yield f"{table.english}. 主键 Key: {', '.join(f'`{name}`' for name in table.key)}."
    yield ""
    fields: Sequence[Field] = table.fields
    if fields is REPORTS.fields:
        fields = fields[:HEADER]
        yield (
            "其后每个单元格一列，列名即单元格地址，值为原载数值"
            "（`reports_corrected` 为更正后）；不是数字则空。"
            "Then a column for each cell, named by its address, with its value as published "
            "(in `reports_corrected` as corrected); null where it is no number."
        )
        yield ""
    yield from _table(
        ("列 column", "类型 type", "含义", "meaning"),
        [(f"`{field.name}`", field.type, field.chinese, field.english) for field in fields],
    )
    yield ""


def _printed() -> Iterator[str]:
    yield "## `printed` 印法 How a cell was printed"
    yield ""
    yield from _table(("值 value", "含义 meaning"), [(f"`{one}`", _HOW[one]) for one in Printed])
    yield ""


def _rules() -> Iterator[str]:
    yield "## 勾稽规则 Edits"
    yield ""
    yield from _table(
        ("规则 rule", "级别 severity", "名称", "title", "等式 equation"),
        [
            (f"`{rule.id}`", rule.severity, rule.title_zh, rule.title_en, rule.equation)
            for rule in RULES.values()
        ],
    )
    yield ""


def _cells(table_key: str) -> Iterator[str]:
    yield f"## `{table_key}` {TABLES[table_key].title}"
    yield ""
    yield english.TABLES[table_key] + "."
    yield ""
    yield from _table(
        ("单元格 cell", "名称", "label", "类型 type", "单位 unit", "版本 editions", "规则 edits"),
        [
            (
                f"`{entry.cell}`",
                entry.label_zh,
                entry.label_en,
                entry.value_type,
                entry.unit,
                entry.editions,
                entry.edits,
            )
            for entry in codebook.entries()
            if entry.table_key == table_key
        ],
    )
    yield ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield _row(heads)
    yield _row(["---"] * len(heads))
    yield from map(_row, rows)


def _row(values: Sequence[str]) -> str:
    return "| " + " | ".join(str(value).replace("|", "\\|") for value in values) + " |"
