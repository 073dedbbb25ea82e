"""What the worker says when it refuses is told in Chinese too: every sentence of its source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.sentences import both, chinese, is_known

WORKER = Path(__file__).parents[2] / "worker"
RAISED = ("Refused", "Refusal", "Conflict", "NoteMissing", "UnknownLetter", "UnknownReport")
DECIDED = ("UnknownSubject", "Unacceptable", "TooMany", "KeyReused", "ArchiveError")


def written(node: ast.expr) -> str | None:
    """Return a text of the source with a figure for what is filled in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = (str(p.value) if isinstance(p, ast.Constant) else "7" for p in node.values)
        return "".join(parts)
    return None


def sentences() -> Iterator[str]:
    """Yield every sentence that the worker refuses with where it is written in place."""
    for path in sorted(WORKER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node) in (*RAISED, *DECIDED):
                told = (written(argument) for argument in node.args)
                yield from (text for text in told if text and " " in text)


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def test_every_sentence_of_the_worker_has_a_chinese_one() -> None:
    found = set(sentences())
    assert len(found) > 120
    # what is filled in at the end may be nothing
    unknown = {text for text in found if not (is_known(text) or is_known(text.removesuffix("7")))}
    assert unknown == set()


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("the file is empty", "文件为空"),
        (
            "no reader for application/octet-stream",
            "没有可读取此类文件（application/octet-stream）的程序",
        ),
        ("the PDF ends before its end mark (12 bytes)", "PDF 在结束标记之前中断（12 字节）"),
        (
            "dead letter 3: no report was recognised in the document: retry or discard it",
            "死信 3：文档中未识别出报告：请重新处理或弃置",
        ),
        (
            "the file is empty; converted by LibreOffice, it broke",
            "文件为空；经 LibreOffice 转换，it broke",
        ),
        ("T3.FLOW 自然人: 12 ≠ 9; T3.X: 1 ≠ 2", "T3.FLOW 自然人: 12 ≠ 9; T3.X: 1 ≠ 2"),
        ("{0} {x} is encrypted", "{0} {x} 已加密"),
        ("", ""),
    ],
)
def test_a_sentence_is_told_as_far_as_it_is_known(message: str, told: str) -> None:
    assert chinese(message) == told


def test_a_terminal_is_told_both() -> None:
    assert both("the file is empty") == "文件为空 the file is empty"
    assert both("12 ≠ 9") == "12 ≠ 9"
