"""``gouji restore``: a backup back into an empty data directory."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli import output
from console.cli.errors import Conflict, ExitCode, Misused
from console.cli.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from console.restore import Restored

_EMPTY = "mv var var.old: 先移走旧目录 move the old directory away first"


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False, exists=True))
@output.json_option
@pass_invocation
def command(invocation: Invocation, directory: Path, as_json: bool) -> int:
    """恢复 Bring the backup in DIRECTORY back into an empty data directory.

    Originals that came in after the backup and lie in .gouji/done are put back into their folders,
    and come in again. With PostgreSQL restore the dump first. Nothing may run meanwhile.

    Exit codes: 0 ok, 4 when bytes of a document are missing or damaged, 5 when there is something
    in the data directory.
    """
    from console.backup import Unfit
    from console.lock import AlreadyRunning
    from console.restore import NotEmpty, restore

    try:
        restored = restore(invocation.settings, directory)
    except Unfit as error:
        raise Misused(str(error), code="unfit") from error
    except (NotEmpty, AlreadyRunning) as error:
        raise Conflict(str(error), hint=_EMPTY, code="not_empty") from error
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
    output.hint("gouji up", "接着运行 go on")
