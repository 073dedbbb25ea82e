"""Word 97 files made by LibreOffice; damaged, locked and old ones."""

import random
import struct

import pytest

from models.disclosure.finding import Reason
from tests.worker.reading import office_files
from tests.worker.reading.conftest import Converted
from tests.worker.reading.office_files import printed
from worker.errors import Refused
from worker.reading import choose, doc
from worker.reading.compound import DOC

pytestmark = pytest.mark.process
_HEADER = 512
"""LibreOffice puts the main stream right behind the header of the container."""


def _refusal(data: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        choose.read(data)
    return refused.value


@pytest.fixture
def whole(converted: Converted) -> bytearray:
    data = bytearray(converted("doc")["0.docx"])
    at = data.index(struct.pack("<H", 0xA5EC), _HEADER)
    assert at % _HEADER == 0
    return data


def _fib(data: bytearray) -> int:
    return data.index(struct.pack("<H", 0xA5EC), _HEADER)


def test_every_cell_of_random_reports_is_read(converted: Converted) -> None:
    assert office_files.read_back(converted("doc")) == []


def test_numbers_that_are_properties_are_not_missed(converted: Converted) -> None:
    assert office_files.read_numbered(converted("doc")) == []


def test_only_what_prints_is_read(converted: Converted) -> None:
    data = converted("doc")[office_files.FEATURES]
    assert choose.media_type(data) == DOC
    assert printed(choose.read(data)) == (office_files.SHOWN, office_files.FEATURE_TABLES)


def test_a_password_is_told(whole: bytearray) -> None:
    whole[_fib(whole) + 0x0B] |= 0x01
    assert _refusal(bytes(whole)).reason is Reason.ENCRYPTED


@pytest.mark.parametrize("magic", [0xA5DC, 0xA5DB])
def test_word_6_and_95_are_named_with_a_way_out(whole: bytearray, magic: int) -> None:
    # Given
    at = _fib(whole)
    whole[at : at + 2] = struct.pack("<H", magic)

    # When
    refused = _refusal(bytes(whole))

    # Then
    assert refused.reason is Reason.UNSUPPORTED_TYPE
    assert "LibreOffice" in refused.message


def test_another_header_is_unreadable(whole: bytearray) -> None:
    at = _fib(whole)
    whole[at : at + 2] = b"ab"
    assert _refusal(bytes(whole)).reason is Reason.UNREADABLE


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.8])
def test_a_cut_file_is_truncated(whole: bytearray, share: float) -> None:
    assert _refusal(bytes(whole[: int(len(whole) * share)])).reason is Reason.TRUNCATED


def test_no_change_of_bytes_raises_anything_else(whole: bytearray) -> None:
    rng = random.Random(7)
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(rng.randint(1, 60)):
            broken[rng.randrange(_HEADER, len(broken))] = rng.randrange(256)
        try:
            doc.read(bytes(broken))
        except Refused as refused:
            assert refused.message  # noqa: PT017 - most are read, some are refused
