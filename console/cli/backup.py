"""``gouji backup``: the database, the bytes of its documents and the settings, in a directory."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli import output
from console.cli.errors import ExitCode, Misused
from console.cli.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from console.backup import Made

_SHOWN = 1000


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@output.json_option
@pass_invocation
def command(invocation: Invocation, directory: Path, as_json: bool) -> int:
    """备份 Copy database, documents and settings to DIRECTORY, while everything runs.

    Done again with the same DIRECTORY, only what is new is copied. With PostgreSQL run pg_dump
    first: this copies the bytes of the documents and the settings. The settings may hold
    passwords: keep the directory to yourself.

    Exit codes: 0 ok, 4 when bytes of a document were missing or damaged in the archive.
    """
    from console.backup import Unfit, back_up
    from worker.settings import CONFIG_NAME

    invocation.demand_database()
    config = invocation.config or Path(CONFIG_NAME)
    try:
        made = back_up(invocation.settings, directory, config, _progress)
    except Unfit as error:
        raise Misused(str(error), code="unfit") from error
    _tell(made, directory, as_json=as_json)
    return ExitCode.FINDINGS if made.manifest.missing else ExitCode.OK


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty() and (done % _SHOWN == 0 or done == of):
        click.echo(f"\r{done} / {of}", nl=done == of, err=True)


def _tell(made: "Made", directory: Path, *, as_json: bool) -> None:
    from dataclasses import asdict

    manifest = made.manifest
    if as_json:
        output.emit(asdict(manifest) | {"linked": made.linked, "copied": made.copied})
        return
    click.echo(
        f"已备份 backed up  {directory}: {manifest.documents} 份文档 documents, "
        f"{manifest.reports} 份报告 reports, {output.size(manifest.size)}; "
        f"新增 new {made.linked + made.copied}"
    )
    if manifest.missing:
        click.echo(f"存档缺损 missing or damaged in the archive: {len(manifest.missing)}", err=True)
        for sha256 in manifest.missing[:10]:
            click.echo(f"  {sha256}", err=True)
    if manifest.database is None:
        output.say("PostgreSQL: 数据库须另用 pg_dump 备份 back the database up with pg_dump")
    if made.linked:
        output.say("与存档同盘，用硬链接 hard links on the same disk: copy them off it too")
