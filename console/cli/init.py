"""``gouji init``: a commented settings file, the directories, the database."""

import os
from pathlib import Path
from typing import Any

import click

from console.cli import output
from console.cli.invocation import Invocation, pass_invocation


@click.command()
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="在此目录中建立 Set up in this directory instead of the working directory.",
)
@output.json_option
@pass_invocation
def command(invocation: Invocation, directory: Path, as_json: bool) -> None:
    """初始化 Write gouji.toml, make the folders, create or upgrade the database.

    An existing gouji.toml is left as it is; running it again does no harm.
    """
    from console import configuration
    from console.service import prepare
    from models import migrations
    from worker.settings import CONFIG_NAME, load

    target = (invocation.config or directory / CONFIG_NAME).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    os.chdir(directory)  # relative paths of the environment start where gouji is run
    written = not target.exists()
    if written:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(configuration.as_toml(), "utf-8")
    try:
        settings = load(target)
        prepare(settings)
        migrations.upgrade(settings.database)
    except BaseException:
        if written:
            target.unlink()  # so that nothing is kept of an init that failed
        raise
    facts: dict[str, Any] = {
        "config": str(target),
        "written": written,
        "data_dir": str(settings.data_dir.resolve()),
        "sources": [str(source.path.resolve()) for source in settings.watched],
        "revision": migrations.head(),
    }
    if as_json:
        output.emit(facts)
        return
    click.echo(f"{'已写 wrote' if written else '保留 kept'}  {target}")
    click.echo(f"数据 data  {facts['data_dir']}  ({facts['revision']})")
    for source in settings.watched:
        label = "收件 inbox" if source.kind == "drop" else f"来源 {source.kind}"
        click.echo(f"{label} {source.path.resolve()}")
    output.hint("gouji up", "一键运行 run everything")
