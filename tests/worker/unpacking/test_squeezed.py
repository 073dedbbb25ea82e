"""Single compressed files."""

import gzip
import io

import pytest

from models.disclosure.finding import Reason
from tests.worker.unpacking.archives import SQUEEZERS, refusal, unpacked
from worker.reading import choose
from worker.unpacking.members import CONTAINERS


@pytest.mark.parametrize("squeeze", SQUEEZERS)
@pytest.mark.parametrize("content", [b"", b"x", b"x" * 512, b"text " * 200_000])
def test_the_file_comes_out_whole(squeeze: str, content: bytes) -> None:
    data = SQUEEZERS[squeeze](content)
    assert choose.media_type(data) in CONTAINERS
    assert unpacked(data) == ([("", content)], [])


@pytest.mark.parametrize("name", ["年报.txt", "a.txt"])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_gzip_keeps_the_name(name: str, encoding: str) -> None:
    # Given a header with a name in it, as gzip writes it from the command line
    raw = name.encode(encoding)
    data = gzip.compress(b"x")
    named = data[:3] + b"\x08" + data[4:10] + raw + b"\0" + data[10:]

    # Then
    assert unpacked(named)[0] == [(name, b"x")]


def test_several_streams_are_one_file() -> None:
    assert unpacked(gzip.compress(b"one ") + gzip.compress(b"two"))[0] == [("", b"one two")]


@pytest.mark.parametrize("squeeze", SQUEEZERS)
def test_a_cut_file_is_truncated(squeeze: str) -> None:
    data = SQUEEZERS[squeeze](bytes(range(256)) * 100)
    assert refusal(data[: len(data) // 2])[0] is Reason.TRUNCATED


@pytest.mark.parametrize("squeeze", SQUEEZERS)
def test_a_damaged_file_is_refused(squeeze: str) -> None:
    data = bytearray(SQUEEZERS[squeeze](bytes(range(256)) * 100))
    middle = len(data) // 2
    data[middle : middle + 20] = b"\xff" * 20
    assert refusal(bytes(data))[0] in (Reason.UNREADABLE, Reason.TRUNCATED)


def test_a_bomb_is_refused_with_its_limit() -> None:
    # Given 100 MB of nothing in 100 KB
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as file:
        for _ in range(100):
            file.write(bytes(1_000_000))

    # Then
    reason, message = refusal(out.getvalue())
    assert reason is Reason.TOO_LARGE
    assert "more than 100 times" in message
