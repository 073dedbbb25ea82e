"""The benchmarks run, and say what they must; how fast anything is, is not asserted."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench import __main__ as bench
from tests.bench import (
    cpu,
    dropping,
    exporting,
    inspecting,
    intaking,
    isolating,
    model,
    printed,
    reading,
    resting,
    starting,
    storing,
    sweeping,
    timeline,
    verifying,
)
from tests.bench.measured import Line, Measured, Size, table
from tests.databases import BACKENDS
from tests.servers import PostgresServer

TINY = Size(
    rounds=1,
    reports=8,
    drops=4,
    messages=50,
    settle=1.0,  # a file that is being written may have to wait for its turn
    starts=1,
    intakes=20,
    stores=1,
    rows=2000,
    cells=2000,
)


def test_a_table_has_a_line_for_each_figure() -> None:
    # Given two benchmarks
    first = Measured("first", (Line("speed", "12 /s", "3,000 /s", "0.004"),))
    second = Measured("second", (Line("time", "1.5 ms"),))

    # Then their lines stand in columns, figures to the right
    assert table([first, second]).splitlines() == [
        "          gouji     floor  ratio",
        "first",
        "  speed   12 /s  3,000 /s  0.004",
        "second",
        "  time   1.5 ms",
    ]


def test_inspecting_is_set_against_its_floor() -> None:
    # When a few reports of every layout are inspected
    measured = inspecting.run(TINY)

    # Then the figures are of the same documents, and each stage has its share
    figures = measured.figures
    assert figures["ratio"] == pytest.approx(
        figures["per_second_per_core"] / figures["floor_per_second_per_core"], rel=1e-3
    )
    whole = 1000 / figures["per_second_per_core"]
    assert 0 < sum(figures[f"{stage}_ms"] for stage in ("read", "recognise", "check")) < whole
    assert len(measured.lines) == 4


def test_every_format_is_read_right_beside_its_bare_parse() -> None:
    # When a few files of every format are read
    measured = reading.run(TINY)

    # Then every cell is right, and both have taken their time
    assert len(measured.figures) == 13
    for name, found in measured.figures.items():
        assert found["right"] == found["printed"], name
        assert min(found["floor_ms"], found["ms"]) > 0, name


@pytest.mark.process
def test_the_floor_of_storing_writes_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given no server but the one that the tests are told of, which they are in CI
    monkeypatch.setattr(PostgresServer, "available", lambda: False)

    # When a few reports are claimed and stored, by us and by the bare driver
    figures = storing.run(TINY).figures

    # Then every report came with its rows, and each kind of transaction has its floor
    assert figures.keys() >= {*BACKENDS}
    for backend in BACKENDS:
        for case, found in figures[backend].items():
            assert found["rows"] == 2 if case.startswith("claim") else found["rows"] > 30
            assert min(found["floor_cpu_ms"], found["cpu_ms"]) > 0, case


def test_what_those_below_have_used_counts_before_and_after_they_end() -> None:
    # Given a process whose child computes for a fifth of a second and the ticks that are cut off
    # when the kernel tells them, and ends when it is told to
    child = "import time\nwhile time.process_time() < .3: pass\nprint(flush=True); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    command = [sys.executable, "-c", f"{parent}; print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        found = []

        # When it is asked what both have used, while the child lives and when it has ended
        for _ in range(2):
            process.stdout.readline()
            found.append(cpu.used({"both": process.pid}))
            process.stdin.write(b"\n")
            process.stdin.flush()

    # Then the child's time is in both
    assert all(one is not None and one.parts["both"] >= 0.2 for one in found), found


def test_the_cost_of_a_report_is_the_sum_of_its_parts() -> None:
    # Given figures of what it is made of
    spent = {"cpu_ms": 1.0, "ms": 1.5}
    found: dict[str, dict[str, Any]] = {
        inspecting.TITLE: {"read_ms": 1.0, "recognise_ms": 4.0, "check_ms": 0.5},
        isolating.TITLE: {"cpu_ms": 3.0, "floor_cpu_ms": 1.0},
        storing.TITLE: {"sqlite": {"claim_together": spent, "together": spent}},
        dropping.TITLE: {
            "floor_cpu_ms": 0.1,
            "floor_per_second": 9000.0,
            "work_cpu_ms": 12.0,
            "watch_cpu_ms": 1.0,
            "queue_cpu_ms": 0.4,
            "steady_per_second": 50.0,
        },
    }

    # When they are put together, all of them or not
    (whole,) = model.of(found)
    del found[isolating.TITLE]

    # Then parts and rest make up what was used, and the least limit is what the rate is a share of
    assert whole.figures["sum_ms"] == pytest.approx(11.0)
    assert whole.figures["rest_ms"] == pytest.approx(2.4)
    limits = (1000 * (os.cpu_count() or 1) / 11.0, 1000 / 3.0)
    assert whole.figures["ratio"] == pytest.approx(50.0 / min(limits))
    assert list(model.of(found)) == []


def test_a_small_ledger_is_swept() -> None:
    # When a few documents wait and sweeps are done
    figures = sweeping.run(TINY).figures

    # Then messages were sent, and the scan of all of them is beside it
    assert figures["documents"] == TINY.rows
    assert figures["sent"] > 0
    assert figures["ratio"] == pytest.approx(figures["sweep_ms"] / figures["floor_ms"], rel=1e-3)


@pytest.mark.process
@pytest.mark.soak
def test_a_small_run_makes_the_whole_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given the smallest size
    monkeypatch.setattr(bench, "QUICK", TINY)
    output = tmp_path / "bench.json"

    # When the benchmarks run
    bench.main(["--quick", "--output", str(output)])

    # Then all are in the table and in the file, each with its ratio
    told, written = capsys.readouterr().out, json.loads(output.read_bytes())
    assert written["quick"] is True
    modules = (
        *(inspecting, reading, printed, isolating, dropping, intaking, storing),
        *(sweeping, verifying, exporting, starting, resting, model),
    )
    titles = [module.TITLE for module in modules]
    assert list(written["benchmarks"]) == titles
    for title, figures in written["benchmarks"].items():
        assert title in told
        corpora = [one for one in figures.values() if isinstance(one, dict) and "ms" in one]
        assert all(one["right"] == one["printed"] for one in corpora if title == reading.TITLE)
        assert corpora or figures["ratio"] > 0

    # And nothing was told wrongly of the rows that were verified, and all cells were exported
    verified = written["benchmarks"][verifying.TITLE]
    assert verified["rows"] == pytest.approx(TINY.rows, rel=0.2)
    assert verified["quick"]["findings"] == verified["whole"]["findings"] == 0
    exported = written["benchmarks"][exporting.TITLE]
    assert exported["csv"]["cells"] == exported["floor"]["cells"] == TINY.cells

    # And the parts of a document's time add up to the whole
    dropped = written["benchmarks"][dropping.TITLE]
    parts = (*timeline.STAGES, "other")
    assert sum(dropped[f"{part}_ms"] for part in parts) == pytest.approx(
        dropped["thread_ms"], rel=0.01
    )
