"""``gouji ingest``: files brought in by hand, with and without anything else running."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from console import samples
from console.cli.main import cli
from console.journal import Journal
from console.parts import Child, gouji
from tests.worker.unpacking.archives import sevenzipped, zipped
from worker.embedded import ensure
from worker.settings import Settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GOUJI_")]:
        monkeypatch.delenv(name)
    assert run("init").exit_code == 0
    return tmp_path


@pytest.fixture
def reports(here: Path) -> Path:
    # what lies where the user stands must not be imported in place of ours
    (here / "worker").mkdir()
    (here / "worker" / "__init__.py").write_text("raise SystemExit('the wrong one')", "utf-8")
    folder = here / "reports"
    folder.mkdir()
    samples.drop(samples.samples(), folder)
    return folder


@pytest.fixture
def working(here: Path) -> Iterator[None]:
    journal = Journal(here)
    with ensure(Settings()):
        child = Child("work", gouji("work", "--processes", "1", "--threads", "1"), journal)
        child.start()
        yield
        child.stop(60)
    journal.close()
    assert child.ended() == "exit 0", (here / "work.log").read_text("utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def told(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(result.stdout)
    return document


def test_without_a_queue_files_are_kept_for_later(reports: Path) -> None:
    # Given nothing that runs
    # When a folder is brought in, and once more
    first, second = run("ingest", "reports", "--json"), run("ingest", "reports", "--json")

    # Then all of it is received, the originals are where they were, and twice is once
    assert first.exit_code == 0, first.output
    assert told(first)["outcomes"] == {"accepted": 9}
    assert told(first)["states"] == {"received": 9}
    assert len(list(reports.iterdir())) == 9
    assert told(second)["outcomes"] == {"known": 9}


def test_waiting_without_a_queue_is_refused_after_keeping_the_files(reports: Path) -> None:
    # Given nothing that runs, when somebody wants to wait
    result = run("ingest", "reports", "--wait", "--json")

    # Then it ends with 6 and says what to start, and the files are there all the same
    assert result.exit_code == 6
    assert "gouji up" in told(result)["error"]["hint"]
    assert told(run("ingest", "reports", "--json"))["outcomes"] == {"known": 9}


@pytest.mark.parametrize(
    "command",
    [
        ("ingest", "nowhere"),
        ("inspect", "nowhere"),
        ("restore", "nowhere"),
        ("export", "--check", "nowhere"),
        ("export", "nowhere/figures"),
    ],
)
def test_a_path_that_is_not_there_is_not_found(here: Path, command: tuple[str, ...]) -> None:
    result = run(*command)
    assert result.exit_code == 3
    assert "nowhere" in result.stderr
    assert "→ " in result.stderr


def test_a_closed_database_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a directory where nothing was set up
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.txt").write_text("", "utf-8")

    # When a file is brought in
    result = run("ingest", "report.txt")

    # Then it ends with 6 and says how to set it up
    assert result.exit_code == 6
    assert "gouji init" in result.output


@pytest.mark.process
def test_waiting_tells_what_became_of_each_file(reports: Path, working: None) -> None:
    # Given workers
    # When the samples are brought in
    result = run("ingest", "reports", "--wait", "--timeout", "120", "--json")

    # Then six are stored and three dead, and that is exit code 4
    assert result.exit_code == 4, result.output
    assert told(result)["states"] == {"stored": 6, "dead": 3}
    reasons = {file["reason"] for file in told(result)["files"] if file["state"] == "dead"}
    assert reasons == {"imbalanced", "incomplete", "not_a_report"}

    # And asking again tells the same at once, for people too
    again = run("ingest", "reports", "--wait", "--exit-zero")
    assert again.exit_code == 0
    assert "imbalanced" in again.output


@pytest.mark.process
@pytest.mark.soak
def test_waiting_for_an_archive_waits_for_its_members(reports: Path, working: None) -> None:
    # Given the samples in an archive, which is in another
    files = [(path.name, path.read_bytes()) for path in sorted(reports.iterdir())]
    (reports.parent / "年报.zip").write_bytes(zipped([("内.7z", sevenzipped(files))]))

    # When it is brought in
    result = run("ingest", "年报.zip", "--wait", "--timeout", "120", "--json")

    # Then it tells of every member
    assert result.exit_code == 4, result.output
    assert told(result)["states"] == {"unpacked": 2, "stored": 6, "dead": 3}
    names = {Path(file["file"]).name for file in told(result)["files"]}
    assert names == {"年报.zip", "内.7z", *(name for name, _ in files)}

    # And the status shows what was unpacked
    assert told(run("status", "--json"))["documents"]["unpacked"] == 2

    # And each member's story says where it came from
    events = run("events", "--name", files[0][0], "--event", "document.received", "--json")
    [event] = [orjson.loads(line) for line in events.stdout.splitlines()]
    assert event["data"]["container"] == 2
    assert event["data"]["file"].endswith(f"年报.zip!/内.7z!/{files[0][0]}")


@pytest.mark.process
def test_when_time_is_up_it_says_so(reports: Path) -> None:
    # Given a queue and nobody who works
    with ensure(Settings()):
        # When somebody waits for a moment
        result = run("ingest", "reports", "--wait", "--timeout", "0.3")
        as_json = run("ingest", "reports", "--wait", "--timeout", "0.3", "--json")

    # Then it ends with 1 and says why
    assert (result.exit_code, as_json.exit_code) == (1, 1)
    assert "时间到，仍有 9 件未处理完" in result.stderr
    assert told(as_json)["unfinished"] == 9


def test_an_empty_folder_is_told(here: Path) -> None:
    (here / "empty").mkdir()
    assert "no files were found" in run("ingest", "empty").stdout
