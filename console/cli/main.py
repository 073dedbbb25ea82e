"""The command ``gouji``: its subcommands, loaded only when asked for, and its exit codes."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import click

from console.cli import brisk, output
from console.cli.errors import ExitCode, Failure, failure_of
from console.cli.invocation import Invocation


class Entry(NamedTuple):
    """A subcommand: the heading it stands under, its module, and its line in ``--help``.

    ``stays`` tells those that run until they are told to end.
    """

    heading: str
    module: str
    summary: str
    stays: bool = False


_RUN: Final = "Run 运行"
_BRING: Final = "Bring in 送入"
_LOOK: Final = "Look 查看"
_KEEP: Final = "Keep 保管"
_LEARN: Final = "Learn 参考"

COMMANDS: Final = {
    "up": Entry(_RUN, "console.cli.up", "一键运行 Run everything in one terminal", stays=True),
    "watch": Entry(
        _RUN, "console.cli.watch", "监视来源 Watch the sources for new files", stays=True
    ),
    "push": Entry(_RUN, "console.cli.push", "推送接口 Take documents pushed over HTTP", stays=True),
    "work": Entry(_RUN, "console.cli.work", "处理文档 Process what is on the queue", stays=True),
    "notify": Entry(_RUN, "console.cli.notify", "死信通知 Tell of new dead letters", stays=True),
    "console": Entry(_RUN, "console.cli.console", "网页控制台 Serve the web console", stays=True),
    "alive": Entry(_RUN, "console.cli.alive", "存活 Whether the part here gives signs of life"),
    "init": Entry(_RUN, "console.cli.init", "初始化 Create settings, folders and database"),
    "doctor": Entry(_RUN, "console.cli.doctor", "体检 Check what gouji depends on"),
    "verify": Entry(_RUN, "console.cli.verify", "对账 Reconcile disk, archive, ledger, queue"),
    "ingest": Entry(_BRING, "console.cli.ingest", "送入文件 Bring files in"),
    "token": Entry(_BRING, "console.cli.token", "推送令牌 Make and revoke tokens for pushing"),
    "inspect": Entry(_BRING, "console.cli.inspection", "试读 Read and check a file, store nothing"),
    "status": Entry(_LOOK, "console.cli.status", "现状 Counts by state"),
    "reports": Entry(_LOOK, "console.cli.reports", "入库报告 List, show, compare stored reports"),
    "dead": Entry(_LOOK, "console.cli.dead", "死信 List, show, correct, accept, retry, discard"),
    "events": Entry(_LOOK, "console.cli.events", "经过 The story of a document"),
    "logs": Entry(_LOOK, "console.cli.logs", "日志 Read the log files"),
    "export": Entry(_LOOK, "console.cli.export", "导出 Take the figures away for analysis"),
    "prune": Entry(_KEEP, "console.cli.prune", "清理 Delete what is past its time"),
    "backup": Entry(_KEEP, "console.cli.backup", "备份 Copy everything to a directory"),
    "restore": Entry(_KEEP, "console.cli.restore", "恢复 Bring a backup back"),
    "user": Entry(_KEEP, "console.cli.user", "用户 Manage users of the web console"),
    "rules": Entry(_LEARN, "console.cli.rules", "勾稽规则 List and explain the rules"),
    "completion": Entry(_LEARN, "console.cli.completion", "补全 Complete commands in a shell"),
}
"""Every subcommand; its module has a ``command`` and is imported when it is invoked."""


_HELP: Final = frozenset({"-h", "--help"})


class LazyGroup(click.Group):
    """A group that imports a subcommand's module when it is invoked, and ends with our codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of every subcommand, in the order of ``--help``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a subcommand."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return super().get_command(ctx, cmd_name)
        command: click.Command = import_module(entry.module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand; for an unknown one name the nearest known."""
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=COMMANDS, ctx=ctx
            ) from None
        if command is not None and not _HELP.isdisjoint(rest):
            from console.cli.chinese_help import explain

            explain(command, f"gouji {name}")
        return name, command, rest

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the subcommands under their headings; none is imported for it."""
        for heading, entries in groupby(COMMANDS.items(), key=lambda item: item[1].heading):
            with formatter.section(heading):
                formatter.write_dl([(name, entry.summary) for name, entry in entries])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run, tell what went wrong as text or JSON, and exit with the code for it."""
        arguments = list(sys.argv[1:] if args is None else args)
        if not standalone_mode:
            return super().main(arguments, prog_name, complete_var, standalone_mode, **extra)
        sys.exit(self._run(arguments, prog_name, complete_var, **extra))

    def _run(
        self, arguments: list[str], prog_name: str | None, complete_var: str | None, **extra: Any
    ) -> int:
        output.remember_config(arguments)
        try:
            code = super().main(arguments, prog_name, complete_var, False, **extra)
            sys.stdout.flush()
        except click.Abort as abort:
            if abort.__cause__ is None:  # a question was open; else click has begun a new line
                output.say("")
            output.say("中断 Interrupted")
            return ExitCode.INTERRUPTED
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            return error.exit_code
        # the outermost place: what nobody below could handle is told here, or raised again
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                raise
            if isinstance(error, BrokenPipeError):
                _give_up_stdout()
                return ExitCode.ERROR  # whoever read has gone, and knows why
            tell(failure, as_json=output.wants_json(arguments))
            return failure.exit_code
        return code if isinstance(code, int) else ExitCode.OK


def tell(failure: Failure, *, as_json: bool) -> None:
    """Tell of a failure: as JSON on stdout, where a program reads, else as text on stderr."""
    if as_json:
        told = {
            "code": failure.code,
            "message": failure.message,
            "hint": output.typed(failure.hint) or None,
        }
        try:
            output.emit_line({"error": told})
            sys.stdout.flush()
        except OSError:
            _give_up_stdout()  # it is what failed: stderr has to do
        else:
            return
    with suppress(OSError):
        from console.messages import in_both

        said = failure.message if failure.bilingual else in_both(failure.message)
        click.echo(f"gouji: {said}", err=True)
        if failure.hint:
            click.echo(f"→ {output.typed(failure.hint)}", err=True)


def _give_up_stdout() -> None:
    """Write to nowhere from now on: the interpreter would complain of stdout once more at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _open_streams() -> None:
    """Put nowhere in the place of standard streams that were closed; so does every daemon."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number, inheritable=True)
                os.close(descriptor)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": sorted(_HELP), "max_content_width": 100},
    epilog=(
        "\b\n"
        "退出码：0 正常，1 出错，2 用法错误，3 找不到，4 有发现或死信，5 冲突，\n"
        "6 依赖不可达，130 被中断。gouji COMMAND --help 查看某个命令的说明。"
    ),
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="GOUJI_CONFIG",
    help="配置文件 Settings file; without it gouji.toml in the working directory.",
)
@click.version_option(package_name="gouji", message="gouji %(version)s")
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """勾稽 Read yearly open-government-information reports and check that their tables balance.

    Exit codes: 0 ok, 1 error, 2 usage, 3 not found, 4 done with findings or dead letters,
    5 conflict, 6 a dependency cannot be reached, 130 interrupted.
    """
    if ctx.invoked_subcommand is not None and COMMANDS[ctx.invoked_subcommand].stays:
        brisk.stay()
    ctx.obj = Invocation(config)


def run() -> NoReturn:
    """Run the command line; the entry point of the installed command."""
    _open_streams()
    brisk.begin()
    try:
        cli.main(prog_name="gouji")
    finally:
        brisk.end()
    raise AssertionError("main() exits")


if __name__ == "__main__":
    run()
