"""``gouji push``: the push source alone."""

import signal

import click

from console.cli.errors import Misused
from console.cli.invocation import Invocation, pass_invocation

_EXAMPLE = '[[source]]\nkind = "push"'


@click.command()
@click.option("--parent", type=int, hidden=True)
@pass_invocation
def command(invocation: Invocation, parent: int | None) -> None:
    """推送接口 Take documents pushed over HTTP, until stopped.

    Needs a source of kind "push" in the settings, and the database (gouji init). Whoever pushes
    needs a token: gouji token create NAME. While the queue does not answer, what comes in is kept
    and sent later by gouji watch.
    """
    from console.log_words import in_both
    from console.parent import die_with_parent
    from watcher.serve import PushServer
    from worker import logs, tracing
    from worker.signs import Signs

    if parent is not None:
        die_with_parent(parent)
    settings = invocation.settings
    source = settings.pushed
    if source is None:
        raise Misused(
            "no source of kind 'push' is configured", hint=_EXAMPLE, code="no_push_source"
        )
    logs.configure("push", form=settings.log_format, level=settings.log_level, worded=in_both)
    with invocation.database():
        pass  # it says what to do when there is none
    server = PushServer(settings, source, Signs.of(settings, alone=parent is None))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    with tracing.exported(settings, "push"):
        server.run()
