"""Zip packages: what they are, and which are refused."""

import io
import random
import zipfile

import pytest

from models.disclosure.finding import Reason
from tests.worker.reading import office_files
from worker.errors import Refused
from worker.reading import choose, package


def zipped(*parts: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as made:
        for name, content in parts:
            made.writestr(name, content)
    return held.getvalue()


def _refusal(data: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        choose.read(data)
    return refused.value


@pytest.mark.parametrize(
    ("parts", "media_type"),
    [
        ([("[Content_Types].xml", b""), ("word/document.xml", b"")], package.DOCX),
        ([("[Content_Types].xml", b""), ("word/document2.xml", b"")], package.DOCX),
        ([("xl/workbook.xml", b"")], package.XLSX),
        ([("xl/workbook.bin", b"")], package.XLSB),
        ([("ppt/presentation.xml", b"")], package.PPTX),
        ([("mimetype", package.ODT.encode())], package.ODT),
        ([("mimetype", package.ODS.encode())], package.ODS),
        ([("mimetype", package.EPUB.encode())], package.EPUB),
        ([("OFD.xml", b""), ("Doc_0/Document.xml", b"")], package.OFD),
        ([("年报/2023.docx", b"PK"), ("word.txt", b"")], package.ARCHIVE),
        ([("a/word/document.xml", b"")], package.ARCHIVE),
    ],
)
def test_the_members_tell_the_kind(parts: list[tuple[str, bytes]], media_type: str) -> None:
    compression = zipfile.ZIP_STORED
    assert choose.media_type(zipped(*parts, compression=compression)) == media_type


def test_an_archive_is_named_so() -> None:
    refused = _refusal(zipped(("a.txt", b"x")))
    assert refused.reason is Reason.UNSUPPORTED_TYPE
    assert "archive" in refused.message


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_package_is_truncated(share: float) -> None:
    whole = office_files.word(office_files.reports(1)[0])
    assert _refusal(whole[: int(len(whole) * share)]).reason is Reason.TRUNCATED


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.6, 0.9, 0.99])
def test_a_cut_workbook_is_truncated(share: float) -> None:
    """Workbooks name what they are at their very end."""
    whole = office_files.workbook(office_files.reports(1)[0], sheets=True, numbers=True)
    assert _refusal(whole[: int(len(whole) * share)]).reason is Reason.TRUNCATED


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("xl/worksheets/sheet1.xml", package.XLSX),
        ("word/media/image1.png", package.DOCX),
        ("ppt/slides/slide1.xml", package.PPTX),
        ("Doc_0/Document.xml", package.OFD),
        ("docProps/app.xml", package.ARCHIVE),
    ],
)
def test_the_first_members_of_a_cut_package_tell_its_kind(name: str, media_type: str) -> None:
    whole = zipped((name, b"x"), ("b", b"y"))
    assert choose.media_type(whole[: whole.index(b"PK\x01\x02")]) == media_type
    assert choose.media_type(whole) == package.ARCHIVE


def test_a_damaged_part_is_refused() -> None:
    # Given
    whole = bytearray(office_files.word(office_files.reports(1)[0]))
    at = whole.index(b"word/document.xml") + 400
    whole[at : at + 50] = bytes(50)

    # Then
    assert _refusal(bytes(whole)).reason in (Reason.TRUNCATED, Reason.UNREADABLE)


def test_a_bomb_is_too_large() -> None:
    data = zipped(("word/document.xml", bytes(70_000_000)))
    assert _refusal(data).reason is Reason.TOO_LARGE


def test_a_large_part_is_too_large() -> None:
    noise = random.Random(1).randbytes(1_000_000)
    parts = package.Package(zipped(("a", noise)))
    with pytest.raises(Refused) as refused:
        parts.read("a", limit=999_999)
    assert refused.value.reason is Reason.TOO_LARGE


def test_a_directory_of_many_entries_is_too_large() -> None:
    data = zipped(*((f"{number}", b"") for number in range(package.MOST_ENTRIES + 1)))
    with pytest.raises(Refused) as refused:
        package.Package(data)
    assert refused.value.reason is Reason.TOO_LARGE


def test_an_encrypted_part_is_encrypted() -> None:
    # Given
    data = bytearray(zipped(("word/document.xml", b"x")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1

    # Then
    assert _refusal(bytes(data)).reason is Reason.ENCRYPTED


def test_a_missing_part_is_unreadable() -> None:
    parts = package.Package(zipped(("a", b"x")))
    assert "a" in parts
    with pytest.raises(Refused) as refused:
        parts.read("b")
    assert refused.value.reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b"<a>&x;</a>",
        b"<a>" * 300 + b"</a>" * 300,
        b"<a><b></a>",
        b"",
    ],
)
def test_xml_that_is_hostile_or_broken_is_unreadable(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        package.parse_xml(content, "a.xml")
    assert refused.value.reason is Reason.UNREADABLE


def test_no_change_of_bytes_raises_anything_else() -> None:
    # Given
    rng = random.Random(5)
    whole = office_files.word(office_files.reports(1)[0])

    # Then
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(rng.randint(1, 30)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        try:
            choose.read(bytes(broken))
        except Refused as refused:
            assert refused.message  # noqa: PT017 - most are refused, some are read
