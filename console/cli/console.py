"""``gouji console``: the web console alone."""

import signal

import click

from console.cli.errors import ADD_USER, Misused
from console.cli.invocation import Invocation, pass_invocation


@click.command()
@click.option("--parent", type=int, hidden=True)
@pass_invocation
def command(invocation: Invocation, parent: int | None) -> None:
    """网页控制台 Serve the web console, until stopped.

    Listens on 127.0.0.1:8351. As long as there is no user, whoever sits at this machine may do
    everything; to listen elsewhere there must be one: gouji user add NAME.
    """
    from console.log_words import in_both
    from console.parent import die_with_parent
    from console.web.exposure import Exposed
    from console.web.serve import ConsoleServer
    from worker import logs
    from worker.signs import Signs

    if parent is not None:
        die_with_parent(parent)
    settings = invocation.settings
    logs.configure("console", form=settings.log_format, level=settings.log_level, worded=in_both)
    with invocation.database() as database:
        try:
            server = ConsoleServer(settings, database, Signs.of(settings, alone=parent is None))
        except Exposed as error:
            raise Misused(
                f"console_host: {error}",
                hint=ADD_USER,
                code="no_user",
            ) from error
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.stop())
        if parent is None:
            click.echo(f"网页控制台 console: {server.address}", err=True)
        server.run()
