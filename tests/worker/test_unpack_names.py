"""What members are called, and what becomes of those that nobody reads."""

import gzip
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from models.event import Event, EventName
from models.ledger import State
from tests.worker.house import House, house
from tests.worker.unpack_house import names, pipeline
from tests.worker.unpacking.archives import (
    special,
    tarred,
    zipped,
    zipped_in_gbk,
)


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path, database_url=database_url) as built:
        yield built


def test_names_in_gbk_are_kept_as_bytes_and_read(home: House) -> None:
    # Given
    name = "精誠市\\报表.txt"
    assert name.encode("gbk").count(b"\\") == 2
    container = home.arrive(zipped_in_gbk([(name, b"x")]), "a.zip")

    # When
    pipeline(home).run(container)

    # Then a backslash separates, but not one that is the half of a character
    (found,) = home.arrivals(container)
    assert found.path == b"a.zip!/" + "精誠市/报表.txt".encode("gbk")
    assert found.name == "a.zip!/精誠市/报表.txt"


@pytest.mark.parametrize(
    ("named", "inside"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\报告\\a.txt", "报告/a.txt"),
        ("C:a.txt", "a.txt"),
        ("a/../../b.txt", "a/b.txt"),
        ("./a//b.txt", "a/b.txt"),
        ("..", "a"),
        ("x" * 3000, "x" * 3000),
    ],
)
def test_a_name_never_leads_out_of_the_archive(home: House, named: str, inside: str) -> None:
    # Given a member with such a name
    container = home.arrive(zipped([(named, b"x")]), "a.zip")

    # When
    pipeline(home).run(container)

    # Then its bytes are taken under a name that stays inside
    (found,) = home.arrivals(container)
    assert (found.name, found.state) == (f"a.zip!/{inside}", "accepted")
    assert b".." not in found.path
    assert len(found.path) < 1100


def test_what_the_archive_called_it_is_told(home: House) -> None:
    # Given
    container = home.arrive(zipped([("../a.txt", b"x")]), "a.zip")

    # When
    pipeline(home).run(container)

    # Then
    with home.database.reading() as session:
        name = EventName.DOCUMENT_RECEIVED
        (event,) = session.scalars(select(Event).where(Event.name == name))
    assert event.data["named"] == "../a.txt"


def test_litter_cannot_break_the_ledger(home: House) -> None:
    # Given entries with a NUL in the name, half a character, and a size beyond any number
    vast = special(".vast", tarfile.FIFOTYPE)
    vast.size = 2**70
    strange = [(".nul\0", b"x"), ("~$\udcc4", b"x"), ("a.txt", b"x")]
    data = tarred(strange, vast, format=tarfile.PAX_FORMAT, errors="surrogateescape")
    container = home.arrive(data, "a.tar")

    # When
    pipeline(home).run(container)

    # Then
    assert home.document(container).state == State.UNPACKED, home.letters(container)[0].message
    found = home.arrivals(container)
    assert sorted(one.state for one in found) == ["accepted", "ignored", "ignored", "ignored"]


def test_a_compressed_file_without_a_name_is_called_like_its_archive(home: House) -> None:
    # Given
    container = home.arrive(gzip.compress(b"x"), "2024/年报.txt.gz")

    # When
    pipeline(home).run(container)

    # Then
    (found,) = home.arrivals(container)
    assert found.name == "2024/年报.txt.gz!/年报.txt"


def test_members_of_one_name_and_content_all_arrive(home: House) -> None:
    # Given a tar archive to which a file was added twice
    container = home.arrive(tarred([("a.txt", b"x"), ("a.txt", b"x"), ("a.txt", b"y")]), "a.tar")

    # When
    pipeline(home).run(container)

    # Then
    assert names(home.arrivals(container)) == [
        ("a.tar!/a.txt", "accepted"),
        ("a.tar!/a.txt", "duplicate"),
        ("a.tar!/a.txt", "accepted"),
    ]


def test_an_archive_of_the_same_path_brings_its_own_members(home: House) -> None:
    # Given an archive that is replaced by another with the same names and sizes
    first = home.arrive(zipped([("a.txt", b"1")]), "a.zip")
    second = home.arrive(zipped([("a.txt", b"2")]), "a.zip")

    # When
    for container in (first, second):
        pipeline(home).run(container)

    # Then
    assert [one.state for one in home.arrivals(second)] == ["accepted"]
