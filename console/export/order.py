"""What is ordered: which reports, which tables, in which format, and as what it ends up."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Final

from console.export.errors import Misplaced
from console.export.fields import ALL, Table
from console.export.format import BY_SUFFIX, Format
from console.report_filter import ReportFilter


class Shape(StrEnum):
    """As what an export ends up."""

    FILE = "file"
    DIRECTORY = "directory"
    ZIP = "zip"


SUFFIXES: Final = {
    Format.PACKAGE: "csv",
    Format.CSV: "csv",
    Format.CSV_EXCEL: "csv",
    Format.JSONL: "jsonl",
    Format.PARQUET: "parquet",
    Format.XLSX: "xlsx",
    Format.SQLITE: "db",
}
_FOREIGN: Final = frozenset({".xls", ".ods", ".et", ".tsv", ".json", ".txt", ".7z", ".rar", ".gz"})
"""What names a file of a kind that is not written; a directory so called would surprise."""
_ONE_FILE: Final = frozenset({Format.XLSX, Format.SQLITE})
TEXTS: Final = frozenset({Format.CSV, Format.CSV_EXCEL, Format.JSONL})
"""Formats of which a single table can be written as it comes."""


def tables_of(chosen: Sequence[str]) -> tuple[Table, ...]:
    """Return the tables that are asked for, all of them where none is, in their fixed order."""
    return tuple(table for name, table in ALL.items() if not chosen or name in chosen)


@dataclass(frozen=True, slots=True)
class Order:
    """What is ordered: a format, some of the tables, and of which reports."""

    format: Format
    tables: tuple[Table, ...]
    wanted: ReportFilter

    @classmethod
    def of(cls, format_: Format, chosen: Sequence[str], wanted: ReportFilter) -> "Order":
        """Return an order of tables by the names under which they can be asked for.

        Raises:
            Misplaced: the format has all tables or none.
        """
        if format_ is Format.PACKAGE and chosen:
            raise Misplaced("数据包总是含全部表 a package has every table: choose another format")
        return cls(format_, tables_of(chosen), wanted)

    def shape(self, name: str) -> Shape:
        """Return as what it ends up under a name.

        Raises:
            Misplaced: it is more than one file, and the name is that of one; or it is that of a
                file of another kind.
        """
        suffix = PurePath(name).suffix.lower()
        if self.is_one_file:
            if suffix == ".zip":
                raise Misplaced(f"{name}: {self.format} 只有一个文件 is a single file, no archive")
            return Shape.FILE
        if suffix == ".zip":
            return Shape.ZIP
        if suffix in BY_SUFFIX:
            raise Misplaced(
                f"{name}: 有 {len(self.tables)} 张表 there are several tables: "
                "name a directory or NAME.zip, or choose one with --table"
            )
        if suffix in _FOREIGN:
            raise Misplaced(
                f"{name}: 不能写这种文件 no such file is written: "
                "name a directory, NAME.zip, NAME.xlsx or NAME.db"
            )
        return Shape.DIRECTORY

    @property
    def is_one_file(self) -> bool:
        """Whether it is a single file."""
        return self.format in _ONE_FILE or len(self.tables) == 1

    def name_of(self, table: Table) -> str:
        """Return the name of the file that has a table."""
        return f"{table.name}.{SUFFIXES[self.format]}"
