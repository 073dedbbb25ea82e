"""``gouji rules`` and ``gouji completion``."""

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.console.cli.conftest import Place
from worker.check.rules import RULES


@pytest.fixture
def here(bare: Path) -> Place:
    return Place(bare, None)  # type: ignore[arg-type]


def test_lists_every_rule(here: Place) -> None:
    assert [rule["id"] for rule in here.json("rules", "list")] == list(RULES)
    assert all(rule in here.run("rules", "list").stdout for rule in RULES)


def test_explains_one(here: Place) -> None:
    # When
    told = here.json("rules", "explain", "t3.flow")
    lines = here.run("rules", "explain", "T3.FLOW").stdout.splitlines()

    # Then
    assert (told["id"], told["severity"]) == ("T3.FLOW", "hard")
    assert lines[0].startswith("T3.FLOW  收支平衡")
    assert any("第一项加第二项之和" in line for line in lines)
    assert "范围 scope: 表三的 7 列，逐列核对 each of the 7 columns of table 三" in lines
    assert lines[-2].startswith("这是表格本身印出的唯一一条勾稽关系")
    assert lines[-1].startswith("The one relation the form itself prints")


def test_an_unknown_rule_names_the_nearest(here: Place) -> None:
    assert here.error("rules", "explain", "T3.FLAW") == (
        3,
        {
            "code": "not_found",
            "message": "没有这条规则 there is no rule 'T3.FLAW'",
            "hint": "gouji rules explain T3.FLOW",
        },
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script(here: Place, shell: str) -> None:
    assert "_GOUJI_COMPLETE" in here.run("completion", shell).stdout
    assert here.json("completion", shell)["shell"] == shell


def test_completion_knows_the_subcommands(bare: Path) -> None:
    # When
    from console.cli.main import cli

    result = CliRunner().invoke(
        cli,
        prog_name="gouji",
        env={"_GOUJI_COMPLETE": "bash_complete", "COMP_WORDS": "gouji dead re", "COMP_CWORD": "2"},
    )

    # Then
    assert result.stdout == "plain,retry\n"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_bash_script_is_bash(here: Place) -> None:
    # When
    script = here.run("completion", "bash").stdout

    # Then
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=10)
