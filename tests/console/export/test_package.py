"""The data package: valid by the standard, loaded as it says, the figures of the database."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import frictionless
import orjson
import pandas as pd  # type: ignore[import-untyped]
import pytest

from console.export import package
from console.export.check import check
from console.export.export import export
from console.export.format import Format
from console.export.order import Order
from console.export.readme import SNIPPETS
from console.queries.filings import reports
from console.report_filter import ReportFilter
from models.disclosure.correction import written
from tests.console.export.stock import stock
from tests.tools import need
from tests.worker.house import House, house
from worker.rows import load

SNIPPET = re.compile(r"^### (\S+)\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
THOUSAND = 1000
STANDING = ReportFilter()


def snippets(place: Path) -> dict[str, str]:
    """Return the lines of the README of a package, by the program they are for."""
    return dict(SNIPPET.findall((place / "README.md").read_text("utf-8")))


def loaded(place: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, pd.DataFrame]:
    """Return the tables as the README has pandas load them."""
    monkeypatch.chdir(place)
    found: dict[str, Any] = {}
    exec(compile(snippets(place)["pandas"], "README.md", "exec"), found)  # noqa: S102
    return {name: found[name] for name in ("reports", "corrected", "cells", "findings", "final")}


def test_frictionless_finds_it_valid(made: Path) -> None:
    # When
    report = frictionless.validate(made / package.DESCRIPTOR)

    # Then
    assert report.valid, report.flatten(["name", "type", "message"])
    assert report.stats["tasks"] == 7


def test_frictionless_finds_a_row_that_refers_to_nothing(package: Path) -> None:
    reports_csv = package / "reports.csv"
    lines = reports_csv.read_bytes().split(b"\r\n")
    reports_csv.write_bytes(b"\r\n".join([lines[0], *lines[2:]]))
    report = frictionless.validate(package / "datapackage.json")
    assert "foreign-key" in {found for (found,) in report.flatten(["type"])}


def test_pandas_loads_the_figures_of_the_database(
    stocked: House, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(stocked, loaded(made, monkeypatch))


@pytest.mark.soak
def test_pandas_loads_the_figures_of_a_thousand_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    with house(tmp_path) as home:
        stock(home, THOUSAND, seed=2)

        # When
        place = tmp_path / "package"
        every = ReportFilter(all_versions=True)
        made = export(home.database, Order.of(Format.PACKAGE, (), every), place)

        # Then
        assert made.reports == THOUSAND
        assert frictionless.validate(place / package.DESCRIPTOR).valid
        assert check(place) == []
        compare(home, loaded(place, monkeypatch), every)


def compare(home: House, tables: dict[str, pd.DataFrame], wanted: ReportFilter = STANDING) -> None:
    """Hold every cell of every report that is wanted against what was loaded."""
    cells = {
        report: group.set_index("cell").to_dict("index")
        for report, group in tables["cells"].groupby("report_id")
    }
    wide, final = (
        tables[name].set_index("report_id").to_dict("index") for name in ("reports", "final")
    )
    with home.database.reading() as session:
        rows = reports(session, wanted)
        assert set(cells) == {row.id for row in rows} == wide.keys() == final.keys()
        for row in rows:
            kept = dict(load(session, row.id).cells())
            assert list(cells[row.id]) == list(kept)
            for address, cell in kept.items():
                found = cells[row.id][address]
                published = cell.published or cell
                assert _text(found["value"]) == written(published.value), (row.id, address)
                assert found["printed"] == published.printed
                assert (_text(found["raw"]) or "") == published.raw
                assert found["corrected"] == (cell.published is not None)
                now = written(cell.value) if cell.published is not None else None
                assert _text(found["corrected_value"]) == now
                assert _text(wide[row.id][address]) == written(published.value)
                assert _text(final[row.id][address]) == written(cell.value)
            others = {name for name in wide[row.id] if name.count(".") == 2} - kept.keys()
            assert all(pd.isna(wide[row.id][name]) for name in others)


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def test_corrections_stand_beside_what_was_published(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = loaded(made, monkeypatch)
    corrected = tables["cells"][tables["cells"]["corrected"]]
    assert len(corrected) > 0
    assert (corrected["value"] != corrected["corrected_value"]).all()
    assert corrected["decision_id"].notna().all()
    assert set(corrected["report_id"]) == set(tables["corrected"]["report_id"])


def test_codes_are_text_and_blanks_are_no_zeros(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = loaded(made, monkeypatch)
    assert tables["reports"]["division_code"].dropna().str.fullmatch("[0-9]{6}").all()
    cells = tables["cells"]
    printed = cells["printed"] == "number"
    assert cells.loc[printed, "value"].notna().all()
    assert cells.loc[~printed, "value"].isna().all()
    assert {"blank", "slash", "dash"} & set(cells["printed"])


@pytest.mark.parametrize("name", SNIPPETS)
def test_every_way_to_load_it_counts_the_same(made: Path, tmp_path: Path, name: str) -> None:
    # Given the lines of the README, and what they are to print
    lines = snippets(made)[name]
    wanted = received(made)

    # When they are run in the directory of the package
    done = subprocess.run(
        command(name, lines, tmp_path), cwd=made, capture_output=True, text=True, check=False
    )

    # Then they print how many applications came in each year
    assert done.returncode == 0, done.stderr
    printed = {
        int(year): round(float(number))
        for year, number in re.findall(r"(20\d\d)\D+?([\d.]+(?:e\+\d+)?)", done.stdout)
    }
    assert printed == wanted, done.stdout


def command(name: str, lines: str, folder: Path) -> list[str]:
    """Return how the lines are run; the test is skipped where the program is not there."""
    if name == "R":
        script = folder / "load.R"
        script.write_text(lines, "utf-8")
        return [need("Rscript"), "--vanilla", str(script)]
    if name == "DuckDB":
        told = "import duckdb, sys; print(duckdb.connect().execute(sys.argv[1]).fetchall())"
        return [sys.executable, "-c", told, lines]
    return [sys.executable, "-W", "error", "-c", lines]


def received(place: Path) -> dict[int, int]:
    cells = pd.read_csv(place / "cells.csv")
    chosen = cells[cells["cell"] == "applications.new_requests.total"]
    chosen = chosen[chosen["value"].notna()]
    return {
        int(year): round(total) for year, total in chosen.groupby("year")["value"].sum().items()
    }


def test_the_moment_it_tells_is_that_of_the_last_change(made: Path, stocked: House) -> None:
    told = orjson.loads((made / package.DESCRIPTOR).read_bytes())
    with stocked.database.reading() as session:
        last = max(row.stored_at for row in reports(session, ReportFilter(all_versions=True)))
    assert told["created"] == last.isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_an_archive_has_the_same_files(stocked: House, made: Path, tmp_path: Path) -> None:
    # When
    place = tmp_path / "package.zip"
    export(stocked.database, Order.of(Format.PACKAGE, (), ReportFilter()), place)

    # Then
    with zipfile.ZipFile(place) as archive:
        assert set(archive.namelist()) == {path.name for path in made.iterdir()}
        for name in archive.namelist():
            assert archive.read(name) == (made / name).read_bytes(), name
    assert check(place) == []


def test_nothing_to_export_is_a_package_too(stocked: House, tmp_path: Path) -> None:
    place = tmp_path / "empty"
    wanted = ReportFilter(publisher="没有这个机关")
    made = export(stocked.database, Order.of(Format.PACKAGE, (), wanted), place)
    assert made.rows["cells"] == 0
    assert frictionless.validate(place / package.DESCRIPTOR).valid
    assert check(place) == []
    assert "publisher = 没有这个机关" in (place / "README.md").read_text("utf-8")
