"""Ways to damage a file: by its bytes, and inside a package, so that a reader gets that far."""

import io
import zipfile
from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st

_TOKENS: Final = (
    b"<",
    b">",
    b"</",
    b"<table>",
    b"</td>",
    b"<w:tbl>",
    b"</w:tc>",
    b"&#x0;",
    b"\xff\xff\xff\xff",
    b"\x00" * 64,
    b"{\\",
    b"}",
    b"\\trowd",
    b"\\u-32768?",
    b"99999999999999999999",
    b"-1",
    b"stream",
    b"endobj",
    b"[" * 100,
    b'rowspan="65534"',
    "三、".encode(),
    b"\x07",
)
Edit = Callable[[bytes], bytes]


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """Return one damage: something cut out, doubled, overwritten or put in, at a relative place."""
    at = draw(st.floats(0, 1))
    length = draw(st.integers(1, 4000))
    kind = draw(st.sampled_from(("cut tail", "cut out", "double", "scratch", "token", "move")))
    token = draw(st.sampled_from(_TOKENS))
    value = draw(st.integers(0, 255))

    def damage(data: bytes) -> bytes:
        start = int(at * len(data))
        piece = data[start : start + length]
        match kind:
            case "cut tail":
                return data[:start]
            case "cut out":
                return data[:start] + data[start + length :]
            case "double":
                return data[:start] + piece + data[start:]
            case "scratch":
                return data[:start] + bytes([value]) + data[start + 1 :]
            case "move":
                return piece + data[:start] + data[start + length :]
        return data[:start] + token + data[start:]

    return damage


@st.composite
def damages(draw: st.DrawFn) -> Edit:
    """Return up to four damages one after the other, in a package perhaps to one of its parts."""
    several = draw(st.lists(edits(), min_size=1, max_size=4))
    inside = draw(st.booleans())
    part = draw(st.integers(0, 30))

    def all_of(data: bytes) -> bytes:
        for damage in several:
            data = damage(data)
        return data

    def damaged(data: bytes) -> bytes:
        if inside and data.startswith(b"PK\x03\x04"):
            return _repacked(data, part, all_of)
        return all_of(data)

    return damaged


def _repacked(data: bytes, part: int, damage: Edit) -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        names = sorted(before.namelist(), key=lambda name: -before.getinfo(name).file_size)
        for number, name in enumerate(names):
            content = before.read(name)
            after.writestr(name, damage(content) if number == part % len(names) else content)
    return buffer.getvalue()
