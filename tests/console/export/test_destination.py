"""Where an export ends up: whole or not at all, and never in place of something else."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from console.export import errors
from console.export.export import Exported, export
from console.export.format import Format, format_of
from console.export.order import Order, Shape
from console.report_filter import ReportFilter
from tests.sampling import sampled
from tests.worker.house import House, until


def ordered(format_: Format, *tables: str) -> Order:
    return Order.of(format_, tables, ReportFilter())


def write(home: House, place: Path, *, overwrite: bool = False) -> Exported:
    order = ordered(format_of(place.name), *(["cells"] if place.suffix == ".csv" else []))
    return export(home.database, order, place, overwrite=overwrite)


@pytest.mark.parametrize(
    "name", sampled(["package", "package.zip", "cells.csv", "book.xlsx", "book.db"], 2)
)
def test_what_is_there_is_replaced_only_when_that_is_asked_for(
    stocked: House, tmp_path: Path, name: str
) -> None:
    # Given an export
    place = tmp_path / name
    first = write(stocked, place)

    # When another is to go there
    with pytest.raises(errors.Occupied, match="--overwrite"):
        write(stocked, place)
    again = write(stocked, place, overwrite=True)

    # Then it is the same, and nothing else is left
    assert again == first
    beside = {"book.metadata.json"} if name == "book.db" else set()
    assert {path.name for path in tmp_path.iterdir()} == {name} | beside


@pytest.mark.parametrize("name", ["book.xls", "book.ods", "book.json"])
def test_no_directory_is_called_like_a_file_that_is_not_written(
    stocked: House, tmp_path: Path, name: str
) -> None:
    with pytest.raises(errors.Misplaced, match=r"NAME\.xlsx"):
        write(stocked, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_directory_with_anything_else_in_it_is_left_alone(
    stocked: House, tmp_path: Path, overwrite: bool
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(errors.Occupied, match=r"notes\.txt"):
        write(stocked, tmp_path, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_directory_takes_an_export(stocked: House, tmp_path: Path) -> None:
    place = tmp_path / "empty"
    place.mkdir()
    assert write(stocked, place).reports > 0


@pytest.mark.parametrize("name", ["book.xlsx", "package"])
def test_what_is_no_export_is_never_replaced(stocked: House, tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    if place.suffix:
        place.mkdir()
    else:
        place.write_text("mine")
    with pytest.raises(errors.Occupied):
        write(stocked, place, overwrite=True)


def test_there_must_be_a_directory_for_it(stocked: House, tmp_path: Path) -> None:
    with pytest.raises(errors.Misplaced, match="no such directory"):
        write(stocked, tmp_path / "nowhere" / "package")


@pytest.mark.parametrize(
    ("format_", "tables", "name", "shape"),
    [
        (Format.PACKAGE, (), "out", Shape.DIRECTORY),
        (Format.PACKAGE, (), "out.zip", Shape.ZIP),
        (Format.CSV, (), "out", Shape.DIRECTORY),
        (Format.CSV, ("cells",), "out.csv", Shape.FILE),
        (Format.PARQUET, (), "out.zip", Shape.ZIP),
        (Format.XLSX, (), "out.xlsx", Shape.FILE),
        (Format.SQLITE, (), "out", Shape.FILE),
    ],
)
def test_what_it_ends_up_as(
    format_: Format, tables: tuple[str, ...], name: str, shape: Shape
) -> None:
    assert ordered(format_, *tables).shape(name) is shape


@pytest.mark.parametrize(
    ("format_", "name"),
    [(Format.CSV, "out.csv"), (Format.PARQUET, "out.parquet"), (Format.XLSX, "out.zip")],
)
def test_what_cannot_be_put_under_a_name_is_refused(format_: Format, name: str) -> None:
    with pytest.raises(errors.Misplaced):
        ordered(format_).shape(name)


def test_a_failure_leaves_nothing(
    stocked: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a disk that is full when the package is completed
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("console.export.package.complete", full)

    # Then nothing is left, half done or whole
    with pytest.raises(OSError, match="No space left"):
        write(stocked, tmp_path / "package")
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_export_stays_until_the_next_is_whole(
    stocked: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "package.zip"
    first = write(stocked, place)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("console.export.destination.shutil.copyfileobj", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(stocked, place, overwrite=True)
    assert {path.name for path in tmp_path.iterdir()} == {"package.zip"}
    monkeypatch.undo()
    assert write(stocked, place, overwrite=True) == first


KILLED = """
import os, signal, sys
from pathlib import Path
from console.export.export import export
from console.export.format import Format
from console.export.order import Order
from console.report_filter import ReportFilter
from models.session import Database

def halfway(done, of):
    if done:
        print("halfway", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)

database = Database.at(sys.argv[1])
order = Order.of(Format(sys.argv[2]), (), ReportFilter())
export(database, order, Path(sys.argv[3]), progress=halfway)
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("format_", "name"),
    sampled(
        [
            ("package", "package"),
            ("package", "package.zip"),
            ("xlsx", "book.xlsx"),
            ("sqlite", "b.db"),
        ],
        2,
    ),
)
def test_a_killed_export_leaves_nothing_under_the_name(
    stocked: House, tmp_path: Path, format_: str, name: str
) -> None:
    # Given an export that is halfway
    place = tmp_path / name
    command = [sys.executable, "-c", KILLED, stocked.settings.database, format_, str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"halfway\n"

        # When it is killed
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)

    # Then there is nothing of that name, and the next one is not in its way
    assert not place.exists()
    until(lambda: process.poll() is not None)
    assert write(stocked, place).reports > 0
