"""``gouji watch``: the watcher alone."""

import signal
import threading

import click

from console.cli.invocation import Invocation, pass_invocation


@click.command()
@click.option("--parent", type=int, hidden=True)
@pass_invocation
def command(invocation: Invocation, parent: int | None) -> None:
    """监视来源 Watch the sources, take in what comes to rest there, until stopped.

    Needs the database (gouji init) and sends to the queue; while the queue does not answer,
    what comes in is kept and sent later.
    """
    from console.log_words import in_both
    from console.parent import die_with_parent
    from watcher.run import run
    from worker import logs, tracing
    from worker.signs import Signs

    if parent is not None:
        die_with_parent(parent)
    settings = invocation.settings
    logs.configure("watch", form=settings.log_format, level=settings.log_level, worded=in_both)
    invocation.demand_database()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with tracing.exported(settings, "watch"):
        run(settings, stop, Signs.of(settings, alone=parent is None))
