"""The group: help, lazily loaded subcommands, errors and their exit codes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import orjson
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from console.cli.errors import (
    Conflict,
    ExitCode,
    Failure,
    Misused,
    NotFound,
    Unreachable,
    failure_of,
)
from console.cli.main import COMMANDS, cli, tell
from console.reference.markdown import texts_of
from tests.console.cli.conftest import BALANCED, Place
from worker.errors import ArchiveError, BrokerUnreachable, SettingsError


def paths() -> Iterator[tuple[str, ...]]:
    context = click.Context(cli)
    for name in COMMANDS:
        yield (name,)
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((name, sub) for sub in command.list_commands(context))


def gouji(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GOUJI_")}
    return subprocess.run(
        [sys.executable, "-m", "console.cli.main", *arguments],
        cwd=cwd,
        env=kept | {"PYTHONPATH": str(Path(__file__).parents[3])} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("path", list(paths()), ids=" ".join)
def test_every_command_has_help_in_both_languages(path: tuple[str, ...]) -> None:
    # When
    result = CliRunner().invoke(cli, [*path, "--help"])

    # Then
    assert result.exit_code == 0, result.output
    said = result.stdout.partition("\n\n")[2]
    assert any("\u4e00" <= character <= "\u9fff" for character in said)
    assert any(character.isascii() and character.isalpha() for character in said)
    told = texts_of("commands").get(" ".join(("gouji", *path)), "")
    assert "".join(told.replace("`", "").split()) in "".join(said.split())
    last = said.rpartition("\n\n")[2] if told else ""
    assert all(cell_len(line) <= 80 for line in last.splitlines())


@pytest.mark.parametrize("path", list(paths()), ids=" ".join)
def test_every_command_that_prints_data_has_json(path: tuple[str, ...]) -> None:
    # Given
    command: click.Command | None = cli
    for name in path:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)
    assert command is not None
    silent = path[0] in ("up", "watch", "push", "work", "console", "notify", "alive")

    # Then
    if not isinstance(command, click.Group) and not silent:
        assert "--json" in {option for param in command.params for option in param.opts}


@pytest.mark.process
def test_help_loads_neither_the_database_nor_a_table() -> None:
    # When
    code = (
        "import sys, console.cli.main as m\n"
        "try: m.cli.main(['--help'], prog_name='gouji')\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'rich', 'dramatiq', 'redis', 'structlog', 'orjson'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    # Then
    assert result.stdout.splitlines()[-1] == "[]"
    assert all(f"  {name} " in result.stdout for name in COMMANDS)


@pytest.mark.process
def test_the_process_exits_with_the_code_of_what_happened(tmp_path: Path) -> None:
    # When
    usage = gouji("statsu", cwd=tmp_path)
    missing = gouji("inspect", "nothing.txt", cwd=tmp_path)
    away = gouji("status", cwd=tmp_path)

    # Then
    assert (usage.returncode, usage.stdout) == (2, "")
    assert "Did you mean 'status'?" in usage.stderr
    assert (missing.returncode, missing.stdout) == (3, "")
    assert (away.returncode, away.stdout) == (6, "")
    assert "gouji init" in away.stderr


@pytest.mark.process
def test_off_a_terminal_only_data_is_printed(tmp_path: Path) -> None:
    # When
    result = gouji("inspect", str(BALANCED), cwd=tmp_path)

    # Then
    assert result.returncode == 0
    assert result.stderr == ""
    assert "\x1b" not in result.stdout


def test_errors_are_json_when_json_is_asked_for(bare: Path) -> None:
    # When
    result = CliRunner().invoke(cli, ["reports", "show", "x", "--json"])
    unknown = CliRunner().invoke(cli, ["reports", "--json", "--nope"])

    # Then
    error = orjson.loads(result.stdout)["error"]
    assert result.exit_code == 2
    assert error["code"] == "usage"
    assert "'x' is not a valid integer" in error["message"]
    assert error["hint"] == "cli reports show --help"
    assert orjson.loads(unknown.stdout)["error"]["code"] == "usage"


def test_settings_in_error_are_usage(bare: Path) -> None:
    # Given
    config = bare / "other.toml"
    config.write_text("worker_proceses = 2\n")

    # When
    result = CliRunner().invoke(cli, ["--config", str(config), "status", "--json"])

    # Then
    error = orjson.loads(result.stdout)["error"]
    assert result.exit_code == 2
    assert error["code"] == "settings"
    assert "did you mean 'worker_processes'?" in error["message"]


def test_an_old_database_is_told_apart_from_none(bare: Path) -> None:
    # Given
    (bare / "var").mkdir()
    (bare / "var" / "gouji.db").touch()

    # When
    result = CliRunner().invoke(cli, ["reports", "list"])

    # Then
    assert result.exit_code == 6
    assert "the database is not ready" in result.stderr
    assert "gouji init" in result.stderr


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    @click.command()
    def command() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "get_command", lambda _context, _name: command)

    # When
    result = CliRunner().invoke(cli, ["status"])

    # Then
    assert result.exit_code == 130


def test_a_fault_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    @click.command()
    def command() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "get_command", lambda _context, _name: command)

    # When
    result = CliRunner().invoke(cli, ["status"])

    # Then
    assert isinstance(result.exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("error", "kind", "code", "exit_code"),
    [
        (SettingsError("x"), Misused, "settings", ExitCode.USAGE),
        (BrokerUnreachable("x"), Unreachable, "broker", ExitCode.UNREACHABLE),
        (ArchiveError("x"), Unreachable, "archive", ExitCode.UNREACHABLE),
        (PermissionError(13, "denied", "f"), Failure, "os", ExitCode.ERROR),
        (click.UsageError("x"), Misused, "usage", ExitCode.USAGE),
        (click.ClickException("x"), Failure, "error", ExitCode.ERROR),
        (Conflict("x"), Conflict, "conflict", ExitCode.CONFLICT),
        (NotFound("x"), NotFound, "not_found", ExitCode.NOT_FOUND),
    ],
)
def test_each_kind_of_error_has_its_code(
    error: Exception, kind: type[Failure], code: str, exit_code: int
) -> None:
    # When
    failure = failure_of(error)

    # Then
    assert type(failure) is kind
    assert (failure.code, failure.exit_code) == (code, exit_code)


@pytest.mark.process
def test_no_color_is_honoured(seeded: Place) -> None:
    # When
    plain = gouji("dead", "show", "1", cwd=seeded.root, NO_COLOR="1", FORCE_COLOR="1", TERM="xterm")
    coloured = gouji("dead", "show", "1", cwd=seeded.root, FORCE_COLOR="1", TERM="xterm")

    # Then
    assert "\x1b[31m" not in plain.stdout
    assert "\x1b[1;31m" in coloured.stdout


@pytest.mark.process
def test_an_output_that_cannot_be_written_is_told_once(seeded: Place) -> None:
    # When the output is full, closed, or nobody reads it
    def run(redirected: str) -> subprocess.CompletedProcess[str]:
        command = f"{sys.executable} -m console.cli.main status --json {redirected}"
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=seeded.root,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    full, closed, unread = run(">/dev/full"), run(">&-"), run("| true")

    # Then there is a line or nothing, and no traceback
    assert (full.returncode, full.stderr) == (
        1,
        "gouji: 磁盘已满 No space left on device\n",
    )
    assert (closed.returncode, closed.stderr) == (0, "")
    assert (unread.returncode in (0, 1), unread.stderr) == (True, "")


def test_what_to_type_next_keeps_the_settings_file(bare: Path) -> None:
    # Given a settings file elsewhere
    config = bare / "etc" / "gouji.toml"
    config.parent.mkdir()
    config.touch()

    # When a command needs what init makes
    result = CliRunner().invoke(cli, ["--config", str(config), "status"])

    # Then the hint names the file too
    assert f"→ gouji --config {config} init" in result.stderr


@pytest.mark.parametrize(
    ("environment", "arguments"),
    [
        ({"GOUJI_LOG_FORMAT": "loud"}, ("status",)),
        ({"GOUJI_WORKER_THREADS": "many"}, ("status",)),
        ({}, ("--config", "none.toml", "status")),
        ({}, ("token", "revoke", "nobody")),
        ({}, ("backup", "/proc/nowhere")),
        ({}, ("reports", "show", "999")),
        ({}, ("events", "--name", "nobody")),
    ],
)
def test_what_goes_wrong_is_told_in_both_languages_with_what_to_do(
    place: Place, environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    result = place.run(*arguments, env=environment)
    assert result.exit_code not in {0, 4}
    assert "→ " in result.stderr
    assert any("\u4e00" <= sign <= "\u9fff" for sign in result.stderr), result.stderr


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("nowhere",), "没有这个命令 No such command 'nowhere'."),
        (("status", "--nowhere"), "没有这个选项 No such option '--nowhere'."),
        (("dead", "retry", "1"), "缺少参数 Missing option '--note'."),
        (
            ("dead", "retry", "--note", "x"),
            "用法有误：请给出编号，或 --all-matching 加条件 give IDs",
        ),
        (("dead", "retry", "9", "--note", "x"), "没有这件死信 there is no dead letter 9"),
        (
            ("dead", "correct", "1", "--candidate", "9.9", "--note", "x"),
            "没有候选 '9.9'；现有 there is no candidate '9.9'; there are: ",
        ),
        (
            ("dead", "correct", "1", "--set", "applications.x.total=1", "--note", "x"),
            "applications.x.total：法定表格中没有此单元格",
        ),
        (("--config", "no.toml", "status"), "设置有误：no.toml: 无法读取"),
    ],
)
def test_what_goes_wrong_is_told_in_both_languages(
    seeded: Place, typed: tuple[str, ...], said: str
) -> None:
    assert seeded.run(*typed).stderr.startswith(f"gouji: {said}")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("data_dri = 'x'", "gouji.toml：没有设置项 'data_dri'，是否为 'data_dir'？ gouji.toml: "),
        ("settle = 'soon'", "settle：'soon' 不可用：须为有限的数 settle: "),
        ("lease = -1", "lease：-1 须大于 0 lease: "),
    ],
)
def test_settings_in_error_are_told_once_in_each_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gouji.toml").write_text(settings + "\n")
    told = CliRunner().invoke(cli, ["status"]).stderr
    assert told.startswith(f"gouji: 设置有误：{said}")


def test_a_wrong_use_with_a_figure_at_its_head_is_told_once_in_each_language(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failure = failure_of(click.UsageError("3 dead letters match; --yes decides about all of them"))
    assert failure is not None
    tell(failure, as_json=False)
    assert capsys.readouterr().err.splitlines()[0] == (
        "gouji: 用法有误：符合条件的死信有 3 件；加 --yes 全部处置"
        " 3 dead letters match; --yes decides about all of them"
    )


@pytest.mark.parametrize("damage", [b"no database at all", None])
def test_a_damaged_database_is_told_with_what_to_do(seeded: Place, damage: bytes | None) -> None:
    # Given a file that is none, or the first table of which is overwritten
    file = seeded.root / "var" / "gouji.db"
    whole = file.read_bytes()
    seeded.database.close()
    for beside in file.parent.glob("gouji.db-*"):
        beside.unlink()
    file.write_bytes(damage or whole[:100] + b"\xff" * (len(whole) - 100))

    # When
    result = seeded.run("status")

    # Then
    assert result.exit_code == ExitCode.UNREACHABLE
    assert result.stderr.startswith("gouji: 数据库已损坏 the database is damaged: ")
    assert "gouji restore" in result.stderr
    assert "✗ database" in seeded.run("doctor").stdout


def test_that_there_is_no_database_yet_is_told_once_in_each_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "var" / "gouji.db"
    told = CliRunner().invoke(cli, ["status"]).stderr.splitlines()[0]
    assert told == f"gouji: 尚无数据库 {place} there is no database yet at {place}"


def test_programs_are_told_in_english_what_was_refused(seeded: Place) -> None:
    typed = ("dead", "correct", "1", "--set", "applications.new_requests.other=7", "--note", "x")
    _, error = seeded.error(*typed)
    assert error["message"].startswith("it does not hold yet: ")
    assert seeded.run(*typed).stderr.startswith("gouji: 仍不成立 it does not hold yet: ")
