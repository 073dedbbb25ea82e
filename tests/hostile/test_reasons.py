"""Every hostile file gets its own reason within the limits, and the next one is read."""

import io
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from console.cli.main import cli
from models.disclosure.finding import Reason
from models.ledger import State
from tests.hostile.corpus import CORPUS, Hostile, report_docx, report_pdf
from tests.sampling import sampled
from tests.worker.house import House, house
from worker.contents import Contents
from worker.inspection import inspect
from worker.isolation.limits import Limits
from worker.isolation.pool import Isolated

pytestmark = pytest.mark.process

_LIMITS = Limits(seconds=240)  # none of them is to take so long, whoever runs beside


@pytest.fixture(scope="module")
def reader() -> Iterator[Isolated]:
    with closing(Isolated(_LIMITS)) as built:
        yield built


@pytest.mark.parametrize("case", sampled(CORPUS, 5), ids=lambda case: case.name)
def test_each_gets_its_reason(reader: Isolated, case: Hostile) -> None:
    # When it is inspected as a worker does
    data = case.make()
    found = inspect(data, "报告.docx", reader=reader)
    if found.outcome == "unpacked":
        (found,) = Contents(reader, reader.unpack, len(data)).of(found, data)

    # Then it is refused for what it is, by a check and not by a crash; not for taking too long,
    # where that is none of its reasons
    assert found.reason in case.reasons, found.message
    assert found.traceback is None
    assert found.message

    # and the next one is read
    assert inspect(report_docx(), "报告.docx", reader=reader).outcome == "stored"


@pytest.mark.parametrize("name", ["报告.pdf", "报告.html", "报告.jpg", "报告"])
@pytest.mark.parametrize("make", [report_docx, report_pdf])
def test_what_a_name_says_does_not_matter(reader: Isolated, name: str, make: object) -> None:
    assert callable(make)
    assert inspect(make(), name, reader=reader).outcome == "stored"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as built:
        yield built


@pytest.mark.soak
def test_a_sparse_file_of_two_gigabytes_is_not_read(home: House, tmp_path: Path) -> None:
    # Given a file of 2 GB that takes no room on the disk
    path = tmp_path / "大.html"
    with path.open("wb") as file:
        file.write(b"<html>")
        os.ftruncate(file.fileno(), 2 << 30)

    # When it is inspected
    result = CliRunner().invoke(cli, ["inspect", str(path), "--json"])

    # Then its size alone refuses it
    told = orjson.loads(result.stdout)
    assert (told["reason"], told["stage"], told["file"]["bytes"]) == ("too_large", "read", 2 << 30)


def test_a_file_larger_than_the_limit_is_not_even_fetched(home: House) -> None:
    # Given a document in the ledger that is larger than may be read
    limit = home.settings.max_bytes
    document_id = home.receive(b"x")
    with home.database.transaction() as session:
        session.get_one(type(home.document(document_id)), document_id).size = limit + 1

    # When a worker takes it up
    home.pipeline().run(document_id)

    # Then it is a dead letter
    assert home.document(document_id).state == State.DEAD
    assert [letter.reason for letter in home.letters(document_id)] == [Reason.TOO_LARGE]


def test_standard_input_is_limited_too() -> None:
    result = CliRunner().invoke(cli, ["inspect", "-", "--json"], input=io.BytesIO(b"").read())
    assert orjson.loads(result.stdout)["reason"] == "empty"
