"""The benchmark of exports runs; memory does not grow with what is exported."""

from pathlib import Path

import pytest

from tests.bench import exporting
from tests.bench.verifying import make

_MORE = 8.0
"""MB by which ten times as many cells may need more: caches that fill up."""


@pytest.mark.process
@pytest.mark.soak
def test_a_small_run_prints_a_line_for_each_format(capsys: pytest.CaptureFixture[str]) -> None:
    # When
    exporting.main(["--sizes", "2000", "--formats", "floor", "sqlite"])

    # Then
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith(("floor", "sqlite"))] == [
        ["floor", "2,000"],
        ["sqlite", "2,000"],
    ]


@pytest.mark.process
@pytest.mark.soak
def test_ten_times_as_many_cells_need_no_more_memory(tmp_path: Path) -> None:
    # Given a database with ten thousand cells, and one with a hundred thousand
    for reports in (50, 500):
        make(tmp_path / str(reports), reports)

    # When each is exported, in a process of its own
    for format_ in ("package", "jsonl", "xlsx", "sqlite"):
        few, many = (exporting.measured(format_, tmp_path / str(reports)) for reports in (50, 500))

        # Then the second takes hardly more than the first
        assert many["cells"] == 10 * few["cells"]
        assert many["rss"] < few["rss"] + _MORE, format_
