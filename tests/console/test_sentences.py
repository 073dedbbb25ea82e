"""What worker and watcher say when they refuse is told in Chinese too: every sentence of theirs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.sentences import both, chinese, is_known
from watcher.filesystem import Kind
from worker import names
from worker.unpacking import members

WORKER = Path(__file__).parents[2] / "worker"
WATCHER = Path(__file__).parents[2] / "watcher"
RAISED = ("Refused", "Refusal", "Conflict", "NoteMissing", "UnknownLetter", "UnknownReport")
TAKEN_IN = (
    "Bad",
    "Unreadable",
    "Mismatch",
    "NotAFile",
    "_NoObjectError",
    "_scan_only",
    "Damaged",
    "Undecodable",
)
DECIDED = ("UnknownSubject", "Unacceptable", "TooMany", "KeyReused", "ArchiveError")


def written(node: ast.expr) -> str | None:
    """Return a text of the source with a figure for what is filled in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = (str(p.value) if isinstance(p, ast.Constant) else "7" for p in node.values)
        return "".join(parts)
    return None


def sentences(package: Path, *called: str) -> Iterator[str]:
    """Yield every sentence that a package gives, where it is written, to what is so called."""
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node) in called:
                told = (written(argument) for argument in node.args)
                yield from (text for text in told if text and " " in text)


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def unknown(found: set[str]) -> set[str]:
    # what is filled in at the end may be nothing
    return {text for text in found if not (is_known(text) or is_known(text.removesuffix("7")))}


def test_every_sentence_of_the_worker_has_a_chinese_one() -> None:
    found = set(sentences(WORKER, *RAISED, *DECIDED, "SettingsError"))
    assert len(found) > 120
    assert unknown(found) == set()


def test_every_sentence_of_the_watcher_has_a_chinese_one() -> None:
    # Given its sentences, but those that only put others together
    found = {one for one in sentences(WATCHER, *TAKEN_IN) if not one.endswith("7: 7")}
    assert len(found) > 15
    assert unknown(found) == set()


@pytest.mark.parametrize(
    "why",
    [
        names.why_ignored(b"a/~$b.docx"),
        *Kind,
        *(members.SYMLINK, members.HARD_LINK, members.SPECIAL),
        "without its file: a.pdf",
        "file: leaves the files root: '../7'",
        "file: absolute path: '/7'",
        "record: no HTTP response: x",
        "feed: not there",
        "feed: checksum 0, 1 was told",
        "scanning only: the limit of inotify is reached: No space left on device",
        "the directory cannot be reached: No such file or directory",
    ],
)
def test_why_a_file_was_ignored_or_a_source_is_lost_is_told_in_chinese(why: str) -> None:
    told = chinese(why)
    assert why == Kind.FILE or re.match("[a-z]*[\u4e00-\u9fff]", told), told
    assert not re.search("[a-z]{3,} [a-z]{2,}", told), told


def test_a_word_is_told_in_chinese_only_where_it_is_all_that_is_said() -> None:
    assert chinese("symlink") == "符号链接，不跟随"
    assert chinese("symlink is encrypted") == "symlink 已加密"


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
        (
            "dead letter 1: x is empty; nor can these be accepted: 5, 6; nothing was decided",
            "死信 1：x 是空的；以下各件也不能接受：5, 6；未作处置",
        ),
        ("{0} {x} is encrypted", "{0} {x} 已加密"),
        ("archive: a cannot be read: Permission denied", "存档：a 无法读取：没有权限"),
        ("/srv/a: Permission denied", "/srv/a：没有权限"),
        ("", ""),
    ],
)
def test_a_sentence_is_told_as_far_as_it_is_known(message: str, told: str) -> None:
    assert chinese(message) == told


def test_a_terminal_is_told_both() -> None:
    assert both("the file is empty") == "文件为空 the file is empty"
    assert both("12 ≠ 9") == "12 ≠ 9"
    assert both("it does not hold yet: 12 ≠ 9") == "仍不成立 it does not hold yet: 12 ≠ 9"
    assert both("dead letter 3: it does not hold yet: 12 ≠ 9") == (
        "死信 3：仍不成立 dead letter 3: it does not hold yet: 12 ≠ 9"
    )
