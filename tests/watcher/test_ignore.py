"""Names that are never read."""

import pytest

from watcher import ignore


@pytest.mark.parametrize(
    "path",
    [
        b".hidden",
        b"~$report.docx",
        b"a/report.pdf.part",
        b"REPORT.TMP",
        b"x.partial",
        b"x.filepart",
        b"x.crdownload",
        b".report.swp",
        b"._report.docx",
        b"Thumbs.db",
        b"desktop.ini",
        b"@eaDir/report.txt",
        b"__MACOSX/deep/report.txt",
        b".git/config",
    ],
)
def test_ignored(path: bytes) -> None:
    assert ignore.why(path) is not None


@pytest.mark.parametrize(
    "path",
    [
        b"report.txt",
        b"2023/\xb1\xa8\xb8\xe6.txt",
        b"tmp",
        b"part.txt",
        b"a.b",
        b"~report",
        b"x.done",
    ],
)
def test_read(path: bytes) -> None:
    assert ignore.why(path) is None


def test_in_progress_names_are_those_that_are_renamed_later() -> None:
    assert ignore.in_progress(b"dir/report.pdf.part")
    assert ignore.in_progress(b".report.pdf.Ab12Cd")
    assert not ignore.in_progress(b"Thumbs.db")
    assert not ignore.in_progress(b"._report.pdf")
    assert not ignore.in_progress(b".git/config")


def test_own_folder_is_private() -> None:
    assert ignore.is_private(b".gouji/done/2024-01-01/report.txt")
    assert not ignore.is_private(b"gouji/report.txt")


def test_done_markers() -> None:
    assert ignore.marked(b"a/report.txt.done") == b"a/report.txt"
    assert ignore.marked(b"a/report.txt") is None
    assert ignore.marked(b"a/.done") is None
    assert ignore.marked(b"~$x.done") is None
