"""``gouji inspect``."""

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from console.cli.main import cli
from tests.console.cli.conftest import BALANCED, SEEDS, imbalanced
from tests.worker.unpacking.archives import zipped
from worker.inspection import as_json, inspect


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["inspect", *arguments], input=stdin)


def test_json_is_the_contract_exactly(bare: Path) -> None:
    # When
    result = run(str(BALANCED), "--json")

    # Then
    data = BALANCED.read_bytes()
    assert result.exit_code == 0
    assert orjson.loads(result.stdout) == as_json(inspect(data, BALANCED.name))
    assert result.stderr == ""
    assert list(bare.iterdir()) == []


def test_several_files_are_a_stream(bare: Path) -> None:
    # When
    result = run(*(str(path) for path in sorted(SEEDS.iterdir())), "--json")

    # Then
    told = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert [one["schema"] for one in told] == ["gouji.inspection/1"] * 5
    assert [one["outcome"] for one in told] == ["stored"] * 5


def test_what_would_be_refused_gives_4(bare: Path) -> None:
    # Given
    Path("bad.txt").write_bytes(imbalanced())

    # Then
    assert run("bad.txt", "--json").exit_code == 4
    assert run("bad.txt", "--json", "--exit-zero").exit_code == 0
    assert run(str(BALANCED), "bad.txt").exit_code == 4


def test_people_see_header_tables_and_equations(bare: Path) -> None:
    # Given
    Path("bad.txt").write_bytes(imbalanced())

    # When
    lines = run("bad.txt").stdout.splitlines()

    # Then
    assert lines[0].startswith(f"文件 file bad.txt   大小 bytes {len(imbalanced())}")
    assert lines[1] == "结果 outcome: 死信 would be dead-lettered"
    assert lines[2] == "原因 reason 勾稽不平 imbalanced   环节 stage 核对 check"
    assert any(line.endswith("│    12!│   0!│   0!│   0!│   0!│   0!│   9!│") for line in lines)
    assert "! T3.FLOW 自然人: 12 + 0 ≠ 9 + 空 (12 ≠ 9, 差 3)" in lines
    assert (
        "! T3.APPLICANTS 一、本年新收政府信息公开申请数量: "
        "12 + 0 + 0 + 0 + 0 + 0 ≠ 9 (12 ≠ 9, 差 3)" in lines
    )


def test_people_see_what_would_make_it_balance(bare: Path) -> None:
    # Given
    Path("bad.txt").write_bytes(imbalanced())

    # When
    lines = run("bad.txt").stdout.splitlines()

    # Then
    note = "仅供参考，不会自动更改 nothing is changed by itself"
    at = lines.index(f"若…则平衡 Would balance if ({note})")
    assert lines[at + 1 :] == [
        ("  T3.FLOW 自然人, T3.APPLICANTS 一、本年新收政府信息公开申请数量: 唯一最小改动 unique"),
        "    差错最少 fewest slips: 1，仅此一种 this one alone",
        (
            "    1.1  一、本年新收政府信息公开申请数量 · 自然人: 12 → 9"
            "   一个单元格 single_cell, 未定 undetermined"
        ),
        (
            "  未定 undetermined: 看不出是识读还是发布机关有误 "
            "nothing tells whether the reading or the publisher erred"
        ),
    ]


def test_standard_input_is_read(bare: Path) -> None:
    # When
    result = run("-", "--json", stdin=BALANCED.read_bytes())

    # Then
    assert orjson.loads(result.stdout)["report"]["year"] == 2022


def test_what_nothing_was_recognised_in_says_why(bare: Path) -> None:
    # Given
    Path("empty.txt").touch()

    # When
    result = run("empty.txt")

    # Then
    assert result.exit_code == 4
    assert "原因 reason 空文件 empty   环节 stage 读取 read" in result.stdout.splitlines()


@pytest.mark.parametrize(("path", "code"), [("none.txt", 3), (".", 1)])
def test_what_is_no_file_is_told(bare: Path, path: str, code: int) -> None:
    # When
    result = run(path, "--json")

    # Then
    assert result.exit_code == code
    assert "message" in orjson.loads(result.stdout)["error"]


def test_what_has_no_end_is_read_no_further_than_the_limit(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a small limit, a device that never ends, and a file of zeros
    monkeypatch.setenv("GOUJI_MAX_BYTES", "1000")
    (bare / "zeros.txt").write_bytes(bytes(5000))

    # When they are inspected
    endless = CliRunner().invoke(cli, ["inspect", "/dev/zero", "--json"])
    large = CliRunner().invoke(cli, ["inspect", "zeros.txt", "--json"])

    # Then the worker would call both too large
    for result in (endless, large):
        told = orjson.loads(result.stdout)
        assert (result.exit_code, told["reason"], told["stage"]) == (4, "too_large", "read")
    assert orjson.loads(large.stdout)["file"]["bytes"] == 5000
    assert orjson.loads(endless.stdout)["file"]["sha256"] is None


def test_an_archive_gives_one_object_a_member(bare: Path) -> None:
    # Given
    data = BALANCED.read_bytes()
    inner = zipped([("bad.txt", imbalanced())])
    files = [("市/年报.txt", data), ("inner.zip", inner), ("__MACOSX/._x", b"x")]
    Path("a.zip").write_bytes(zipped(files))

    # When
    result = run("a.zip", "--json")

    # Then
    assert result.exit_code == 4
    told = {one["file"]["name"]: one for one in map(orjson.loads, result.stdout.splitlines())}
    assert {name: one["outcome"] for name, one in told.items()} == {
        "a.zip!/市/年报.txt": "stored",
        "a.zip!/inner.zip!/bad.txt": "dead",
        "a.zip!/__MACOSX/._x": "ignored",
    }
    alone = as_json(inspect(data, "年报.txt"))
    assert told["a.zip!/市/年报.txt"] | {"file": alone["file"]} == alone
    assert told["a.zip!/市/年报.txt"]["file"]["sha256"] == alone["file"]["sha256"]


def test_people_see_what_is_in_an_archive(bare: Path) -> None:
    # Given
    Path("a.zip").write_bytes(zipped([("年报.txt", BALANCED.read_bytes()), (".swp", b"")]))

    # When
    lines = run("a.zip").stdout.splitlines()

    # Then
    assert any(line.startswith("文件 file a.zip!/年报.txt") for line in lines)
    assert "结果 outcome: 可入库 would be stored" in lines
    assert "结果 outcome: 忽略 would be ignored" in lines


def test_an_archive_that_is_refused_is_one_document(bare: Path) -> None:
    # Given
    Path("a.zip").write_bytes(zipped([("a.txt", b"x")])[:-5])

    # When
    result = run("a.zip", "--json")

    # Then
    told = orjson.loads(result.stdout)
    assert result.exit_code == 4
    assert (told["file"]["name"], told["reason"], told["stage"]) == ("a.zip", "truncated", "unpack")


def test_a_rar_archive_says_what_to_do(bare: Path) -> None:
    # Given
    Path("a.rar").write_bytes(b"Rar!\x1a\x07\x01\x00" + b"x" * 50)

    # Then
    assert "请改用 ZIP 重新打包" in run("a.rar").stdout
