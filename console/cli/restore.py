"""``gouji restore``: a backup back into an empty data directory."""

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli import output
from console.cli.errors import Conflict, ExitCode, Misused
from console.cli.invocation import Invocation, pass_invocation
from console.cli.parameters import Existing

if TYPE_CHECKING:
    from console.restore import Restored

_STOP = (
    "先停止它再恢复，运行时勿移走目录 stop it first (Ctrl-C where it runs, or systemctl stop); "
    "its directory must not be moved while it runs"
)


def _move_away(data: Path) -> str:
    old = shlex.join(["mv", str(data), f"{data}.old"])
    return f"{old}  先移走旧目录 move the old directory away first; nothing may run meanwhile"


@click.command()
@click.argument("directory", type=Existing(file_okay=False))
@output.json_option
@pass_invocation
def command(invocation: Invocation, directory: Path, as_json: bool) -> int:
    """恢复 Bring the backup in DIRECTORY back into an empty data directory.

    Originals that came in after the backup and lie in .gouji/done are put back into their folders,
    and come in again. With PostgreSQL restore the dump first. Nothing may run meanwhile.

    Exit codes: 0 ok, 4 when bytes of a document are missing or damaged, 5 when there is something
    in the data directory, or gouji runs on it.
    """
    from console.backup import Unfit
    from console.lock import AlreadyRunning
    from console.restore import NotEmpty, restore

    try:
        restored = restore(invocation.settings, directory)
    except Unfit as error:
        raise Misused(str(error), code="unfit") from error
    except AlreadyRunning as error:
        raise Conflict(f"正在运行 {error}", hint=_STOP, code="already_running") from error
    except NotEmpty as error:
        hint = _move_away(invocation.settings.data_dir)
        raise Conflict(str(error), hint=hint, code="not_empty") from error
    if as_json:
        output.emit(asdict(restored))
    else:
        _tell(restored)
    return ExitCode.FINDINGS if restored.damaged or restored.missing else ExitCode.OK


def _tell(restored: "Restored") -> None:
    manifest = restored.manifest
    click.echo(
        f"已恢复 restored: 备份于 made {manifest.made_at:%Y-%m-%d %H:%M} UTC, "
        f"{manifest.documents} 份文档 documents, {manifest.reports} 份报告 reports"
    )
    if restored.put_back:
        count = len(restored.put_back)
        click.echo(f"放回收件目录 put back into their folders: {count} 份原件 originals")
    for what, names in (("损坏 damaged", restored.damaged), ("缺失 missing", restored.missing)):
        for sha256 in names[:10]:
            click.echo(f"{what}: {sha256}", err=True)
    output.hint("gouji doctor", "先体检 see that all is well")
    output.hint("gouji up", "再接着运行 then go on")
