"""Which queue a document is for, by how it begins."""

import pytest

from worker.entry import queue_of


@pytest.mark.parametrize(
    ("head", "queue"),
    [
        (b"%PDF-1.7", "slow"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "slow"),
        (b"\x89PNG\r\n\x1a\n", "ocr"),
        (b"\xff\xd8\xff\xe0", "ocr"),
        (b"PK\x03\x04", "fast"),
        (b"<html>", "fast"),
        (b"", "fast"),
    ],
)
def test_what_takes_long_waits_elsewhere(head: bytes, queue: str) -> None:
    assert queue_of(head) == queue
