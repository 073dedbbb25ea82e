"""``gouji export``."""

import csv
import io
import sys
from pathlib import Path

import orjson
import pytest

from console.cli import main as command_line
from tests.console.cli.conftest import BALANCED, SEEDS, Place, add
from worker.inspection import inspect


def test_a_package_with_what_is_stored(seeded: Place) -> None:
    # When
    told = seeded.json("export", "out")

    # Then
    assert told["schema"] == "gouji.export/1"
    assert (told["format"], told["path"], told["reports"]) == ("package", "out", 1)
    assert told["rows"]["reports"] == 1
    assert {file["name"] for file in told["files"]} == {
        path.name for path in (seeded.root / "out").iterdir()
    }
    assert all(file["bytes"] and len(file["sha256"]) == 64 for file in told["files"])
    assert seeded.run("export", "--check", "out").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "format_"),
    [
        (["out.zip"], "package"),
        (["out.xlsx"], "xlsx"),
        (["out.db"], "sqlite"),
        (["out.sqlite3"], "sqlite"),
        (["cells.csv", "--table", "cells"], "csv"),
        (["cells.jsonl", "--table", "cells"], "jsonl"),
        (["cells.parquet", "--table", "cells"], "parquet"),
        (["cells.txt", "--table", "cells", "--format", "csv-excel"], "csv-excel"),
        (["tables", "--format", "jsonl"], "jsonl"),
    ],
)
def test_the_name_says_the_format(seeded: Place, arguments: list[str], format_: str) -> None:
    told = seeded.json("export", *arguments)
    assert told["format"] == format_
    assert (seeded.root / arguments[0]).exists()


def test_the_filter_is_that_of_the_list(seeded: Place) -> None:
    other = next(SEEDS.glob("000*"))
    add(seeded.database, inspect(other.read_bytes(), other.name), other.name)
    filters: tuple[list[str], ...] = (
        [],
        ["--year", "2023"],
        ["--publisher", "濮阳"],
        ["--division", "410900"],
        ["--edition", "2019"],
        ["--all-versions"],
    )
    for number, chosen in enumerate(filters):
        listed = {one["id"] for one in seeded.json("reports", "list", *chosen)}
        seeded.json("export", f"{number}.jsonl", "--table", "reports", *chosen)
        lines = (seeded.root / f"{number}.jsonl").read_bytes().splitlines()
        assert {orjson.loads(line)["report_id"] for line in lines} == listed, chosen


def test_a_report_of_an_unknown_body_is_there_and_sums_count_it(seeded: Place) -> None:
    # Given a report that names neither body nor year, and balances
    text = BALANCED.read_text("utf-8")
    nameless = "政府信息公开工作年度报告\n二、" + text[text.index("主动公开政府信息情况") :]
    add(seeded.database, inspect(nameless.encode(), "a.txt"), "a.txt")

    # When
    seeded.json("export", "out")

    # Then its publisher and year are null, and its figures count; the README says so
    table = (seeded.root / "out" / "reports.csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [(row["publisher"], row["year"]) for row in rows][1:] == [("", "")]
    total = "applications.new_requests.total"
    assert rows[0][total] == rows[1][total] != ""
    assert "sums count it" in (seeded.root / "out" / "README.md").read_text("utf-8")


def test_a_table_goes_to_stdout(seeded: Place) -> None:
    # When
    result = seeded.run("export", "-", "--table", "cells")

    # Then it is CSV and nothing else
    rows = list(csv.DictReader(io.StringIO(result.stdout, newline="")))
    assert len(rows) > 150
    assert {row["publisher"] for row in rows} == {"濮阳经济技术开发区"}
    lines = seeded.run("export", "-", "--table", "codebook", "--format", "jsonl").stdout
    assert len(lines.splitlines()) == 226


@pytest.mark.parametrize(
    "arguments",
    [
        ["-"],
        ["-", "--format", "xlsx"],
        ["-", "--format", "parquet", "--table", "cells"],
        ["-", "--table", "cells", "--json"],
        ["out.csv"],
        ["out.zip", "--format", "xlsx"],
        ["out", "--format", "package", "--table", "cells"],
        ["out", "--check", "--year", "2023"],
        ["out", "--division", "4"],
    ],
)
def test_what_cannot_be_is_a_misuse(seeded: Place, arguments: list[str]) -> None:
    assert seeded.run("export", *arguments).exit_code == 2
    assert not (seeded.root / "out").exists()


def test_something_that_is_there_is_a_conflict(seeded: Place) -> None:
    # Given
    seeded.json("export", "out")

    # Then
    code, error = seeded.error("export", "out")
    assert (code, error["code"]) == (5, "exists")
    assert "--overwrite" in error["message"]
    assert seeded.json("export", "out", "--overwrite")["reports"] == 1


def test_a_check_tells_what_is_wrong(seeded: Place) -> None:
    # Given a mistake in the codebook
    seeded.json("export", "out")
    book = seeded.root / "out" / "codebook.csv"
    book.write_bytes(book.read_bytes().replace("总计".encode(), "合计".encode(), 1))

    # When
    result = seeded.run("export", "--check", "out")

    # Then
    assert result.exit_code == 4
    assert "codebook.csv: 第 " in result.stdout
    told = orjson.loads(seeded.run("export", "--check", "out", "--json").stdout)
    assert told["schema"] == "gouji.export-check/1"
    assert len(told["problems"]) == 3


def test_a_check_of_nothing_and_of_no_package(seeded: Place) -> None:
    assert seeded.error("export", "--check", "nothing")[0] == 3
    code, error = seeded.error("export", "--check", ".")
    assert (code, error["code"]) == (1, "no_package")
    (seeded.root / "broken.zip").write_bytes(b"PK")
    assert seeded.error("export", "--check", "broken.zip")[0] == 1


def test_an_empty_database_is_an_empty_package(place: Place) -> None:
    told = place.json("export", "out")
    assert (told["reports"], told["rows"]["cells"], told["changed_at"]) == (0, 0, None)
    assert place.run("export", "--check", "out").exit_code == 0


def test_without_a_database_nothing_is_made(bare: Path) -> None:
    from click.testing import CliRunner

    result = CliRunner().invoke(command_line.cli, ["export", "out"], catch_exceptions=False)
    assert result.exit_code == 6
    assert not (bare / "out").exists()


def test_what_is_missing_for_parquet_is_told(
    seeded: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    result = seeded.run("export", "tables", "--format", "parquet")
    assert result.exit_code == 1
    assert "gouji[export]" in result.stderr
    assert list(seeded.root.glob("*tables*")) == []


def test_people_are_told_what_came_of_it(seeded: Place) -> None:
    result = seeded.run("export", "out")
    assert result.stdout.startswith("已导出 exported  out: 1 份报告 reports, ")
    assert result.stderr == ""
