"""One filter of reports: lists and exports of every entrance take it, and find the same by it."""

import csv
import io
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import update

from console.api import openapi
from console.cli.main import cli
from console.queries.report_conditions import CONDITIONS
from console.report_filter import STANDING, ReportFilter
from console.web.narrowing import search_of
from models.filing import StoredReport
from tests.console.web.conftest import SEEDS, Browser, Console

FACETS = [one.name for one in fields(ReportFilter)]
EXPORT = {"place", "format_", "tables", "overwrite", "checking", "as_json"}
LIST = {"limit", "everything", "as_json"}
WANTED = [
    STANDING,
    ReportFilter(publisher="濮阳"),
    ReportFilter(year=2022),
    ReportFilter(year="-"),
    ReportFilter(edition="2021"),
    ReportFilter(division="41"),
    ReportFilter(division="4109"),
    ReportFilter(division="-"),
    ReportFilter(soft=True),
    ReportFilter(soft=False),
    ReportFilter(all_versions=True),
    ReportFilter(unidentified=True),
    ReportFilter(edition="2021", soft=True, all_versions=True, division="41"),
]


def asked_on_the_command_line(wanted: ReportFilter) -> list[str]:
    """Return the options that a filter is typed as."""
    found = []
    for name, text in wanted.given().items():
        option = name.replace("_", "-")
        flag = text in ("true", "false")
        found += (
            [f"--{'no-' if text == 'false' else ''}{option}"] if flag else [f"--{option}", text]
        )
    return found


def below(*path: str) -> click.Command:
    """Return the command of a path."""
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return command


@pytest.fixture
def varied(console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Console:
    """Four reports, such that each facet lets some of them through and not all."""
    for path in sorted(SEEDS.glob("*.txt"))[:4]:
        console.bring(path.read_bytes(), path.name)
    changes: dict[int, dict[str, Any]] = {
        1: {"year": 2022, "division_code": "410900", "publisher": "濮阳市", "edition": "2021"},
        2: {"year": None, "division_code": "410300", "edition": "2019", "soft": 0},
        3: {"publisher": None, "publisher_key": None, "division_code": None, "soft": 0},
        4: {"standing": False, "division_code": "410900", "edition": "2021", "soft": 3},
    }
    with console.database.transaction() as session:
        for number, values in changes.items():
            chosen = update(StoredReport).where(StoredReport.id == number)
            session.execute(chosen.values(**values))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOUJI_DATA_DIR", str(console.home.settings.data_dir))
    return console


def typed(*arguments: str) -> Any:
    result = CliRunner().invoke(cli, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return orjson.loads(result.stdout)


def exported(data: bytes) -> set[int]:
    """Return the reports in the archive of an export in CSV."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("reports.csv").decode()
    return {int(row["report_id"]) for row in csv.DictReader(io.StringIO(text))}


def every_entrance(browser: Browser, wanted: ReportFilter, out: Path) -> dict[str, set[int]]:
    """Return the ids that each list and each export has."""
    options, query = asked_on_the_command_line(wanted), urlencode(wanted.given())
    typed("export", str(out), "--format", "csv", *options)
    return {
        "gouji reports list": {row["id"] for row in typed("reports", "list", *options)},
        "gouji export": exported(out.read_bytes()),
        "GET reports": {
            row["id"] for row in orjson.loads(browser.get(f"/api/v1/reports?{query}"))["items"]
        },
        "GET export": exported(browser.client.get(f"/api/v1/export?format=csv&{query}").content),
        "the list": {row["id"] for row in orjson.loads(browser.get(f"/reports.json?{query}"))},
        "its export": exported(browser.client.get(f"/reports/export?format=csv&{query}").content),
    }


def test_each_facet_is_taken_by_every_list_and_every_export() -> None:
    # Given what they take
    commands = {
        "list": {one.name for one in below("reports", "list").params} - LIST,
        "export": {one.name for one in below("export").params} - EXPORT,
    }
    paths = openapi.document()["paths"]
    told = {
        path: {one["name"]: one["schema"] for one in paths[path]["get"]["parameters"]}
        for path in ("/reports", "/export")
    }
    others = {"/reports": {"limit", "cursor", "sort"}, "/export": {"format"}}

    # Then it is the fields of the filter, and each becomes something in a query
    assert all(found == set(FACETS) for found in commands.values()), commands
    for path, parameters in told.items():
        assert parameters.keys() - others[path] == set(FACETS)
        assert {name: parameters[name] for name in FACETS} == {
            name: told["/reports"][name] for name in FACETS
        }
    assert set(CONDITIONS) == set(FACETS)
    assert {name for wanted in WANTED for name in wanted.given()} == set(FACETS)


@pytest.mark.parametrize("wanted", WANTED, ids=lambda one: urlencode(one.given()) or "standing")
def test_every_entrance_finds_the_same(
    varied: Console, wanted: ReportFilter, tmp_path: Path
) -> None:
    # When each is asked
    found = every_entrance(varied.browser(), wanted, tmp_path / "out.zip")

    # Then all of them have the same reports, and what is chosen leaves some out
    (ids,) = {frozenset(ids) for ids in found.values()}
    assert ids, found
    assert ids == {1, 2, 3, 4} if wanted == ReportFilter(all_versions=True) else len(ids) < 4
    assert search_of(wanted.given()) == wanted


@pytest.mark.parametrize("wanted", WANTED[1:], ids=lambda one: urlencode(one.given()))
def test_the_page_shows_what_is_chosen_and_exports_that(
    varied: Console, wanted: ReportFilter
) -> None:
    # When the page of the list is looked at
    query = urlencode(wanted.given())
    page = varied.browser().get(f"/reports?{query}")

    # Then its links export what it lists, its search form keeps the rest, and counts agree
    asked = urlencode({**wanted.given(), "format": "xlsx"}).replace("&", "&amp;")
    assert f'href="/reports/export?{asked}"' in page
    for name, text in wanted.given().items():
        assert f'name="{name}" value="{text}"' in page
    listed = orjson.loads(varied.browser().get(f"/reports.json?{query}"))
    assert f"<small>{len(listed)}</small></h1>" in page
    if wanted.given().keys() != {"publisher"}:
        assert (
            'aria-current="true">'
            in page.partition('<aside class="facets"')[2].partition("</aside>")[0]
        )


def test_what_cannot_be_is_left_out_of_an_address_and_refused_elsewhere(varied: Console) -> None:
    browser = varied.browser()
    for name, text in [
        ("year", "1800"),
        ("year", "x"),
        ("edition", "2020"),
        ("division", "4"),
        ("soft", "maybe"),
        ("unidentified", "1"),
    ]:
        assert search_of({name: text}) == STANDING
        answer = browser.client.get(f"/api/v1/export?{name}={text}")
        assert (answer.status_code, name in answer.text) == (422, True)
    for option, text in [("--year", "1800"), ("--edition", "2020"), ("--division", "4")]:
        result = CliRunner().invoke(cli, ["export", "out", option, text])
        assert (result.exit_code, option in result.output) == (2, True), result.output
    assert ReportFilter(division="410300") == ReportFilter(division="4103")
