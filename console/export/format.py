"""The formats of an export. Importing this loads no database."""

from enum import StrEnum
from pathlib import PurePath
from typing import Final


class Format(StrEnum):
    """The formats; ``PACKAGE`` is CSV with schema, codebook and checksums."""

    PACKAGE = "package"
    CSV = "csv"
    CSV_EXCEL = "csv-excel"
    JSONL = "jsonl"
    PARQUET = "parquet"
    XLSX = "xlsx"
    SQLITE = "sqlite"


BY_SUFFIX: Final = {
    ".csv": Format.CSV,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".parquet": Format.PARQUET,
    ".xlsx": Format.XLSX,
    ".db": Format.SQLITE,
    ".sqlite": Format.SQLITE,
    ".sqlite3": Format.SQLITE,
}
"""What the name of a file says."""


def format_of(name: str) -> Format:
    """Return the format that the name of a file means; a data package where it means none."""
    return BY_SUFFIX.get(PurePath(name).suffix.lower(), Format.PACKAGE)
