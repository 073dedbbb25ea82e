"""``gouji alive``: what the probe of a container asks."""

import time
from pathlib import Path

import click

from console.cli import output
from console.cli.errors import Failure, Misused
from console.cli.invocation import Invocation, pass_invocation


@click.command()
@click.option(
    "--within",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="秒 Seconds since the last sign of life at most.",
)
@pass_invocation
def command(invocation: Invocation, within: float) -> None:
    """存活 Tell whether the part that runs here gives signs of life; ends with 1 if not.

    For probes of containers: looks at the file that the setting alive_file names, at nothing else.
    That the database or the queue is away is no reason to start a part again.
    """
    named = invocation.settings.alive_file
    if not named:
        raise Misused(
            "alive_file is not set: no part here gives signs of life",
            hint="GOUJI_ALIVE_FILE=/tmp/alive gouji watch",
            code="no_alive_file",
        )
    try:
        age = time.time() - Path(named).stat().st_mtime
    except FileNotFoundError:
        raise Failure(f"{named}: not ready yet, or ended", code="not_alive") from None
    if age > within:
        raise Failure(f"{named}: the last sign of life is {age:.0f} s old", code="not_alive")
    output.say(f"存活 alive: {age:.0f} s")
