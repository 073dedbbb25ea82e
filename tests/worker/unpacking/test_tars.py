"""Tar archives, plain and compressed."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from models.disclosure.finding import Reason
from tests.worker.unpacking.archives import (
    REPORTS,
    SQUEEZERS,
    patched,
    refusal,
    special,
    tarred,
    unpacked,
)
from worker.reading import choose

_FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


@pytest.mark.parametrize("form", _FORMATS)
def test_every_file_comes_out_whole(form: int) -> None:
    data = tarred(REPORTS, format=form)
    assert choose.media_type(data) == "application/x-tar"
    assert unpacked(data) == (REPORTS, [])


@pytest.mark.parametrize("squeeze", SQUEEZERS)
def test_one_in_a_compressed_file_is_unpacked_at_once(squeeze: str) -> None:
    assert unpacked(SQUEEZERS[squeeze](tarred(REPORTS))) == (REPORTS, [])


@pytest.mark.parametrize("option", ["", "z", "j", "J"])
def test_archives_of_tar_itself(tmp_path: Path, option: str) -> None:
    # Given a folder with a long name
    if shutil.which("tar") is None:
        pytest.skip("tar is not here")
    files = [(f"{'很长的文件夹名' * 8}/{name}", data) for name, data in REPORTS]
    for name, data in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)

    # When
    folder = files[0][0].partition("/")[0]
    subprocess.run(["tar", f"-c{option}f", "out", folder], cwd=tmp_path, check=True)

    # Then
    taken, ignored = unpacked((tmp_path / "out").read_bytes())
    assert (sorted(taken), ignored) == (sorted(files), [])


def test_names_in_gbk_are_read_and_kept() -> None:
    name = "年报表.txt".encode("gbk").decode("utf-8", "surrogateescape")
    data = tarred([(name, b"x")], format=tarfile.GNU_FORMAT, errors="surrogateescape")
    assert unpacked(data)[0] == [("年报表.txt", b"x")]


def test_only_regular_files_are_read() -> None:
    others = [
        special("link", tarfile.SYMTYPE, "/etc/passwd"),
        special("hard", tarfile.LNKTYPE, "年报/甲.txt"),
        special("pipe", tarfile.FIFOTYPE),
        special("disk", tarfile.BLKTYPE),
        special("folder", tarfile.DIRTYPE),
    ]
    taken, ignored = unpacked(tarred([*REPORTS, ("a/.swp", b"x")], *others))
    assert taken == REPORTS
    assert ignored == [
        ("a/.swp", "name: .swp"),
        ("link", "symlink"),
        ("hard", "hard link"),
        ("pipe", "special"),
        ("disk", "special"),
    ]


@pytest.mark.parametrize("at", [600, 512 * 4, 512 * 7, 512 * 8 + 100, 512 * 12])
def test_a_cut_archive_is_truncated(at: int) -> None:
    data = tarred([("a", b"x" * 2000), ("b", b"y" * 2000)])
    content = data.rstrip(b"\0")
    assert refusal(data[: min(at, len(content))])[0] is Reason.TRUNCATED


def test_one_cut_between_two_members_is_truncated() -> None:
    # Given an archive without the blocks of zeros at its end
    data = tarred([("a", b"x" * 512), ("b", b"y" * 512)])[: 4 * 512]

    # Then
    reason, message = refusal(data)
    assert reason is Reason.TRUNCATED
    assert "end mark" in message


def test_a_damaged_header_is_not_taken_for_the_end() -> None:
    # Given three members, the second of which has a header with a wrong checksum
    data = patched(tarred([("a", b"1"), ("bbbb", b"2"), ("c", b"3")]), b"bbbb", b"bxbb")

    # Then nothing of it is taken
    assert refusal(data)[0] is Reason.UNREADABLE


@pytest.mark.parametrize("squeeze", SQUEEZERS)
def test_a_cut_compressed_archive_is_truncated(squeeze: str) -> None:
    data = SQUEEZERS[squeeze](tarred(REPORTS))
    assert refusal(data[:-20])[0] is Reason.TRUNCATED


def test_a_sparse_file_of_terabytes_is_refused(tmp_path: Path) -> None:
    # Given a tar archive of a file that is nothing but a hole
    if shutil.which("tar") is None:
        pytest.skip("tar is not here")
    with (tmp_path / "hole.txt").open("wb") as file:
        file.truncate(1 << 40)
    subprocess.run(["tar", "-cSf", "out.tar", "hole.txt"], cwd=tmp_path, check=True)

    # Then its size is enough
    reason, message = refusal((tmp_path / "out.tar").read_bytes())
    assert reason is Reason.TOO_LARGE
    assert "500,000,000" in message


def test_an_archive_without_a_file_is_empty() -> None:
    assert refusal(tarred([], special("d", tarfile.DIRTYPE)))[0] is Reason.EMPTY
