"""Every format, read by another program: the same figures, codes as text, nulls as nulls."""

import csv
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl  # type: ignore[import-untyped]
import pytest
from python_calamine import CalamineWorkbook

from console.export.export import export
from console.export.fields import CELLS, FINDINGS, REPORTS, Table, Type
from console.export.format import Format
from console.export.formats import database, workbook
from console.export.formats.csv_file import CsvFile
from console.export.formats.database import Database as SqliteFile
from console.export.formats.json_lines import JsonLines
from console.export.formats.parquet import Parquet
from console.export.formats.workbook import Workbook
from console.export.formats.writer import Writer
from console.export.order import Order
from console.export.snapshot import Snapshot
from console.report_filter import ReportFilter
from tests.tools import need
from tests.worker.house import House

SHA = "0" * 62 + "12"
CELL = (
    7,
    "=HYPERLINK(1)",
    "甲市",
    "010203",
    2023,
    "2021",
    1,
    True,
    SHA,
    "disclosure.fees.amount",
    "disclosure",
    "fees",
    "amount",
    Decimal("115.10"),
    "number",
    '1\n"1"5,10 <&> _x000A_ \x0b',
    "",
    True,
    Decimal("123456789012345678.000000000001"),
    9007199254740993,
    0.25,
    False,
    {"page": 2, "box": [1.5, 2.0, 3.0, 4.25]},
)
BLANK = (8, *[None] * 5, 1, False, SHA, *CELL[9:13], None, "blank", "", "", *CELL[17:])
LARGE = (
    9,
    *CELL[1:13],
    999_999_999_999_999_999,
    "number",
    "007",
    "-1",
    False,
    *[None] * 3,
    True,
    None,
)
LINES = [CELL, BLANK, LARGE]


def test_the_rows_of_the_test_are_rows_of_the_table() -> None:
    assert {len(line) for line in LINES} == {len(CELLS.fields)}


def filled(writer: Writer) -> None:
    writer.write(CELLS.name, LINES)
    writer.close()


def written(place: Path, *, excel: bool = False) -> bytes:
    with place.open("wb") as out:
        filled(CsvFile(out, CELLS, excel=excel))
    return place.read_bytes()


def test_csv_says_exactly_what_there_is(tmp_path: Path) -> None:
    # When
    place = tmp_path / "cells.csv"
    data = written(place)

    # Then
    assert not data.startswith(b"\xef\xbb\xbf")
    with place.open(encoding="utf-8", newline="") as file:
        first, blank, large = csv.DictReader(file)
    assert first["publisher"] == "=HYPERLINK(1)"
    assert first["division_code"] == "010203"
    assert first["value"] == "115.10"
    assert first["corrected_value"] == "123456789012345678.000000000001"
    assert first["raw"] == CELL[15]
    assert (first["standing"], first["chosen"]) == ("true", "false")
    assert json.loads(first["place"]) == CELL[-1]
    assert (blank["value"], blank["publisher"], blank["year"]) == ("", "", "")
    assert (large["value"], large["raw"]) == ("999999999999999999", "007")


def test_csv_for_excel_has_a_mark_and_no_formulas(tmp_path: Path) -> None:
    data = written(tmp_path / "cells.csv", excel=True)
    assert data.startswith(b"\xef\xbb\xbfreport_id,")
    assert b",'=HYPERLINK(1)," in data
    assert b",007,'-1," in data
    assert b",115.10," in data


def test_json_lines_keep_amounts_exact_and_counts_numbers(tmp_path: Path) -> None:
    place = tmp_path / "cells.jsonl"
    with place.open("wb") as out:
        filled(JsonLines(out, CELLS))
    first, blank, large = map(json.loads, place.read_text("utf-8").splitlines())
    assert list(first) == list(CELLS.names)
    assert first["value"] == "115.10"
    assert first["corrected_value"] == "123456789012345678.000000000001"
    assert (first["division_code"], first["standing"], first["place"]) == ("010203", True, CELL[-1])
    assert (blank["value"], blank["raw"], blank["publisher"]) == (None, "", None)
    assert large["value"] == 999_999_999_999_999_999


def test_parquet_keeps_codes_nulls_and_decimals(tmp_path: Path) -> None:
    place = tmp_path / "it's cells.parquet"
    filled(Parquet(place, CELLS))
    assert [path.name for path in tmp_path.iterdir()] == [place.name]
    with closing(duckdb.connect()) as connection:
        rows = connection.execute("SELECT * FROM read_parquet(?)", [str(place)]).fetchall()
        codecs = connection.execute(
            "SELECT DISTINCT compression FROM parquet_metadata(?)", [str(place)]
        ).fetchall()
    first, blank, large = (dict(zip(CELLS.names, row, strict=True)) for row in rows)
    assert first["division_code"] == "010203"
    assert first["value"] == Decimal("115.10")
    assert first["corrected_value"] == Decimal("123456789012345678.000000000001")
    assert (first["decision_id"], first["raw"]) == (9007199254740993, CELL[15])
    assert json.loads(first["place"]) == CELL[-1]
    assert (blank["value"], blank["raw"], blank["publisher"]) == (None, "", None)
    assert large["value"] == 999_999_999_999_999_999
    assert codecs == [("ZSTD",)]


def test_sqlite_has_numbers_to_calculate_with_and_loses_no_digit(tmp_path: Path) -> None:
    place = tmp_path / "cells.db"
    filled(SqliteFile(place, [CELLS]))
    with closing(sqlite3.connect(place)) as connection:
        connection.row_factory = sqlite3.Row
        first, blank, large = connection.execute("SELECT * FROM cells ORDER BY rowid")
        assert connection.execute("SELECT sum(value) FROM cells WHERE value < 200").fetchone()[0]
    assert (first["value"], first["division_code"]) == (115.1, "010203")
    assert first["corrected_value"] == "123456789012345678.000000000001"
    assert (blank["value"], blank["raw"], blank["publisher"]) == (None, "", None)
    assert (large["value"], large["raw"], large["standing"]) == (999_999_999_999_999_999, "007", 1)


def test_excel_files_keep_codes_and_long_numbers_as_text(tmp_path: Path) -> None:
    # Given
    place = tmp_path / "cells.xlsx"
    long = (*CELL[:15], "长" * 40_000, *CELL[16:])
    writer = Workbook(place, [CELLS], datetime(2024, 5, 6, tzinfo=UTC))
    writer.write(CELLS.name, [*LINES, long])
    writer.close()

    # When two programs read it
    book = openpyxl.load_workbook(place)
    head, first, blank, large, cut = (
        dict(zip(CELLS.names, row, strict=True))
        for row in book["cells"].iter_rows(values_only=True)
    )
    others = CalamineWorkbook.from_path(place).get_sheet_by_name("cells").to_python()

    # Then
    assert list(head.values()) == list(CELLS.names)
    assert book.properties.created == datetime(2024, 5, 6)  # noqa: DTZ001 - openpyxl's
    assert first["publisher"] == "=HYPERLINK(1)"
    assert first["division_code"] == "010203"
    assert (first["value"], first["standing"], first["confidence"]) == (115.1, True, 0.25)
    assert first["corrected_value"] == "123456789012345678.000000000001"
    assert first["decision_id"] == "9007199254740993"
    assert openpyxl.utils.escape.unescape(first["raw"]) == CELL[15]
    assert (blank["value"], blank["raw"], blank["publisher"]) == (None, None, None)
    assert (large["value"], large["raw"]) == ("999999999999999999", "007")
    assert cut["raw"] == "长" * 32_766 + "…"
    assert others[1][:5] == [7.0, "=HYPERLINK(1)", "甲市", "010203", 2023.0]
    assert others[1][15] == CELL[15]


def test_a_full_sheet_goes_on_as_another(tmp_path: Path) -> None:
    # Given sheets of 10 rows, and 25 rows that come in two parts
    place = tmp_path / "cells.xlsx"
    lines = [(number, *CELL[1:]) for number in range(1, 26)]
    writer = Workbook(place, [FINDINGS, CELLS], None, rows=10)
    writer.write(CELLS.name, lines[:12])
    writer.write(CELLS.name, lines[12:])
    writer.close()

    # Then each sheet has its heading, and no row is lost or doubled
    book = openpyxl.load_workbook(place)
    assert book.sheetnames == ["findings", "cells", "cells 2", "cells 3"]
    rows = [
        [row[0] for row in book[name].iter_rows(values_only=True)] for name in book.sheetnames[1:]
    ]
    assert [row[0] for row in rows] == ["report_id"] * 3
    assert [one for row in rows for one in row[1:]] == list(range(1, 26))


@pytest.mark.process
@pytest.mark.soak
def test_libreoffice_opens_the_workbook(stocked: House, tmp_path: Path) -> None:
    import subprocess

    place = tmp_path / "book.xlsx"
    order = Order.of(Format.XLSX, ["reports", "codebook"], ReportFilter())
    made = export(stocked.database, order, place)
    program = need("soffice")
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    subprocess.run(
        [program, profile, "--headless", "--convert-to", "csv", "--outdir", tmp_path, place],
        check=True,
        capture_output=True,
        timeout=300,
    )
    with (tmp_path / "book.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == list(REPORTS.names)
    assert len(rows) == made.rows["reports"] + 1


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (0, 0),
        (-5, -5),
        (Decimal("0.0001"), 0.0001),
        (Decimal("123456789012.345"), 123456789012.345),
        (Decimal("1234567890123.456"), "1234567890123.456"),
    ],
)
def test_a_number_of_sqlite_is_one_where_it_comes_back_as_it_was(value: Any, kept: Any) -> None:
    assert database.number(value) == kept


def test_a_number_of_excel_has_fifteen_digits() -> None:
    assert "<v>999999999999999</v>" in workbook.number(10**15 - 1)
    assert "<t>1000000000000000</t>" in workbook.number(10**15)
    assert "<v>-12.5</v>" in workbook.number(Decimal("-12.5"))


# --- the same, from a real database -------------------------------------------------------------

PLACES = {
    Format.PACKAGE: "package.zip",
    Format.CSV: "tables.zip",
    Format.CSV_EXCEL: "excel.zip",
    Format.JSONL: "lines.zip",
    Format.PARQUET: "columns.zip",
    Format.XLSX: "book.xlsx",
    Format.SQLITE: "book.db",
}


@pytest.mark.parametrize("format_", Format)
def test_the_same_database_gives_the_same_bytes(
    stocked: House, tmp_path: Path, format_: Format
) -> None:
    digests = []
    for folder in ("one", "other"):
        place = tmp_path / folder / PLACES[format_]
        place.parent.mkdir()
        made = export(stocked.database, Order.of(format_, (), ReportFilter()), place)
        digests.append([file.sha256 for file in made.files])
    assert digests[0] == digests[1]


def rows_of(home: House, table: Table) -> list[tuple[Any, ...]]:
    with home.database.reading() as session:
        snapshot = Snapshot(session.connection(), ReportFilter(), [table.name])
        return [line for batch in snapshot.batches() for line in batch.lines[table.name]]


def plain(table: Table, line: tuple[Any, ...]) -> list[Any]:
    """Return a row with numbers as text and lists and objects as JSON, to be compared."""
    return [_plain(field.type, value) for field, value in zip(table.fields, line, strict=True)]


def _plain(type_: Type, value: Any) -> Any:
    if value is None:
        return None
    if type_ is Type.NUMBER:
        return Decimal(str(value)).normalize()
    if type_ in (Type.LIST, Type.OBJECT):
        return json.loads(value) if isinstance(value, str) else value
    if type_ is Type.FLAG:
        return bool(value)
    if type_ is Type.DATE:
        return value if isinstance(value, date) else date.fromisoformat(value)
    if type_ is Type.MOMENT:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment.astimezone(UTC)
    return value


def _sqlite(place: Path, table: Table) -> Iterator[tuple[Any, ...]]:
    with closing(sqlite3.connect(place)) as connection:
        yield from connection.execute(f"SELECT * FROM {table.name} ORDER BY rowid")  # noqa: S608


def _parquet(place: Path, table: Table) -> Iterator[tuple[Any, ...]]:
    with closing(duckdb.connect()) as connection:
        query = f"SELECT * FROM '{place / table.name}.parquet'"  # noqa: S608
        yield from connection.execute(query).fetchall()


def _jsonl(place: Path, table: Table) -> Iterator[tuple[Any, ...]]:
    for line in (place / f"{table.name}.jsonl").read_text("utf-8").splitlines():
        yield tuple(json.loads(line).values())


@pytest.mark.parametrize("table", [REPORTS, CELLS, FINDINGS], ids=lambda table: table.name)
@pytest.mark.parametrize(
    ("format_", "read"),
    [(Format.SQLITE, _sqlite), (Format.PARQUET, _parquet), (Format.JSONL, _jsonl)],
)
def test_every_row_comes_back(
    stocked: House,
    tmp_path: Path,
    table: Table,
    format_: Format,
    read: Callable[[Path, Table], Iterator[tuple[Any, ...]]],
) -> None:
    # Given
    place = tmp_path / ("book.db" if format_ is Format.SQLITE else "tables")
    order = Order.of(format_, (), ReportFilter())
    export(stocked.database, order, place)

    # When
    found = [plain(table, line) for line in read(place, table)]

    # Then
    assert found == [plain(table, line) for line in rows_of(stocked, table)]


def test_datasette_is_told_what_the_columns_are(stocked: House, tmp_path: Path) -> None:
    # When
    place = tmp_path / "figures.db"
    export(stocked.database, Order.of(Format.SQLITE, (), ReportFilter()), place)

    # Then keys and indexes hold, and the metadata names what is there
    told = json.loads((tmp_path / "figures.metadata.json").read_text("utf-8"))
    with closing(sqlite3.connect(place)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for name, table in told["databases"]["*"]["tables"].items():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
            assert list(table["columns"]) == columns
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM cells WHERE cell = 'x' AND year = 2023"
        ).fetchall()
    assert "USING INDEX ix_cells_cell_year" in str(plan)


def test_an_order_that_asks_for_some_tables_gets_those(stocked: House, tmp_path: Path) -> None:
    order = Order.of(Format.JSONL, ["findings", "cells"], replace(ReportFilter(), year=2023))
    made = export(stocked.database, order, tmp_path / "some")
    assert sorted(made.rows) == ["cells", "findings"]
    assert sorted(path.name for path in (tmp_path / "some").iterdir()) == [
        "cells.jsonl",
        "findings.jsonl",
    ]
