"""Who reads Chinese is told what was found in Chinese alone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console import halves
from tests.console.test_sentences import written

CHECK = Path(__file__).parents[2] / "worker" / "check"
_BOTH = re.compile(r"[\u4e00-\u9fff\d] \(?[a-z]{2,}")
_APART = {"rules.py"}
"""Describes the edits in either language, in fields of their own."""


def told() -> Iterator[str]:
    """Yield every text of the edits that says something in Chinese and in English."""
    for path in sorted(CHECK.glob("*.py")):
        if path.name in _APART:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        explained = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.expr) and id(node) not in explained:
                text = written(node) or ""
                if _BOTH.search(text):
                    yield text


def test_every_finding_has_a_chinese_half() -> None:
    found = set(told())
    assert len(found) > 15
    assert {text for text in found if not (_alone(text) or _alone(f"{text}: 7"))} == set()


def _alone(text: str) -> bool:
    return re.search("[a-z]{3,}", halves.chinese(text)) is None


@pytest.mark.parametrize(
    ("message", "chinese"),
    [
        ("未找到表格 table not found: 表三; T3.X: 1 ≠ 2", "未找到表格: 表三; T3.X: 1 ≠ 2"),
        (
            "上年结转 10 ≠ 2022 年结转下年 12 carried in ≠ carried out the year before (差 -2)",
            "上年结转 10 ≠ 2022 年结转下年 12 (差 -2)",
        ),
        ("正文 12, 表中 9 (text 12, table 9)", "正文 12, 表中 9"),
        ("不是有效数字 not a figure of its kind: 'not found'", "不是有效数字: 'not found'"),
        ("标题 title: 某县; 落款 signature: 某市", "标题: 某县; 落款: 某市"),
    ],
)
def test_a_finding_is_told_in_chinese_alone(message: str, chinese: str) -> None:
    assert halves.chinese(message) == chinese
