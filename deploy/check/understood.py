"""Would gouji understand it: commands, and variables of the environment."""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from console.cli.main import cli
from worker import secret_files
from worker.broker import QUEUES
from worker.errors import SettingsError
from worker.settings import PREFIX, load

PROGRAM = "gouji"

_READ_ELSEWHERE: Final = re.compile(
    r"PATH|LANG|PYTHONDONTWRITEBYTECODE|AWS_(ENDPOINT_URL_S3|DEFAULT_REGION|SHARED_CREDENTIALS_FILE)"
)
"""Variables of our processes that are none of gouji's: of the system, Python, and S3's client."""


def command(words: Sequence[str]) -> Iterator[str]:
    """Yield why the arguments of ``gouji`` would not be understood; nothing is run."""
    name, *arguments = words or [""]
    with click.Context(cli, info_name=PROGRAM) as context:
        group: click.Command = cli
        try:
            while isinstance(group, click.Group):
                found = group.get_command(context, name)
                if found is None:
                    yield f"gouji {' '.join(words)}: there is no command {name!r}"
                    return
                context = found.make_context(name, list(arguments), context)
                group, (name, *arguments) = found, arguments or [""]
        except click.ClickException as error:
            yield f"gouji {' '.join(words)}: {error.format_message()}"
            return
    queues = context.params.get("queues")
    for queue in (queues or "").split(",") if queues else ():
        if queue not in QUEUES:
            yield f"gouji {' '.join(words)}: no queue is called {queue!r}"


def queues_of(words: Sequence[str]) -> set[str]:
    """Return the queues that the arguments of ``gouji work`` name; none for other commands."""
    if words[0] != "work":
        return set()
    if "--queues" not in words:
        return set(QUEUES)
    return set(words[words.index("--queues") + 1].split(","))


def environment(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield why the settings would refuse an environment; files of secrets are not read."""
    files = secret_files.variables(PREFIX)
    for name in variables:
        if not name.startswith(PREFIX) and not _READ_ELSEWHERE.fullmatch(name):
            yield f"{name}: nobody reads that variable"
    plain = {name: value for name, value in variables.items() if name not in files}
    with tempfile.TemporaryDirectory() as folder:
        nothing = Path(folder) / "gouji.toml"  # not that of the working directory
        nothing.touch()
        try:
            load(nothing, plain)
        except SettingsError as error:
            yield str(error)
    for name in sorted(set(variables) & set(files)):
        if files[name] in variables:
            yield f"{files[name]} and {name} are both set"
