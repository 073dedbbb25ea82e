"""Charsets told by the bytes."""

import random

import pytest

from tests.reports.layouts import RENDERERS
from tests.reports.truth import random_report
from tests.worker.reading.html_pages import traditional
from worker.reading.charset import decode


def _text(seed: int) -> str:
    rng = random.Random(seed)
    return RENDERERS["tabbed"](random_report(rng, messy=True), rng)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
def test_text_in_any_encoding_comes_back(encoding: str) -> None:
    for seed in range(20):
        text = _text(seed).encode(encoding, "ignore").decode(encoding)
        assert decode(text.encode(encoding))[0] == text


def test_big5_comes_back() -> None:
    for seed in range(20):
        data = traditional(_text(seed)).encode("big5hkscs", "replace")
        assert decode(data) == (data.decode("big5hkscs"), "big5hkscs")


def test_traditional_text_in_gb18030_is_not_taken_for_big5() -> None:
    for seed in range(20):
        text = traditional(_text(seed))
        assert decode(text.encode("gb18030")) == (text, "gb18030")


@pytest.mark.parametrize(
    "text", ["政府信息", "无", "报告。", "2021年", "甲县", "一、总体情况", "，。"]
)
def test_short_text_is_not_taken_for_big5(text: str) -> None:
    assert decode(text.encode("gb18030")) == (text, "gb18030")
    assert decode(text.encode()) == (text, "utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_damaged_bytes_do_not_change_the_encoding(encoding: str) -> None:
    for seed in range(20):
        rng = random.Random(seed)
        data = bytearray(_text(seed).encode(encoding))
        for _ in range(5):
            data[rng.randrange(len(data))] = 0xFF
        assert decode(bytes(data))[1] == encoding


def test_a_character_cut_at_the_end_is_left_out() -> None:
    assert decode("政府信息".encode()[:-1]) == ("政府信", "utf-8")
