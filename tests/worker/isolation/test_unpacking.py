"""Archives are unpacked in the child too: members stream up, and nothing it does gets through."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from tests.worker.unpacking.archives import REPORTS, Files, patched, sevenzipped, tarred, zipped
from worker.errors import Refused
from worker.isolation import wire
from worker.isolation.limits import Limits
from worker.isolation.pool import Isolated
from worker.spool import Allowance, Spool, spooled
from worker.unpacking.members import Member

pytestmark = pytest.mark.process

_HOSTILE = "tests.worker.isolation.hostile"
_LIMITS = Limits(seconds=60.0, memory=300_000_000)


@pytest.fixture(scope="module")
def isolated() -> Iterator[Isolated]:
    with closing(Isolated(Limits(seconds=600))) as built:  # packers are slow on a busy machine
        yield built


@pytest.fixture
def hostile() -> Iterator[Isolated]:
    with closing(Isolated(_LIMITS, _HOSTILE)) as built:
        yield built


@pytest.fixture
def spool() -> Iterator[Spool]:
    with tempfile.TemporaryFile() as file:
        yield Spool(file, Allowance(1000))


def _files(spool: Spool) -> list[tuple[str, bytes]]:
    return [(one.member.shown, spool.open(one).read()) for one in spool.sections]


@pytest.mark.parametrize("pack", [zipped, tarred, sevenzipped])
def test_members_come_through_whole(
    isolated: Isolated, spool: Spool, pack: Callable[[Files], bytes]
) -> None:
    # Given an archive with members of many sizes
    sizes = (0, 1, 1 << 18, (1 << 18) + 1, 3_000_000)
    files = [(f"{size}.bin", os.urandom(size)) for size in sizes]

    packed = pack(files)

    # When it is unpacked in the child, and once more
    for _ in range(2):
        assert spooled(packed, spool, isolated.unpack) is None

        # Then every byte is there
        assert sorted(_files(spool)) == sorted(files)


def test_documents_are_read_by_the_same_child(isolated: Isolated, spool: Spool) -> None:
    assert isolated(b"\xe5\xb9\xb4").pages is not None
    assert isolated.unpack(zipped(REPORTS), spool) is None
    assert isolated(b"\xe5\xb9\xb4").pages is not None
    assert isolated(zipped(REPORTS)).media_type == "application/zip"


def test_what_is_wrong_with_an_archive_is_told(isolated: Isolated, spool: Spool) -> None:
    damaged = patched(zipped([("a.txt", b"xyz")], 0), b"xyz", b"xxz")
    refusal = isolated.unpack(damaged, spool)
    assert refusal is not None
    assert refusal.message.startswith("a.txt is damaged")


def test_too_much_ends_the_child_at_once(isolated: Isolated) -> None:
    # Given a spool for a hundred bytes
    data = zipped([("a.txt", os.urandom(5_000_000))])
    with tempfile.TemporaryFile() as file:
        small = Spool(file, Allowance(len(data), expanded=100))

        # When more comes
        with pytest.raises(Refused, match="more than 100 bytes"):
            isolated.unpack(data, small)

        # Then it was not written, and the next file is read
        assert file.seek(0, 2) <= 100
    assert isolated(b"\xe5\xb9\xb4").pages is not None


@pytest.mark.parametrize(
    ("deed", "reason", "told"),
    [
        ("flood", "too_large", "expands to more than"),
        ("crowd", "too_large", "more than 2,000 files"),
        ("litter", "too_large", "more than 10,000 entries"),
        ("no member", "unreadable", "bytes of no member"),
        ("garbage", "unreadable", "not a member"),
        ("half, then crash", "unreadable", "SIGSEGV"),
        ("half, then hang", "timeout", "1.5 s"),
        ("half, then fail", "unreadable", "ValueError: half"),
        ("half, then bloat", "too_large", "300 MB of memory"),
    ],
)
def test_each_gets_its_reason(
    hostile: Isolated, spool: Spool, deed: str, reason: str, told: str
) -> None:
    # Given a child that has read something already
    if reason == "timeout":
        hostile.limits = replace(_LIMITS, seconds=1.5)
    hostile(b"good")

    # When an archive does its worst
    began = time.monotonic()
    refusal = spooled(deed.encode(), spool, hostile.unpack)

    # Then it is refused in time with its reason, and the next one is read
    assert refusal is not None
    assert (str(refusal.reason), told in refusal.message) == (reason, True), refusal
    assert time.monotonic() - began < 50
    assert hostile(b"good").pages is not None


def test_a_child_that_is_killed_in_between_begins_again(hostile: Isolated, spool: Spool) -> None:
    # Given an archive whose first reader fails after the first member, through no fault of it
    with tempfile.TemporaryDirectory() as directory:
        once = os.path.join(directory, "once")  # noqa: PTH118 - passed as text

        # When it is unpacked
        hostile(b"good")
        refusal = spooled(f"once:{once}".encode(), spool, hostile.unpack)

    # Then nothing of the first try is left
    assert refusal is None
    assert _files(spool) == [("a", b"1"), ("b", b"2")]


@pytest.mark.parametrize("name", [b"", b"a/b.txt", b"\xc4\xea\xb1\xa8", bytes(range(256))])
def test_any_name_crosses_the_wire(name: bytes) -> None:
    for member in (Member(name, 5), Member(name, 0, "why")):
        assert wire.decode_member(wire.encode_member(member)) == member


@pytest.mark.parametrize("data", [b"", b"{}", b"[1, 2, 3]", b'["a", "x", null]', b'["a", 1]'])
def test_what_is_no_member_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a member"):
        wire.decode_member(data)
