"""7z archives, of py7zr and of 7z itself."""

import subprocess
from pathlib import Path

import pytest

from models.disclosure.finding import Reason
from tests.tools import need
from tests.worker.unpacking.archives import REPORTS, refusal, renamed, sevenzipped, unpacked
from worker.reading import choose


def test_every_file_comes_out_whole() -> None:
    data = sevenzipped([*REPORTS, ("空.txt", b"")])
    assert choose.media_type(data) == "application/x-7z-compressed"
    taken, ignored = unpacked(data)
    assert (sorted(taken), ignored) == (sorted([*REPORTS, ("空.txt", b"")]), [])


@pytest.mark.parametrize(
    "method", ["lzma2", "lzma", "ppmd", "bzip2", "deflate", "copy", "lzma2 -ms=off"]
)
def test_archives_of_7z_itself(tmp_path: Path, method: str) -> None:
    # Given a folder with a symlink, litter and an empty file
    need("7z")
    for name, data in [*REPORTS, ("年报/空.txt", b""), ("年报/.hidden", b"x")]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "年报" / "link").symlink_to("/etc/passwd")

    # When
    name, *options = method.split()
    command = ["7z", "a", "-bso0", "-snl", f"-m0={name}", *options, "out.7z", "年报"]
    subprocess.run(command, cwd=tmp_path, check=True)

    # Then
    taken, ignored = unpacked((tmp_path / "out.7z").read_bytes())
    assert sorted(taken) == sorted([*REPORTS, ("年报/空.txt", b"")])
    assert sorted(ignored) == [("年报/.hidden", "name: .hidden"), ("年报/link", "symlink")]


@pytest.mark.parametrize("names", ["-mhe=off", "-mhe=on"])
def test_an_encrypted_one_is_told(tmp_path: Path, names: str) -> None:
    # Given
    need("7z")
    (tmp_path / "a.txt").write_bytes(b"secret")
    command = ["7z", "a", "-bso0", "-psecret", names, "out.7z", "a.txt"]
    subprocess.run(command, cwd=tmp_path, check=True)

    # Then
    assert refusal((tmp_path / "out.7z").read_bytes())[0] is Reason.ENCRYPTED


def test_names_are_only_labels() -> None:
    # Given names that lead out of the archive, one of them twice
    files = [("xx/a.txt", b"1"), ("xyz/b.txt", b"2"), ("c.txt", b"3"), ("d.txt", b"4")]
    data = sevenzipped(files, open_directory=True)
    for old, new in (("xx/a", "../a"), ("xyz/b", "/et/b"), ("d.txt", "c.txt")):
        data = renamed(data, old, new)

    # Then all come, in order
    wanted = [("../a.txt", b"1"), ("/et/b.txt", b"2"), ("c.txt", b"3"), ("c.txt", b"4")]
    assert unpacked(data)[0] == wanted


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_one_is_truncated(share: float) -> None:
    data = sevenzipped(REPORTS)
    assert refusal(data[: int(len(data) * share)])[0] is Reason.TRUNCATED


@pytest.mark.parametrize("at", [40, -30])
def test_a_damaged_one_is_refused(at: int) -> None:
    data = bytearray(sevenzipped(REPORTS))
    data[at] ^= 0xFF
    assert refusal(bytes(data))[0] is Reason.UNREADABLE


def test_one_with_nothing_in_it_is_empty() -> None:
    assert refusal(sevenzipped([]))[0] is Reason.EMPTY


def test_a_bomb_is_refused_with_its_limit() -> None:
    reason, message = refusal(sevenzipped([("a.txt", bytes(60_000_000))]))
    assert reason is Reason.TOO_LARGE
    assert "more than 100 times" in message
