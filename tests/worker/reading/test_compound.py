"""OLE files: what they are, and which are refused."""

import random
from pathlib import Path

import pytest

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import choose, compound

_XLS = Path(__file__).parents[2] / "data" / "office" / "report-0.xls"


def _named(stream: str) -> bytes:
    """Return a workbook whose one stream goes by another name."""
    old = "Workbook".encode("utf-16-le")
    new = stream.encode("utf-16-le")
    data = bytearray(_XLS.read_bytes())
    at = data.index(old)
    data[at : at + 64] = new.ljust(64, b"\x00")
    data[at + 64 : at + 66] = (len(new) + 2).to_bytes(2, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("stream", "media_type"),
    [
        ("Workbook", compound.XLS),
        ("Book", compound.XLS),
        ("WordDocument", compound.DOC),
        ("PowerPoint Document", compound.PPT),
        ("EncryptedPackage", compound.ENCRYPTED),
        ("MatOST", compound.WORKS),
        ("CONTENTS", compound.WORKS),
        ("Elsewhere", compound.UNKNOWN),
    ],
)
def test_the_streams_tell_the_kind(stream: str, media_type: str) -> None:
    assert choose.media_type(_named(stream)) == media_type


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        ("EncryptedPackage", Reason.ENCRYPTED),
        ("PowerPoint Document", Reason.UNSUPPORTED_TYPE),
        ("MatOST", Reason.UNSUPPORTED_TYPE),
        ("Elsewhere", Reason.UNSUPPORTED_TYPE),
    ],
)
def test_what_no_reader_knows_is_refused(stream: str, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        choose.read(_named(stream))
    assert refused.value.reason is reason


def test_a_missing_stream_is_refused() -> None:
    with pytest.raises(Refused):
        compound.Compound(_XLS.read_bytes()).stream("WordDocument")


@pytest.mark.parametrize("size", [8, 100, 512, 600, 2000])
def test_a_cut_file_is_truncated(size: int) -> None:
    with pytest.raises(Refused) as refused:
        choose.read(_XLS.read_bytes()[:size])
    assert refused.value.reason is Reason.TRUNCATED


def test_no_change_of_bytes_raises_anything_else() -> None:
    rng = random.Random(11)
    whole = _XLS.read_bytes()
    for _ in range(100):
        broken = bytearray(whole)
        for _ in range(rng.randint(1, 30)):
            broken[rng.randrange(8, len(broken))] = rng.choice((0, 255, rng.randrange(256)))
        try:
            compound.Compound(bytes(broken)).stream("Workbook")
        except Refused as refused:
            assert refused.message  # noqa: PT017 - most are read, some are refused
