"""Hostile and broken files, each with the reasons that may be given for it."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from models.disclosure.finding import Reason
from tests.worker.reading import office_files, pdf_drawn, pdf_objects

_WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file: how its bytes are made, and what may be said of it."""

    name: str
    make: Callable[[], bytes]
    reasons: frozenset[Reason]


def _case(name: str, make: Callable[[], bytes], *reasons: Reason) -> Hostile:
    return Hostile(name, make, frozenset(reasons))


def packed(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip file of the parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _word(document: bytes) -> bytes:
    return packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": document})


def report_docx(seed: int = 1) -> bytes:
    """Return a good report as a Word file."""
    return office_files.word(office_files.reports(1, seed)[0], seed)


def _external_entity() -> bytes:
    return _word(
        f'{_XML}<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        f'<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body>'
        "</w:document>".encode()
    )


def _billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    return _word(f'{_XML}<!DOCTYPE d [<!ENTITY e0 "ha">{entities}]><d>&e11;</d>'.encode())


def _zip_bomb() -> bytes:
    return _word(bytes(600_000_000))


def _many_entries() -> bytes:
    parts = {f"word/p{n}.xml": b"" for n in range(20_000)}
    return packed({"word/document.xml": b"<d/>", **parts}, zipfile.ZIP_STORED)


def _lying_size() -> bytes:
    """A part that says in the directory that it is small, and is not."""
    data = bytearray(_word(bytes(30_000_000)))
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 1000)
    return bytes(data)


def _deep_xml() -> bytes:
    depth = 200_000
    return _word(f"{_XML}{'<a>' * depth}{'</a>' * depth}".encode())


def _deep_html() -> bytes:
    return b"<html><body>" + b"<div>" * 300_000 + b"x" + b"</div>" * 300_000 + b"</body></html>"


def _deep_tables() -> bytes:
    return b"<html><body>" + b"<table><tr><td>" * 20_000 + b"1</body></html>"


def _wide_spans() -> bytes:
    row = '<tr><td colspan="2000000000" rowspan="2000000000">1</td></tr>'
    return f"<html><body><table>{row * 200}</table></body></html>".encode()


def _deep_rtf() -> bytes:
    return b"{\\rtf1 " + b"{" * 500_000 + b"}" * 500_000 + b"}"


def _open_angles() -> bytes:
    return b"<html><body>" + b"<" * 20_000_000 + b"</body></html>"


def _pages(count: int) -> bytes:
    pages = " ".join(f"{n + 3} 0 R" for n in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {count} /Kids [{pages}] >>".encode(),
        *[b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"] * count,
    ]
    return pdf_objects.numbered(objects)


def _flate_bomb() -> bytes:
    """A page whose content is a gigabyte of operators, deflated three times."""
    content = zlib.compress(b"0 0 m " * 20_000_000, 9)
    for _ in range(2):
        content = zlib.compress(content, 9)
    filters = "[/FlateDecode /FlateDecode /FlateDecode]"
    return pdf_objects.numbered(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
            f"<< /Length {len(content)} /Filter {filters} >>\nstream\n".encode()
            + content
            + b"\nendstream",
        ]
    )


def _page_loop() -> bytes:
    return pdf_objects.numbered(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1000000 /Kids [2 0 R 2 0 R] >>",
        ]
    )


def _huge_sheet() -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    sheet = (
        f'{_XML}<worksheet xmlns="{space}"><dimension ref="A1:XFD1048576"/><sheetData>'
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c>'
        "</row></sheetData></worksheet>"
    )
    book = (
        f'{_XML}<workbook xmlns="{space}" xmlns:r="{links}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    relations = (
        f'{_XML}<Relationships xmlns="{package}"><Relationship Id="rId1" '
        f'Type="{links}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    )
    return packed(
        {
            "[Content_Types].xml": b"<Types/>",
            "xl/workbook.xml": book.encode(),
            "xl/_rels/workbook.xml.rels": relations.encode(),
            "xl/worksheets/sheet1.xml": sheet.encode(),
        }
    )


def _cut(make: Callable[[], bytes], share: float) -> Callable[[], bytes]:
    def cut() -> bytes:
        data = make()
        return data[: int(len(data) * share)]

    return cut


def report_pdf() -> bytes:
    """Return a good report as a PDF."""
    return pdf_drawn.Drawing().report(office_files.reports(1)[0], random.Random(1))


def _encrypted_zip_part() -> bytes:
    data = bytearray(report_docx())
    at = 0
    while (at := data.find(b"PK\x03\x04", at)) >= 0:
        data[at + 6] |= 1
        at += 4
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= 1
        at += 4
    return bytes(data)


def _noise() -> bytes:
    return random.Random(1).randbytes(200_000)


_CUT_OR_UNKNOWN: Final = (Reason.TRUNCATED, Reason.UNSUPPORTED_TYPE)
CORPUS: Final = (
    _case("external entity in a Word file", _external_entity, Reason.UNREADABLE),
    _case("billion laughs in a Word file", _billion_laughs, Reason.UNREADABLE),
    _case("600 MB of zeros in a Word file", _zip_bomb, Reason.TOO_LARGE),
    _case("20,000 parts in a Word file", _many_entries, Reason.TOO_LARGE),
    _case("a part larger than it says", _lying_size, Reason.TRUNCATED, Reason.TOO_LARGE),
    _case("XML 200,000 deep", _deep_xml, Reason.UNREADABLE),
    _case("HTML 300,000 deep", _deep_html, Reason.UNREADABLE, Reason.NOT_A_REPORT),
    _case("tables 20,000 deep", _deep_tables, Reason.UNREADABLE, Reason.TRUNCATED),
    _case("spans of 2,000,000,000", _wide_spans, Reason.NOT_A_REPORT, Reason.TOO_LARGE),
    _case("RTF groups 500,000 deep", _deep_rtf, Reason.UNREADABLE),
    _case("20 MB of <", _open_angles, *(Reason.UNREADABLE, Reason.TOO_LARGE, Reason.NOT_A_REPORT)),
    _case("PDF of 10,000 pages", lambda: _pages(10_000), Reason.TOO_LARGE),
    _case("PDF of a gigabyte deflated", _flate_bomb, *(Reason.TOO_LARGE, Reason.EMPTY)),
    _case("PDF pages in a loop", _page_loop, *(Reason.UNREADABLE, Reason.TOO_LARGE, Reason.EMPTY)),
    _case("a sheet of 17 billion cells", _huge_sheet, Reason.TOO_LARGE),
    _case("Word file cut at half", _cut(report_docx, 0.5), Reason.TRUNCATED),
    _case("Word file cut at 99 %", _cut(report_docx, 0.99), Reason.TRUNCATED),
    _case("PDF cut at half", _cut(report_pdf, 0.5), Reason.TRUNCATED),
    _case("Word file with a password's marks", _encrypted_zip_part, Reason.ENCRYPTED),
    _case("noise", _noise, Reason.UNSUPPORTED_TYPE),
    _case("a PDF by its first bytes only", lambda: b"%PDF-1.7\n" + _noise(), Reason.TRUNCATED),
    _case(
        "a zip by its first bytes only",
        lambda: b"PK\x03\x04" + _noise(),
        *(Reason.TRUNCATED, Reason.UNSUPPORTED_TYPE),
    ),
    _case("nothing but zeros", lambda: bytes(100_000), Reason.EMPTY),
    _case("nothing", lambda: b"", Reason.EMPTY),
)
"""What each file is, and what may be said of it."""


def many(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield so many different hostile files: the quick ones of the corpus, each scratched."""
    rng = random.Random(2)
    quick = [case for case in CORPUS if case.name in _QUICK]
    made = [(case.name, case.make()) for case in quick]
    for number in range(count):
        name, data = made[number % len(made)]
        scratched = bytearray(data)
        for _ in range(3):
            if scratched:
                scratched[rng.randrange(len(scratched))] = rng.randrange(256)
        yield f"{number} {name}", bytes(scratched) + b"%d" % number


_QUICK: Final = frozenset(
    {
        "external entity in a Word file",
        "600 MB of zeros in a Word file",
        "a part larger than it says",
        "XML 200,000 deep",
        "tables 20,000 deep",
        "spans of 2,000,000,000",
        "a sheet of 17 billion cells",
        "PDF of 10,000 pages",
        "PDF pages in a loop",
        "Word file cut at half",
        "PDF cut at half",
        "noise",
        "nothing but zeros",
    }
)
