"""``gouji verify``: what it prints, asks and ends with."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from models.base import now
from models.event import Event, EventName
from models.ledger import Document
from tests.console.cli.conftest import BALANCED, Place, imbalanced
from worker.archive import Archive
from worker.embedded import ensure
from worker.settings import Settings


@pytest.fixture
def whole(seeded: Place) -> Iterator[Place]:
    """The seeded place with a queue, and with what its fixture leaves out."""
    archive = Archive(str(seeded.root / "var" / "archive"))
    for data in (BALANCED.read_bytes(), imbalanced()):
        with (seeded.root / "bytes").open("w+b") as stream:
            stream.write(data)
            stream.seek(0)
            archive.put(stream, limit=len(data))
    with seeded.database.transaction() as session:
        for arrival in session.query(Document):
            session.connection().exec_driver_sql(
                f"UPDATE arrivals SET size = {arrival.size} WHERE document_id = {arrival.id}"  # noqa: S608
            )
    (seeded.root / "inbox").mkdir()
    with ensure(Settings(data_dir=seeded.root / "var")):
        yield seeded


def flip(place: Place) -> Path:
    """Damage the bytes of the balanced report."""
    with place.database.reading() as session:
        sha256 = session.get_one(Document, 1).sha256
    path = place.root / "var" / "archive" / sha256[:2] / sha256
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(b"x" + data[1:])
    return path


@pytest.mark.process
def test_a_sound_house_ends_with_0(whole: Place) -> None:
    # When
    result = whole.run("verify")

    # Then
    assert result.exit_code == 0, result.output
    assert "everything agrees" in result.stdout
    assert "documents 2" in result.stdout


@pytest.mark.process
def test_a_damaged_file_is_named_and_ends_with_4(whole: Place) -> None:
    # Given
    flip(whole)

    # When
    result = whole.run("verify")

    # Then the code, what it means and which document it is are told
    assert result.exit_code == 4, result.output
    assert "ARCHIVE.DAMAGED" in result.stdout
    assert "存档字节损坏" in result.stdout
    assert "document 1  name 平衡.txt" in result.stdout


@pytest.mark.process
def test_quick_reads_no_bytes_and_says_so(whole: Place) -> None:
    # Given
    flip(whole)

    # When
    told = whole.json("verify", "--quick")

    # Then
    assert told["sound"]
    assert [part["codes"] for part in told["unseen"]] == [
        ["REPORT.FIGURES"],
        ["REPORT.YEARS"],
    ]
    assert "bytes" not in told["looked_at"]
    assert "REPORT.YEARS: 按要求略过 left out by wish" in whole.run("verify", "--quick").stdout


@pytest.mark.process
def test_since_reads_the_bytes_of_new_documents_only(whole: Place) -> None:
    # Given
    flip(whole)

    # Then
    assert whole.run("verify", "--since", "7d").exit_code == 4
    assert whole.run("verify", "--since", now().isoformat()).exit_code == 0


def test_without_a_queue_the_rest_is_verified_and_it_ends_with_6(seeded: Place) -> None:
    # Given a place without a queue, and documents without bytes in the archive

    # When
    result = seeded.run("verify", "--json")
    told = orjson.loads(result.stdout)

    # Then both are said not to have been looked at
    assert {part["area"] for part in told["unseen"] if part["failed"]} >= {"queue", "archive"}
    assert not told["complete"]

    # When what was found is left out, and what could not be reached too
    skipped = [f"--skip={area}" for area in ("queue", "archive", "sources", "ledger", "history")]
    assert seeded.run("verify", *skipped).exit_code == 0
    assert seeded.run("verify", *skipped[:0:-1]).exit_code == 6


def test_without_a_database_it_ends_with_6(bare: Path) -> None:
    place = Place(bare, None)  # type: ignore[arg-type]
    assert place.error("verify")[0] == 6


@pytest.mark.process
def test_a_dry_run_changes_nothing(whole: Place) -> None:
    # Given a document at its end whose history does not tell of it
    forget_end(whole)

    # When
    result = whole.run("verify", "--repair", "--dry-run", "--json")

    # Then it is told that it can be mended, and nothing is
    told = orjson.loads(result.stdout)
    assert (result.exit_code, told["counts"]) == (4, {"EVENT.NO_END": 1})
    assert told["discrepancies"][0]["repairable"]
    assert "repaired" not in told
    assert whole.run("verify").exit_code == 4


@pytest.mark.process
def test_off_a_terminal_a_repair_has_to_be_agreed_to(whole: Place) -> None:
    forget_end(whole)
    result = whole.run("verify", "--repair")
    assert result.exit_code == 2
    assert "--yes" in result.output


@pytest.mark.process
def test_a_repair_mends_tells_and_ends_with_0(whole: Place) -> None:
    # Given
    forget_end(whole)

    # When
    result = whole.run("verify", "--repair", "--yes", "--operator", "tester", "--json")

    # Then
    told = orjson.loads(result.stdout)
    assert result.exit_code == 0, result.output
    assert [one["done"] for one in told["repaired"]] == ["wrote report.stored"]
    assert whole.run("verify").exit_code == 0
    with whole.database.reading() as session:
        event = session.query(Event).filter_by(name=EventName.VERIFY_REPAIRED).one()
    assert (event.document_id, event.data["code"]) == (1, "EVENT.NO_END")
    assert event.data["operator"] == "tester"


@pytest.mark.process
def test_what_cannot_be_mended_still_ends_with_4(whole: Place) -> None:
    # Given damaged bytes whose original is gone
    flip(whole)

    # When
    result = whole.run("verify", "--repair", "--yes")

    # Then
    assert result.exit_code == 4
    assert "nothing was changed" in result.stdout


def forget_end(place: Place) -> None:
    with place.database.transaction() as session:
        for event in session.query(Event).filter_by(document_id=1, name=EventName.REPORT_STORED):
            session.delete(event)


def test_a_dry_run_is_one_of_a_repair(place: Place) -> None:
    assert place.run("verify", "--dry-run").exit_code == 2
