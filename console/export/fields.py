"""The tables of an export as data: their columns, what each means, and how they hang together.

Every format and the schema of the data package are made from this. Names are no key words of SQL,
so that nothing has to be quoted but the cells of the wide tables, which have their public address.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from console.export import codebook
from models.disclosure.finding import Severity
from models.disclosure.form import TABLES, Edition, Kind, column_of
from models.disclosure.report import Printed


class Type(StrEnum):
    """What a column holds.

    ``NUMBER`` is a whole number or an exact decimal, ``SHARE`` a fraction from 0 to 1, ``LIST`` and
    ``OBJECT`` are JSON; everything may be null.
    """

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    DATE = "date"
    MOMENT = "moment"
    SHARE = "share"
    LIST = "list"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its name, type and meaning in both languages, and what its values are."""

    name: str
    type: Type
    chinese: str
    english: str
    required: bool = False
    choices: tuple[str, ...] = ()
    pattern: str = ""
    minimum: int | None = None


@dataclass(frozen=True)
class Table:
    """One table: ``key`` are the columns that name a row, ``refers`` maps a column to a table.

    A column that refers to a table has the name of that table's key.
    """

    name: str
    chinese: str
    english: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    refers: tuple[tuple[str, str], ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(field.name for field in self.fields)

    def places(self, *types: Type) -> tuple[int, ...]:
        """Return where the columns of some types stand, counted from 0."""
        return tuple(place for place, field in enumerate(self.fields) if field.type in types)


_DIGEST: Final = "[0-9a-f]{64}"
_CODE: Final = "[0-9]{6}"
_PRINTED: Final = tuple(map(str, Printed))
_EDITIONS: Final = tuple(sorted(map(str, Edition)))
_SEVERITIES: Final = tuple(map(str, Severity))

_IDENTITY: Final = (
    Field("publisher", Type.TEXT, "发布机关，如报告所称", "Publisher, as the report names it"),
    Field(
        "publisher_key",
        Type.TEXT,
        "发布机关的归一写法：同一机关的各种写法相同",
        "What spellings of one publisher have in common; versions count by it",
    ),
    Field(
        "division_code",
        Type.TEXT,
        "所属行政区划代码（GB/T 2260，六位文本），不明则空",
        "Division the publisher belongs to (GB/T 2260, six digits as text), null where not known",
        pattern=_CODE,
    ),
    Field("year", Type.INTEGER, "报告年度", "Year reported on", minimum=1900),
    Field("edition", Type.TEXT, "表式版本", "Edition of the form", choices=_EDITIONS),
    Field(
        "version",
        Type.INTEGER,
        "版次：同一机关同一年度数字不同的各份报告，从 1 起",
        "Version: reports of one publisher and year with other figures, counted from 1",
        required=True,
        minimum=1,
    ),
    Field(
        "standing",
        Type.FLAG,
        "是否现行版本",
        "Whether it is the version that stands",
        required=True,
    ),
)
_REPORT: Final = Field("report_id", Type.INTEGER, "报告编号", "Report", required=True, minimum=1)
_SHA256: Final = Field(
    "document_sha256",
    Type.TEXT,
    "原件的 SHA-256",
    "SHA-256 of the original file",
    required=True,
    pattern=_DIGEST,
)
_DECISION: Final = Field(
    "decision_id",
    Type.INTEGER,
    "人工处置编号，见审计记录；未经人工则空",
    "Decision of an operator, in the audit trail; null where nobody decided",
)

_HEADER: Final = (
    _REPORT,
    *_IDENTITY,
    _SHA256,
    Field("document_name", Type.TEXT, "原件文件名", "File name of the original", required=True),
    Field(
        "same_as",
        Type.INTEGER,
        "副本所同的报告编号；不是副本则空",
        "Report whose figures this copy has; null where it is no copy",
    ),
    Field("title", Type.TEXT, "标题", "Title"),
    Field("period_start", Type.DATE, "统计期限起", "First day of the period"),
    Field("period_end", Type.DATE, "统计期限止", "Last day of the period"),
    Field("signature", Type.TEXT, "落款", "Signature"),
    Field("signed_on", Type.DATE, "落款日期", "Date of the signature"),
    Field(
        "decision",
        Type.TEXT,
        "人工处置：correct 更正后入库，accept 照原样入库；自动入库则空",
        "How an operator had it stored: correct or accept; null where it was stored by itself",
        choices=("correct", "accept"),
    ),
    _DECISION,
    Field("hard", Type.INTEGER, "硬性发现数", "Hard findings", required=True, minimum=0),
    Field("soft", Type.INTEGER, "软性发现数", "Soft findings", required=True, minimum=0),
    Field(
        "corrected_cells",
        Type.INTEGER,
        "人工更正的单元格数",
        "Cells that an operator has corrected",
        required=True,
        minimum=0,
    ),
    Field("stored_at", Type.MOMENT, "入库时间（UTC）", "When it was stored (UTC)", required=True),
)


def _wide() -> tuple[Field, ...]:
    return tuple(
        Field(
            entry.cell,
            Type.NUMBER if column_of(entry.cell).kind is Kind.AMOUNT else Type.INTEGER,
            entry.label_zh,
            entry.label_en,
        )
        for entry in codebook.entries()
    )


CODEBOOK: Final = Table(
    "codebook",
    "编码簿：两版表式的每个单元格",
    "Codebook: every cell of both editions of the form",
    (
        Field("cell", Type.TEXT, "单元格地址：表.行.列", "Address: table.row.column", True),
        Field("table_key", Type.TEXT, "表", "Table", True, tuple(TABLES)),
        Field("row_key", Type.TEXT, "行", "Row", True),
        Field("column_key", Type.TEXT, "列", "Column", True),
        Field("label_zh", Type.TEXT, "中文名称", "Label in Chinese", True),
        Field("label_en", Type.TEXT, "英文名称", "Label in English", True),
        Field(
            "label_zh_2019",
            Type.TEXT,
            "2019 年版的不同写法；相同或该版无此格则空",
            "Label in Chinese where edition 2019 prints another",
        ),
        Field("value_type", Type.TEXT, "数值类型", "What it holds", True, tuple(map(str, Kind))),
        Field("unit", Type.TEXT, "单位", "Unit", True),
        Field("editions", Type.TEXT, "印有此格的版本", "Editions that print it", True),
        Field("notice", Type.TEXT, "表式依据", "Notices that fix the form", True),
        Field("clause", Type.TEXT, "法条", "Clause of the regulation", True),
        Field("printed", Type.TEXT, "可能的印法", "How it may be printed", True),
        Field("edits", Type.TEXT, "涉及的勾稽规则", "Edits that it takes part in", True),
    ),
    ("cell",),
)

CELLS: Final = Table(
    "cells",
    "单元格长表：每个单元格一行",
    "Cells, long: a row for each cell",
    (
        _REPORT,
        *_IDENTITY,
        _SHA256,
        Field("cell", Type.TEXT, "单元格地址，见编码簿", "Address, see the codebook", True),
        Field("table_key", Type.TEXT, "表", "Table", True, tuple(TABLES)),
        Field("row_key", Type.TEXT, "行", "Row", True),
        Field("column_key", Type.TEXT, "列", "Column", True),
        Field(
            "value",
            Type.NUMBER,
            "原载数值；不是数字则空，空白不是零",
            "Value as published; null where it is no number: a blank is not zero",
        ),
        Field("printed", Type.TEXT, "原件印法", "How it was printed", True, _PRINTED),
        Field("raw", Type.TEXT, "原件文字", "Text in the file"),
        Field("note", Type.TEXT, "数字旁的附注或换算", "What stood beside it, or how converted"),
        Field("corrected", Type.FLAG, "是否经人工更正", "Whether it was corrected", True),
        Field(
            "corrected_value",
            Type.NUMBER,
            "更正后的数值；更正为空白、或未更正，则空",
            "Value after correction; null where it was not corrected, or to a blank",
        ),
        Field(
            "decision_id",
            Type.INTEGER,
            "更正此格的处置编号；未更正则空",
            "Decision by which it was corrected; null where it was not",
        ),
        Field(
            "confidence",
            Type.SHARE,
            "文字识别的置信度（0–1）；非扫描件则空",
            "How sure OCR was (0 to 1); null where no scan was read",
        ),
        Field(
            "chosen",
            Type.FLAG,
            "同样合理的几种位置中，是否由勾稽关系选定",
            "Whether the edits chose its place among equally good ones",
            True,
        ),
        Field("place", Type.OBJECT, "在原件中的位置", "Where it stands in the file"),
    ),
    ("report_id", "cell"),
    (("report_id", "reports"), ("cell", "codebook")),
)

FINDINGS: Final = Table(
    "findings",
    "发现：未通过或值得一看的核对",
    "Findings: edits that do not hold, and what is worth a look",
    (
        Field("finding_id", Type.INTEGER, "发现编号", "Finding", True, minimum=1),
        _REPORT,
        Field("rule", Type.TEXT, "规则", "Rule", True),
        Field("severity", Type.TEXT, "级别", "Severity", True, _SEVERITIES),
        Field("scope", Type.TEXT, "涉及的行或列", "Row or column it is about"),
        Field("left_side", Type.TEXT, "等式左边", "Left side of the equation"),
        Field("right_side", Type.TEXT, "等式右边", "Right side of the equation"),
        Field("difference", Type.NUMBER, "左减右", "Left less right"),
        Field("cells", Type.LIST, "涉及的单元格", "Cells that take part", True),
        Field("blanks", Type.LIST, "按零计的空白单元格", "Cells that counted as 0", True),
        Field("message", Type.TEXT, "说明", "Message"),
        Field("evidence", Type.TEXT, "佐证", "Evidence"),
    ),
    ("finding_id",),
    (("report_id", "reports"),),
)

REPORTS: Final = Table(
    "reports",
    "报告宽表：每份报告一行，每个单元格一列，原载数值",
    "Reports, wide: a row for each report, a column for each cell, values as published",
    (*_HEADER, *_wide()),
    ("report_id",),
)

CORRECTED: Final = Table(
    "reports_corrected",
    "经人工更正的报告：与宽表同列，更正后的数值",
    "Reports that an operator has corrected: columns of the wide table, values as corrected",
    REPORTS.fields,
    ("report_id",),
    (("report_id", "reports"),),
)

HEADER: Final = len(_HEADER)
"""How many columns of a wide table stand before its cells."""
ALL: Final = {table.name: table for table in (REPORTS, CORRECTED, CELLS, FINDINGS, CODEBOOK)}
"""Every table by its name, in the order in which they are written."""
