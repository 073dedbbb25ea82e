"""Exports over HTTP: of the filter shown, for whoever may, two at a time, nothing left behind."""

import io
import os
import time
import zipfile
from pathlib import Path

import orjson
import pytest
from starlette.testclient import TestClient

from console.access.roles import Role
from console.export import download
from console.export.check import check
from console.export.errors import Busy
from console.export.format import Format
from console.export.order import Order
from console.report_filter import ReportFilter
from tests.console.api.conftest import Api, api, template
from tests.console.web.conftest import SEEDS, Console, cheap, stock, stocked
from tests.worker.house import House, house

__all__ = ["api", "cheap", "stock", "stocked", "template"]

OTHER = next(SEEDS.glob("000*"))


def client(console: Console) -> TestClient:
    return console.browser().client


@pytest.mark.parametrize("format_", Format)
def test_a_list_can_be_taken_away_in_every_format(stocked: Console, format_: Format) -> None:
    # Given the link on the page
    address = f"/reports/export?format={format_}"
    assert f'href="{address}"' in stocked.browser().get("/reports")

    # When it is followed
    answer = client(stocked).get(address)

    # Then a file is handed out as a whole, to be saved
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert int(answer.headers["content-length"]) == len(answer.content)
    if format_ not in (Format.XLSX, Format.SQLITE):
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
    assert list((stocked.home.settings.data_dir / "exports").iterdir()) == []


def test_the_package_is_that_of_the_command_line(stocked: Console, tmp_path: Path) -> None:
    answer = client(stocked).get("/reports/export")
    place = tmp_path / "package.zip"
    place.write_bytes(answer.content)
    assert check(place) == []


def test_it_is_narrowed_down_as_the_list_is(stocked: Console) -> None:
    # Given two reports, and a list narrowed down to one of them
    stocked.bring(OTHER.read_bytes(), OTHER.name)
    shown = stocked.browser().get("/reports?year=2023&sort=year")
    assert 'href="/reports/export?year=2023&amp;format=jsonl"' in shown

    # When
    answer = client(stocked).get("/reports/export?year=2023&format=jsonl")

    # Then
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        lines = archive.read("reports.jsonl").splitlines()
    assert [orjson.loads(line)["year"] for line in lines] == [2023]


def test_a_format_that_there_is_not(stocked: Console) -> None:
    assert client(stocked).get("/reports/export?format=pdf").status_code == 404


def test_no_more_than_two_are_made_at_once(
    stocked: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given that two are being made
    for _ in range(download.AT_ONCE):
        download._TURNS.acquire()
    try:
        # Then whoever comes is asked to come again, and nothing is begun
        answer = client(stocked).get("/reports/export")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        order = Order.of(Format.CSV, (), ReportFilter())
        with pytest.raises(Busy):
            download.download(stocked.home.settings, stocked.database, order)
    finally:
        for _ in range(download.AT_ONCE):
            download._TURNS.release()
    assert client(stocked).get("/reports/export").status_code == 200


def test_a_failure_gives_the_turn_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download, "export", full)
    with house(tmp_path) as home:
        for _ in range(download.AT_ONCE + 1):
            with pytest.raises(OSError, match="No space left"):
                taken(home)


def taken(home: House) -> download.Download:
    return download.download(home.settings, home.database, Order.of(Format.CSV, (), ReportFilter()))


def test_what_a_killed_process_left_is_deleted_after_a_day(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        folder = home.settings.data_dir / "exports"
        for name, age in (("old", 90_000), ("new", 10)):
            (folder / name).mkdir(parents=True)
            (folder / name / "half.csv").write_text("x")
            os.utime(folder / name, (time.time() - age,) * 2)
        taken(home).stream.close()
        assert [path.name for path in folder.iterdir()] == ["new"]


def test_the_api_hands_out_the_same(api: Api) -> None:
    # When
    viewer = api.client(Role.VIEWER)
    answer = viewer.get("/export?format=csv&year=2022")

    # Then
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "cells.csv" in archive.namelist()
    assert viewer.get("/export?format=pdf").status_code == 422
    assert api.client(None).get("/export").status_code == 401
