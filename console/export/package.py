"""What makes CSV files a data package: descriptor, codebook, checksums, how to load it.

Source: Data Package standard, version 2 (datapackage.org).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

from console.export import readme
from console.export.codebook_text import codebook_text
from console.export.fields import ALL, Field, Table, Type
from console.export.formats.csv_file import moment
from console.export.order import Order
from models.disclosure.sources import NOTICES, REGULATION

SCHEMA: Final = "gouji.export/1"
DESCRIPTOR: Final = "datapackage.json"
CHECKSUMS: Final = "SHA256SUMS"
CODEBOOK: Final = "codebook.md"
README: Final = "README.md"
TEXTS: Final = {README: "readme", CODEBOOK: "codebook-text"}
"""Files for people, and the names of their resources."""
TITLE: Final = "政府信息公开工作年度报告数据 Figures of open government information reports"
ABOUT: Final = (
    "政府信息公开工作年度报告三张法定表格的数字，原载与更正并存。"
    "The figures of the three statutory tables, as published and as corrected."
)
_PROFILES: Final = "https://datapackage.org/profiles/2.0/"
_TYPES: Final = {
    Type.TEXT: "string",
    Type.INTEGER: "integer",
    Type.NUMBER: "number",
    Type.FLAG: "boolean",
    Type.DATE: "date",
    Type.MOMENT: "datetime",
    Type.SHARE: "number",
    Type.LIST: "array",
    Type.OBJECT: "object",
}


def complete(
    place: Path, order: Order, rows: Mapping[str, int], changed_at: datetime | None
) -> None:
    """Write what a package has beside its tables into the directory that has them."""
    (place / CODEBOOK).write_text(codebook_text(), "utf-8", newline="\n")
    text = readme.text(rows, order.wanted.given(), changed_at)
    (place / README).write_text(text, "utf-8", newline="\n")
    told = _descriptor(place, order, rows, changed_at)
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    (place / DESCRIPTOR).write_bytes(orjson.dumps(told, option=option))
    names = sorted(path.name for path in place.iterdir())
    lines = [f"{digest_of(place / name)}  {name}\n" for name in names]
    (place / CHECKSUMS).write_text("".join(lines), "utf-8", newline="\n")


def names() -> tuple[str, ...]:
    """Return the names of the files of a package."""
    return (DESCRIPTOR, *(f"{name}.csv" for name in ALL), *TEXTS, CHECKSUMS)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def schema(table: Table) -> dict[str, Any]:
    """Return the schema of a table (Table Schema, version 2)."""
    found: dict[str, Any] = {
        "$schema": f"{_PROFILES}tableschema.json",
        "fields": [_field(field) for field in table.fields],
        "missingValues": [""],
        "primaryKey": list(table.key),
    }
    if table.refers:
        found["foreignKeys"] = [
            {"fields": [column], "reference": {"resource": other, "fields": [column]}}
            for column, other in table.refers
        ]
    return found


def _field(field: Field) -> dict[str, Any]:
    constraints: dict[str, Any] = {
        "required": True if field.required else None,
        "enum": list(field.choices) or None,
        "pattern": field.pattern or None,
        "minimum": 0 if field.type is Type.SHARE else field.minimum,
        "maximum": 1 if field.type is Type.SHARE else None,
    }
    kept = {name: value for name, value in constraints.items() if value is not None}
    return {
        "name": field.name,
        "type": _TYPES[field.type],
        "title": field.chinese,
        "description": field.english,
    } | ({"constraints": kept} if kept else {})


def _descriptor(
    place: Path, order: Order, rows: Mapping[str, int], changed_at: datetime | None
) -> dict[str, Any]:
    created = {} if changed_at is None else {"created": moment(changed_at)}
    return {
        "$schema": f"{_PROFILES}datapackage.json",
        "name": "gouji-export",
        "title": TITLE,
        "description": ABOUT,
        **created,
        "gouji:schema": SCHEMA,
        "gouji:filter": order.wanted.given(),
        "sources": _sources(),
        "resources": [
            *(_table(place, order, table, rows[table.name]) for table in order.tables),
            *(_text(place, path, name) for path, name in TEXTS.items()),
        ],
    }


def _sources() -> Sequence[Mapping[str, str]]:
    reports = "各行政机关公布的政府信息公开工作年度报告 Reports that public bodies published"
    return [{"title": one} for one in (reports, f"{REGULATION} (2019)", *NOTICES.values())]


def _table(place: Path, order: Order, table: Table, rows: int) -> dict[str, Any]:
    return {
        "name": table.name,
        "type": "table",
        "title": table.chinese,
        "description": table.english,
        **_file(place / order.name_of(table), "csv", "text/csv"),
        "gouji:rows": rows,
        "schema": schema(table),
    }


def _text(place: Path, path: str, name: str) -> dict[str, Any]:
    return {"name": name, **_file(place / path, "md", "text/markdown")}


def _file(path: Path, suffix: str, media_type: str) -> dict[str, Any]:
    return {
        "path": path.name,
        "format": suffix,
        "mediatype": media_type,
        "encoding": "utf-8",
        "bytes": path.stat().st_size,
        "hash": f"sha256:{digest_of(path)}",
    }
