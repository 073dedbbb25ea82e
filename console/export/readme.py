"""The README of a package: what is in it, and how to load it in pandas, polars, R and DuckDB."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from console.export.fields import ALL
from console.export.formats.csv_file import moment

_PANDAS: Final = """\
import json

import pandas as pd

with open("datapackage.json", encoding="utf-8") as file:
    resources = {one["name"]: one for one in json.load(file)["resources"]}
types = {"integer": "Int64", "boolean": "boolean"}


def load(name):
    resource = resources[name]
    fields = resource["schema"]["fields"]
    dtype = {field["name"]: types.get(field["type"], "string") for field in fields}
    return pd.read_csv(resource["path"], dtype=dtype, keep_default_na=False, na_values=[""])


reports, corrected = load("reports"), load("reports_corrected")
cells, findings = load("cells"), load("findings")

# value is text, exact to the last digit; to calculate:
cells["number"] = pd.to_numeric(cells["value"])
received = cells[cells["cell"] == "applications.new_requests.total"]
print(received.groupby("year")["number"].sum())

# every report as it stands after corrections:
others = reports[~reports["report_id"].isin(corrected["report_id"])]
final = pd.concat([others, corrected]).sort_values("report_id")
"""
_POLARS: Final = """\
import json

import polars as pl

with open("datapackage.json", encoding="utf-8") as file:
    resources = {one["name"]: one for one in json.load(file)["resources"]}
types = {"integer": pl.Int64, "boolean": pl.Boolean}


def load(name):
    resource = resources[name]
    fields = resource["schema"]["fields"]
    schema = {field["name"]: types.get(field["type"], pl.String) for field in fields}
    return pl.read_csv(resource["path"], schema=schema)


reports, cells = load("reports"), load("cells")

cells = cells.with_columns(number=pl.col("value").cast(pl.Decimal(38, 12)))
received = cells.filter(pl.col("cell") == "applications.new_requests.total")
print(received.group_by("year").agg(pl.col("number").sum()).sort("year"))
"""
_R: Final = """\
load <- function(name) {
  read.csv(paste0(name, ".csv"), colClasses = "character", na.strings = "",
           check.names = FALSE, encoding = "UTF-8")
}

reports <- load("reports")
cells <- load("cells")

cells$number <- as.numeric(cells$value)
received <- cells[cells$cell == "applications.new_requests.total", ]
print(aggregate(number ~ year, received, sum))
"""
_DUCKDB: Final = """\
CREATE TABLE cells AS
SELECT * REPLACE (
  report_id::BIGINT AS report_id,
  year::INTEGER AS year,
  value::DECIMAL(38, 12) AS value,
  corrected_value::DECIMAL(38, 12) AS corrected_value,
  corrected::BOOLEAN AS corrected
)
FROM read_csv('cells.csv', header = true, all_varchar = true);

SELECT year, sum(value) AS number
FROM cells
WHERE cell = 'applications.new_requests.total'
GROUP BY year
ORDER BY year;
"""
SNIPPETS: Final = {
    "pandas": ("python", _PANDAS),
    "polars": ("python", _POLARS),
    "R": ("r", _R),
    "DuckDB": ("sql", _DUCKDB),
}
"""How to load a package: the language and the lines, by the heading they stand under."""

_CHECKING: Final = (
    "CSV：UTF-8，RFC 4180。核对本数据包 To check this package: "
    "`gouji export --check DIRECTORY`, `frictionless validate datapackage.json`."
)
_HEAD: Final = """\
# 政府信息公开工作年度报告数据

各行政机关公布的政府信息公开工作年度报告中三张法定表格的数字，由 gouji（勾稽）读出并核对。
The figures of the three statutory tables in the yearly reports on open government information that
Chinese public bodies publish, read and checked by gouji.

- 原载数值永远保留；人工更正另列，不覆盖原载。
  Figures are as published; what an operator corrected stands beside them and replaces nothing.
- 空白不是零：不是数字的单元格数值为空，`printed` 说明原件怎样印。
  A blank is not zero: a cell that is no number has no value, and `printed` says how it stood there.
- 没有认出机关或年度的报告照样在内，`publisher` 或 `year` 为空，求和时计入；不要的请自行除去。
  A report in which no publisher or no year was recognised is here too: `publisher` or `year` is
  null, and sums count it. Leave it out where that is not wanted.
- 代码是文本；金额是精确小数，单位万元。
  Codes are text; amounts are exact decimals in 万元 (10,000 CNY).
- 不平衡的报告不入库，除非有人决定照原样接受；未通过的核对都在 `findings` 里。
  A report that does not balance is not stored unless somebody accepted it as published; what does
  not hold is in `findings`.
- 数字属各发布机关；本数据包不对其许可作任何声明。
  The figures are those of the bodies that published them; this package states nothing about the
  terms under which they may be used.
"""


def text(rows: Mapping[str, int], narrowed: Mapping[str, str], changed_at: datetime | None) -> str:
    """Return the README.

    Args:
        rows: how many rows each table has.
        narrowed: what the reports were narrowed down by.
        changed_at: when what the package shows changed last.
    """
    return "\n".join((_HEAD, _facts(narrowed, changed_at), _files(rows), _loading()))


def _facts(narrowed: Mapping[str, str], changed_at: datetime | None) -> str:
    chosen = ", ".join(f"{name} = {value}" for name, value in narrowed.items())
    until = "–" if changed_at is None else moment(changed_at)
    return (
        f"数据截至 As of: {until}  \n筛选 Filter: {chosen or '无（现行版本） none (what stands)'}\n"
    )


def _files(rows: Mapping[str, int]) -> str:
    lines = [
        "## 文件 Files",
        "",
        "| 文件 file | 行 rows | 内容 | what |",
        "| --- | ---: | --- | --- |",
        *(
            f"| `{name}.csv` | {rows[name]} | {table.chinese} | {table.english} |"
            for name, table in ALL.items()
        ),
        "| `codebook.md` | | 编码簿（供人读） | Codebook for people |",
        "| `datapackage.json` | | 表结构与校验值 | Schema and checksums |",
        "| `SHA256SUMS` | | 校验值 | Checksums: `sha256sum -c SHA256SUMS` |",
        "",
        _CHECKING,
        "",
    ]
    return "\n".join(lines)


def _loading() -> str:
    parts = ["## 读入 Load it", "", "在本目录中运行。Run in this directory.", ""]
    for name, (language, lines) in SNIPPETS.items():
        parts += [f"### {name}", "", f"```{language}", f"{lines}```", ""]
    return "\n".join(parts)
