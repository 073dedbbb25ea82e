"""Reports, findings and candidates read back from an inspection's JSON."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from models.divisions.division import Located
from tests.console.cli.conftest import imbalanced
from worker.check.check import check
from worker.inspected import findings_of, localisation_of, report_of, tells_what_was_left_over
from worker.inspection import as_json, inspect
from worker.recognise.heading import named

SEEDS = sorted((Path(__file__).parents[1] / "data" / "seeds").iterdir())


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name)
def test_reads_back_what_was_written(path: Path) -> None:
    # Given
    inspection = inspect(path.read_bytes(), path.name)
    assert inspection.report is not None

    # When
    told = orjson.loads(orjson.dumps(as_json(inspection)))
    report = report_of(told)

    # Then
    located = Located(inspection.report.division)
    assert report == replace(inspection.report, located=located)
    assert tuple(findings_of(told)) == inspection.findings


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name)
def test_checking_it_anew_finds_what_was_found(path: Path) -> None:
    # Given
    inspection = inspect(path.read_bytes(), path.name)
    told = orjson.loads(orjson.dumps(as_json(inspection)))
    report = report_of(told)

    # Then but for what the publisher's division may be, and what the reader had to say
    assert report is not None
    assert tells_what_was_left_over(told)
    found = check(report, tuple(named(path.name)))
    assert found == tuple(f for f in inspection.findings if f.rule != "PUBLISHER.DIVISION")


def test_nothing_recognised_is_no_report() -> None:
    # Given
    told = as_json(inspect(b"", "empty.txt"))

    # Then
    assert report_of(told) is None
    assert findings_of(told) == []
    assert localisation_of(told) is None


def test_candidates_come_back_as_they_were_found() -> None:
    # Given
    inspection = inspect(imbalanced(), "年报.txt")
    assert inspection.localisation is not None

    # When
    told = orjson.loads(orjson.dumps(as_json(inspection)))

    # Then
    assert localisation_of(told) == inspection.localisation
    assert told["candidates"][0]["id"] == "1.1"


def test_inspections_of_earlier_releases_have_no_candidates() -> None:
    # Given
    told = as_json(inspect(imbalanced(), "年报.txt"))
    del told["localisation"]
    told["candidates"] = []

    # Then
    assert localisation_of(told) is None
