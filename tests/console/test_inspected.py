"""Reports, findings and candidates read back from an inspection's JSON."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from console.inspected import findings_of, localisation_of, report_of
from tests.console.cli.conftest import imbalanced
from worker.inspection import as_json, inspect

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
    assert report is not None
    assert report.sections == inspection.report.sections
    for key, table in inspection.report.tables.items():
        assert report.tables[key].layout == table.layout
        assert report.tables[key].missing == table.missing
        assert dict(report.tables[key].cells) == {
            address: replace(cell, place=None) for address, cell in table.cells.items()
        }
    assert tuple(findings_of(told)) == inspection.findings


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
