"""The codebook is the form: whoever writes a mistake into one is found out."""

import csv
import hashlib
from pathlib import Path

import orjson
import pytest

from console.export import codebook, package
from console.export.check import check
from models.disclosure import english
from models.disclosure.form import LAYOUTS, TABLES, Kind
from models.disclosure.report import Printed
from tests.reports.truth import broken_edits


def entries(place: Path) -> dict[str, dict[str, str]]:
    with (place / "codebook.csv").open(encoding="utf-8", newline="") as file:
        return {row["cell"]: row for row in csv.DictReader(file)}


def test_every_cell_of_either_edition_is_in_it_once(made: Path) -> None:
    # Given what the form prints
    cells = {cell for layout in LAYOUTS.values() for cell in layout.cells}

    # Then the codebook of a package has just that
    assert set(entries(made)) == cells
    assert len(codebook.entries()) == len(cells) == 226


def test_what_it_says_of_a_cell_is_what_the_form_says(made: Path) -> None:
    # Given the codebook of a package, and each place in which the form prints a cell
    kept = entries(made)
    for layout in LAYOUTS.values():
        for row in layout.rows:
            for column in row.columns:
                entry = kept[f"{layout.table}.{row.key}.{column.key}"]

                # Then labels, type, unit and edition are those
                printed = entry["label_zh"] + entry["label_zh_2019"]
                assert row.label in printed
                assert column.label in printed
                assert english.ROWS[f"{layout.table}.{row.key}"] in entry["label_en"]
                assert entry["label_en"].endswith(english.COLUMNS[f"{layout.table}.{column.key}"])
                assert entry["value_type"] == column.kind
                assert ("万元" in entry["unit"]) == (column.kind is Kind.AMOUNT)
                assert set(layout.editions) <= set(entry["editions"].split())
                assert entry["printed"].split() == list(Printed)


def test_the_edits_of_a_cell_are_those_that_a_wrong_figure_breaks(made: Path) -> None:
    for cell, entry in entries(made).items():
        hard = {rule for rule in entry["edits"].split() if rule.startswith(("T3.", "T4."))}
        assert hard == {rule for rule, _ in broken_edits(cell)}, cell


def test_editions_and_notices_go_together(made: Path) -> None:
    for entry in entries(made).values():
        assert ("〔2019〕60号" in entry["notice"]) == ("2019" in entry["editions"].split())
        assert ("〔2021〕30号" in entry["notice"]) == ("2021" in entry["editions"].split())
    assert entries(made)["applications.granted.total"]["editions"] == "2019 2021"
    assert entries(made)["disclosure.fees.amount"]["editions"] == "2021"


def test_the_codebook_for_people_has_every_cell_and_every_column(made: Path) -> None:
    text = (made / "codebook.md").read_text("utf-8")
    for entry in codebook.entries():
        assert f"| `{entry.cell}` | {entry.label_zh} | {entry.label_en} |" in text
    for table in TABLES.values():
        assert f"## `{table.key}` {table.title}" in text


def test_a_package_as_it_was_made_has_no_problem(made: Path) -> None:
    assert check(made) == []


@pytest.mark.parametrize("checksums", ["left", "made to fit"])
@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("codebook.csv", "Carried over to the next year", "Carried over from the next year"),
        ("codebook.csv", "规章 · 现行有效件数", "规章 · 本年废止件数"),
        ("codebook.csv", "万元 10,000 CNY", "元 CNY"),
        ("codebook.csv", "T3.FLOW T3.OUTCOMES", "T3.FLOW"),
        ("codebook.md", "| 空白，不是零 blank, which is not zero |", "| 零 zero |"),
        ("datapackage.json", "Value as published; null where", "Value as corrected; null where"),
    ],
)
def test_a_mistake_made_by_hand_is_found(
    package: Path, file: str, right: str, wrong: str, checksums: str
) -> None:
    # Given a package in which somebody changed a word
    path = package / file
    text = path.read_text("utf-8")
    assert right in text
    path.write_bytes(text.replace(right, wrong, 1).encode())

    # And perhaps made the checksums fit
    if checksums == "made to fit":
        fit(package)

    # When it is checked
    problems = check(package)

    # Then the file is named
    assert any(problem.startswith(file) for problem in problems), problems


def fit(place: Path) -> None:
    """Make every checksum fit what the files are now."""
    descriptor = place / package.DESCRIPTOR
    told = orjson.loads(descriptor.read_bytes())
    for resource in told["resources"]:
        data = (place / resource["path"]).read_bytes()
        resource["hash"] = f"sha256:{hashlib.sha256(data).hexdigest()}"
        resource["bytes"] = len(data)
    descriptor.write_bytes(orjson.dumps(told))
    names = sorted(path.name for path in place.iterdir() if path.name != package.CHECKSUMS)
    lines = [f"{hashlib.sha256((place / name).read_bytes()).hexdigest()}  {name}" for name in names]
    (place / package.CHECKSUMS).write_text("\n".join(lines) + "\n", "utf-8")


def test_a_figure_that_was_changed_is_found_by_its_checksum(package: Path) -> None:
    cells = package / "cells.csv"
    cells.write_bytes(cells.read_bytes().replace(b",0,number,0,", b",7,number,7,", 1))
    assert [problem.partition(":")[0] for problem in check(package)] == ["cells.csv"] * 2


def test_rows_that_are_missing_are_found_even_where_checksums_fit(package: Path) -> None:
    cells = package / "cells.csv"
    cells.write_bytes(b"\r\n".join(cells.read_bytes().split(b"\r\n")[:-2]) + b"\r\n")
    fit(package)
    (problem,) = check(package)
    assert problem.startswith("cells.csv: ")


def test_files_that_are_missing_or_do_not_belong_are_found(package: Path) -> None:
    (package / "findings.csv").unlink()
    (package / "notes.txt").write_text("?")
    assert [problem.partition(":")[0] for problem in check(package)] == [
        "findings.csv",
        "notes.txt",
    ]
