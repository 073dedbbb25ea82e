"""What our readers do not understand, by way of LibreOffice; LibreOffice missing, or hanging."""

import os
import shutil
import struct
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from models.disclosure.finding import Reason
from tests.worker.house import until
from tests.worker.reading import office_files
from worker.inspection import inspect
from worker.isolation import conversion
from worker.isolation.limits import Limits
from worker.isolation.pool import Isolated
from worker.isolation.reading import Reading, Refusal
from worker.reading import compound

pytestmark = pytest.mark.process

_WORD_97, _WORD_6 = 0xA5EC, 0xA5DC
_WORDPERFECT = b"\xffWPC" + struct.pack("<I4BI", 16, 1, 10, 0, 1, 0)
_HANGS = """#!/bin/sh
echo $$ > {folder}/hanging
setsid sleep 600 &
echo $! >> {folder}/hanging
sleep 600
"""


@pytest.fixture
def isolated() -> Iterator[Isolated]:
    # LibreOffice alone takes seconds, and many times that where other tests run beside
    with closing(Isolated(Limits(seconds=600))) as built:
        yield built


@pytest.fixture(scope="session")
def word() -> bytes:
    """A report as a Word 97 file."""
    return (Path(__file__).parents[2] / "data" / "office" / "report-0.doc").read_bytes()


def _as(word: bytes, magic: int, version: int) -> bytes:
    changed = bytearray(word)
    at = changed.index(struct.pack("<H", _WORD_97), 512)
    changed[at : at + 4] = struct.pack("<HH", magic, version)
    return bytes(changed)


def test_every_cell_of_a_word_file_of_unknown_version_is_read(
    isolated: Isolated, word: bytes
) -> None:
    # Given
    data = _as(word, _WORD_97, 0xBF)
    assert inspect(data, "年报.doc").reason is Reason.UNREADABLE

    # When
    inspection = inspect(data, "年报.doc", reader=isolated)

    # Then
    (truth,) = office_files.reports(1)
    assert office_files.wrong_cells(inspection, truth) == []
    assert inspection.file.media_type == compound.DOC


@pytest.mark.soak
def test_a_wordperfect_file_is_read_and_says_how(isolated: Isolated) -> None:
    if conversion.missing() and not os.environ.get("CI"):
        pytest.skip("LibreOffice is not installed")
    reading = isolated(_WORDPERFECT + b"Annual report\nTotal 17\n")
    assert reading.pages is not None
    assert list(reading.pages.lines()) == ["Annual report", "Total 17"]
    assert reading.pages.media_type == reading.media_type == "application/vnd.wordperfect"
    assert any("converted by LibreOffice" in warning for warning in reading.pages.warnings)


def test_what_libreoffice_does_not_understand_is_refused_with_both_verdicts(
    isolated: Isolated, word: bytes
) -> None:
    refusal = isolated(_as(word, _WORD_6, 0x65)).refusal
    assert refusal is not None
    assert refusal.reason is Reason.UNSUPPORTED_TYPE
    assert "Word 6" in refusal.message
    assert "LibreOffice does not understand it either" in refusal.message


def test_a_missing_libreoffice_is_named_in_both_languages(
    isolated: Isolated, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Given
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(conversion, "_ELSEWHERE", ())

    # When
    refusal = isolated(_WORDPERFECT).refusal

    # Then
    assert refusal is not None
    assert refusal.reason is Reason.UNSUPPORTED_TYPE
    assert "未安装 LibreOffice" in refusal.message
    assert "is not installed" in refusal.message
    assert (conversion.missing() or "?") in refusal.message


def test_a_conversion_that_hangs_is_ended_with_all_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Given
    program = tmp_path / "soffice"
    program.write_text(_HANGS.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    reading = Reading("application/msword", refusal=Refusal(Reason.UNREADABLE, "so"))
    started = time.monotonic()

    # When
    refused = conversion.instead(b"x", reading, lambda _: reading, seconds=10.0).refusal

    # Then
    assert refused is not None
    assert refused.message == "so; LibreOffice does not convert it within 10 s"
    assert time.monotonic() - started < 120  # of the 600 that it would take
    pids = [int(line) for line in (tmp_path / "hanging").read_text().split()]
    until(lambda: not any(map(_runs, pids)))


def _runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_nothing_is_left_of_a_conversion(
    isolated: Isolated, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(conversion, "_ELSEWHERE", (Path(shutil.which("true", path="/bin") or ""),))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert isolated(_WORDPERFECT).refusal is not None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("reason", "media_type", "expected"),
    [
        (Reason.UNREADABLE, "application/msword", True),
        (Reason.UNSUPPORTED_TYPE, "application/msword", True),
        (Reason.ENCRYPTED, "application/msword", False),
        (Reason.TRUNCATED, "application/msword", False),
        (Reason.TOO_LARGE, "application/msword", False),
        (Reason.UNSUPPORTED_TYPE, compound.WORKS, True),
        (Reason.UNREADABLE, "application/pdf", False),
        (Reason.UNSUPPORTED_TYPE, None, False),
    ],
)
def test_only_what_is_not_understood_is_converted(
    reason: Reason, media_type: str | None, *, expected: bool
) -> None:
    assert conversion.wanted(Reading(media_type, refusal=Refusal(reason, "x"))) is expected
