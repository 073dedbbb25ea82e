"""``gouji completion``: the script that completes commands in a shell."""

from typing import Final

import click

from console.cli import output

_FILES: Final = {
    "bash": "gouji completion bash > ~/.local/share/bash-completion/completions/gouji",
    "zsh": "gouji completion zsh > ~/.zfunc/_gouji",
    "fish": "gouji completion fish > ~/.config/fish/completions/gouji.fish",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(_FILES)))
@output.json_option
def command(shell: str, as_json: bool) -> None:
    """补全 Print the script that completes gouji commands in a shell."""
    from click.shell_completion import get_completion_class

    from console.cli.main import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    source = kind(cli, {}, "gouji", "_GOUJI_COMPLETE").source()
    if as_json:
        output.emit({"shell": shell, "script": source})
        return
    click.echo(source)
    output.hint(_FILES[shell], "安装 installs it")
