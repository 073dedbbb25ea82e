"""``gouji inspect``."""

import hashlib
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from console.cli.main import cli
from tests.console.cli.conftest import BALANCED, SEEDS, imbalanced
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
    assert lines[2] == "原因 reason imbalanced   环节 stage check"
    assert any(line.endswith("│    12!│   0!│   0!│   0!│   0!│   0!│   9!│") for line in lines)
    assert "! T3.FLOW 自然人: 12 + 0 ≠ 9 + 空 (12 ≠ 9, 差 3)" in lines
    assert (
        "! T3.APPLICANTS 一、本年新收政府信息公开申请数量: "
        "12 + 0 + 0 + 0 + 0 + 0 ≠ 9 (12 ≠ 9, 差 3)" in lines
    )


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
    assert "原因 reason empty   环节 stage read" in result.stdout.splitlines()


@pytest.mark.parametrize(("path", "code"), [("none.txt", 3), (".", 1)])
def test_what_is_no_file_is_told(bare: Path, path: str, code: int) -> None:
    # When
    result = run(path, "--json")

    # Then
    assert result.exit_code == code
    assert "message" in orjson.loads(result.stdout)["error"]


@pytest.mark.parametrize("path", ["big.txt", "-"])
def test_a_file_that_is_too_large_is_not_read(
    bare: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setenv("GOUJI_MAX_BYTES", "1000000")
    data = bytes(3_000_000)
    Path("big.txt").write_bytes(data)

    # When
    result = run(path, "--json", stdin=data)

    # Then
    told = orjson.loads(result.stdout)
    assert result.exit_code == 4
    assert (told["reason"], told["stage"]) == ("too_large", "read")
    assert told["message"] == "3000000 bytes; the limit is 1000000"
    assert (told["file"]["bytes"], told["file"]["media_type"]) == (3_000_000, None)
    assert told["file"]["sha256"] == hashlib.sha256(data).hexdigest()
