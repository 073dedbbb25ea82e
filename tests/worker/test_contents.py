"""Archives looked into without a database."""

from dataclasses import replace

from models.disclosure.finding import Reason
from tests.worker.seeds import SEEDS
from tests.worker.unpacking.archives import patched, tarred, zipped, zipped_in_gbk
from worker.contents import Contents
from worker.inspection import Inspection, in_process, inspect
from worker.spool import in_process as unpack

_SEED = min(SEEDS.iterdir())


def members(data: bytes, name: str = "a.zip", most: int = 10**8) -> list[Inspection]:
    found = inspect(data, name)
    assert found.outcome == "unpacked"
    return list(Contents(in_process, unpack, most).of(found, data))


def test_each_member_is_inspected_as_if_it_came_alone() -> None:
    # Given a report, rubbish and litter, the report in an archive of its own
    report = _SEED.read_bytes()
    inner = tarred([("市/2021年报.txt", report)])
    data = zipped_in_gbk([("市级.tar", inner), ("废.txt", b"nothing"), (".DS_Store", b"x")])

    # When
    found = {one.file.name: one for one in members(data)}

    # Then
    assert list(found) == ["a.zip!/市级.tar!/市/2021年报.txt", "a.zip!/废.txt", "a.zip!/.DS_Store"]
    alone = inspect(report, "2021年报.txt")
    first = found["a.zip!/市级.tar!/市/2021年报.txt"]
    assert replace(first, file=alone.file) == alone
    assert found["a.zip!/废.txt"].reason is Reason.NOT_A_REPORT
    assert found["a.zip!/.DS_Store"].outcome == "ignored"
    assert found["a.zip!/.DS_Store"].message == "name: .DS_Store"


def test_an_archive_that_is_refused_is_one_answer() -> None:
    data = patched(zipped([("a", b"1"), ("b", b"xyz")], 0), b"xyz", b"xzz")
    (found,) = members(data)
    assert (found.file.name, found.outcome, found.reason) == ("a.zip", "dead", Reason.UNREADABLE)
    assert found.stage == "unpack"


def test_archives_too_deep_and_members_too_large_are_refused_by_themselves() -> None:
    # Given
    deep = zipped([("0.txt", b"x")])
    for n in range(3):
        deep = zipped([(f"{n}.zip", deep)])
    data = zipped([("deep.zip", deep), ("big.bin", b"x" * 5000)])

    # When
    found = {one.file.name: one.reason for one in members(data, most=4000)}

    # Then
    assert found == {
        "a.zip!/deep.zip!/2.zip!/1.zip": Reason.UNSUPPORTED_TYPE,
        "a.zip!/big.bin": Reason.TOO_LARGE,
    }
