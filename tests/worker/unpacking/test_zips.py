"""ZIP archives: those of every tool, and those that mean harm."""

import io
import random
import stat
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.disclosure.finding import Reason
from tests.tools import need
from tests.worker.unpacking.archives import (
    REPORTS,
    overlapping,
    patched,
    refusal,
    unpacked,
    zipped,
    zipped_in_gbk,
)
from worker.reading import choose
from worker.spool import Allowance, Spool, in_process, spooled


@pytest.mark.parametrize(
    "compression",
    [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA],
)
def test_every_file_comes_out_whole(compression: int) -> None:
    assert unpacked(zipped(REPORTS, compression)) == (REPORTS, [])


def test_names_in_gbk_are_read_and_kept() -> None:
    # Given an archive as Windows makes it in China
    data = zipped_in_gbk([("市政府信息公开\\年报.txt", b"x"), ("表.txt", b"y")])

    # When
    taken, _ = unpacked(data)

    # Then
    assert taken == [("市政府信息公开\\年报.txt", b"x"), ("表.txt", b"y")]


@pytest.mark.parametrize(
    "command",
    [["zip", "-q", "-r"], ["7z", "a", "-bso0", "-tzip"], ["zip", "-q", "-r", "-fz-"]],
    ids=["zip", "7z", "zip-streamed"],
)
def test_archives_of_other_programs(tmp_path: Path, command: list[str]) -> None:
    # Given
    need(command[0])
    for name, data in REPORTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)

    # When
    subprocess.run([*command, "out.zip", "年报"], cwd=tmp_path, check=True, capture_output=True)

    # Then
    taken, ignored = unpacked((tmp_path / "out.zip").read_bytes())
    assert (sorted(taken), ignored) == (sorted(REPORTS), [])


def test_what_is_never_read_is_told_apart() -> None:
    # Given litter, a directory and a symlink
    link = zipfile.ZipInfo("link.txt")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    pipe = zipfile.ZipInfo("pipe")
    pipe.create_system, pipe.external_attr = 3, (stat.S_IFIFO | 0o600) << 16
    litter = ["__MACOSX/._甲.txt", "a/.DS_Store", "Thumbs.db", "~$甲.docx", "a/x.part"]
    data = zipped([(name, b"x") for name in litter] + [("d/", b""), *REPORTS])
    data = _with(data, (link, b"/etc/passwd"), (pipe, b""))

    # When
    taken, ignored = unpacked(data)

    # Then
    assert taken == REPORTS
    assert dict(ignored) == {
        "__MACOSX/._甲.txt": "name: __MACOSX",
        "a/.DS_Store": "name: .DS_Store",
        "Thumbs.db": "name: Thumbs.db",
        "~$甲.docx": "name: ~$甲.docx",
        "a/x.part": "name: x.part",
        "link.txt": "symlink",
        "pipe": "special",
    }


def _with(data: bytes, *entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        for entry, content in entries:
            archive.writestr(entry, content)
    return out.getvalue()


def test_members_of_one_name_all_come() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped([("a.txt", b"1"), ("a.txt", b"2")])
    assert unpacked(data)[0] == [("a.txt", b"1"), ("a.txt", b"2")]


def test_an_empty_file_is_a_file() -> None:
    assert unpacked(zipped([("a.txt", b"")]))[0] == [("a.txt", b"")]


@pytest.mark.parametrize("files", [[], [("d/", b"")], [(".DS_Store", b"x")]])
def test_an_archive_without_a_file_is_empty(files: list[tuple[str, bytes]]) -> None:
    reason, message = refusal(zipped(files))
    assert reason is Reason.EMPTY
    assert "no file to read" in message


def test_members_that_overlap_are_refused_unread() -> None:
    reason, message = refusal(overlapping())
    assert reason is Reason.UNREADABLE
    assert "0.txt overlaps" in message


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    # Given
    need("zip")
    (tmp_path / "甲.txt").write_bytes(b"secret")
    command = ["zip", "-q", "-P", "password", "out.zip", "甲.txt"]
    subprocess.run(command, cwd=tmp_path, check=True)

    # Then
    reason, message = refusal((tmp_path / "out.zip").read_bytes())
    assert (reason, message) == (Reason.ENCRYPTED, "甲.txt is encrypted")


def test_a_wrong_checksum_refuses_the_archive() -> None:
    # Given one damaged member behind a sound one
    data = patched(zipped([*REPORTS, ("丙.txt", b"x" * 99)], zipfile.ZIP_STORED), b"xxx", b"xyx")

    # Then
    reason, message = refusal(data)
    assert reason is Reason.UNREADABLE
    assert message.startswith("丙.txt is damaged")


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
def test_a_cut_archive_is_truncated(share: float) -> None:
    data = zipped(REPORTS)
    assert refusal(data[: int(len(data) * share)])[0] is Reason.TRUNCATED


def test_a_method_that_is_unknown_is_named() -> None:
    # Given a member that claims to be packed by deflate64
    data = zipped([("a.txt", b"x" * 100)])
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = data.index(mark) + at
        data = data[:start] + b"\x09\x00" + data[start + 2 :]

    # Then
    reason, message = refusal(data)
    assert reason is Reason.UNREADABLE
    assert "deflate64" in message


@pytest.mark.parametrize(
    ("files", "allowance", "limit"),
    [
        ([("a.txt", bytes(30_000_000))], {}, "more than 100 times"),
        ([("a.txt", b"12345"), ("b.txt", b"678")], {"expanded": 7}, "more than 7 bytes"),
        ([("a.txt", b"12345")], {"expanded": 7, "spent": 3}, "with those around and beside it"),
        ([(f"{n}.txt", b"x") for n in range(5)], {"members": 4}, "more than 4 files"),
    ],
)
def test_what_expands_too_far_is_refused_with_its_limit(
    files: list[tuple[str, bytes]], allowance: dict[str, int], limit: str
) -> None:
    reason, message = refusal(zipped(files), **allowance)
    assert reason is Reason.TOO_LARGE
    assert limit in message


def test_more_entries_than_anybody_lists_are_refused() -> None:
    reason, message = refusal(zipped([(f"{n}/", b"") for n in range(10_001)]))
    assert reason is Reason.TOO_LARGE
    assert "10,000" in message


@pytest.mark.parametrize(
    "marks",
    [
        ["mimetype"],
        ["[Content_Types].xml", "visio/document.xml"],
        ["META-INF/MANIFEST.MF", "A.class"],
    ],
)
def test_packages_of_a_kind_unknown_are_no_archives(marks: list[str]) -> None:
    assert (
        choose.media_type(zipped([(mark, b"x") for mark in marks])) == "application/x-zip-package"
    )


@given(st.integers(0, 2**32), st.integers(1, 8))
def test_damage_never_gets_through(seed: int, changes: int) -> None:
    # Given an archive with some bytes changed
    rng = random.Random(seed)
    data = bytearray(zipped(REPORTS))
    for _ in range(changes):
        data[rng.randrange(4, len(data))] = rng.randrange(256)

    # When it is unpacked, then it is refused or every member has the bytes that it had
    with tempfile.TemporaryFile() as file:
        spool = Spool(file, Allowance(len(data)))
        try:
            sound = spooled(bytes(data), spool, in_process) is None
        except (IndexError, OverflowError, UnicodeError):  # costs the file in the child
            sound = False
        if sound:
            came = {spool.open(one).read() for one in spool.sections}
            assert came <= {content for _, content in REPORTS}
