"""``gouji notify``: tell of new dead letters."""

import signal
from typing import TYPE_CHECKING

import click

from console.cli import output
from console.cli.errors import Misused, Unreachable
from console.cli.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from console.notify.channels import Channel


@click.command()
@click.option("--test", is_flag=True, help="试发 Send one test message to each, and end.")
@click.option("--parent", type=int, hidden=True)
@pass_invocation
def command(invocation: Invocation, test: bool, parent: int | None) -> None:
    """死信通知 Tell of new dead letters by webhook and Apprise, until stopped.

    Part of gouji up where notify_webhook or notify_apprise is set. One message in notify_interval
    at most, with the counts by reason and the first few letters.
    """
    from console.log_words import in_both
    from console.notify.channels import channels
    from console.notify.notifier import Notifier
    from console.parent import die_with_parent
    from worker import logs
    from worker.secrecy import keep
    from worker.settings import SECRET
    from worker.signs import Signs

    if parent is not None:
        die_with_parent(parent)
    settings = invocation.settings
    keep(*(getattr(settings, name) for name in SECRET))
    found = channels(settings)
    if not found:
        raise Misused(
            "nobody is to be told: notify_webhook and notify_apprise are empty",
            hint="GOUJI_NOTIFY_WEBHOOK=https://… gouji notify --test",
            code="no_channel",
        )
    if test:
        _try_out(found)
        return
    logs.configure("notify", form=settings.log_format, level=settings.log_level, worded=in_both)
    with invocation.database() as database:
        notifier = Notifier(database, found, settings.notify_interval)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: notifier.stop())
        notifier.run(Signs.of(settings, alone=parent is None))


def _try_out(found: "list[Channel]") -> None:
    """Send a message about nothing to each channel.

    Raises:
        Unreachable: one was not taken.
    """
    import uuid

    from console.notify.channels import Envelope
    from console.notify.errors import Undelivered
    from console.notify.message import compose
    from models.base import now

    envelope = Envelope(str(uuid.uuid4()), now().isoformat(), compose([("imbalanced", 0)], []))
    failed = []
    for channel in found:
        try:
            channel.send(envelope)
            output.say(f"已送达 delivered: {channel.name}")
        except Undelivered as error:
            failed.append(f"{channel.name}: {error}")
    if failed:
        hint = "检查 check GOUJI_NOTIFY_WEBHOOK, GOUJI_NOTIFY_APPRISE"
        raise Unreachable("; ".join(failed), hint=hint, code="undelivered")
