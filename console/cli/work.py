"""``gouji work``: worker processes, run by Dramatiq's own master in this process."""

import os
import sys
from typing import TYPE_CHECKING

import click

from console.cli.errors import Misused
from console.cli.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from worker.settings import Settings

_BOOT = f"{__name__}:boot"


def boot() -> None:
    """Load the actors; what Dramatiq calls in each worker process."""
    from console.parent import die_with_parent

    die_with_parent()
    import worker.app  # noqa: F401 - importing it is what makes the actors known


@click.command()
@click.option("--processes", type=click.IntRange(1), help="进程数 Worker processes.")
@click.option("--threads", type=click.IntRange(1), help="线程数 Threads in each process.")
@click.option("--queues", help="只取这些队列 Only these queues: fast,slow,ocr,urgent.")
@click.option("--parent", type=int, hidden=True)
@pass_invocation
def command(
    invocation: Invocation,
    processes: int | None,
    threads: int | None,
    queues: str | None,
    parent: int | None,
) -> int:
    """处理文档 Process documents from the queue until stopped.

    Hosts can be set apart: those with --queues ocr read scans, those with --queues fast,slow
    everything else; what an operator retries (urgent) is taken by all but the former.

    SIGTERM and Ctrl-C drain: what is being worked on is finished or given back first. When a
    worker process dies the others drain and this command ends with 1; whatever runs it
    (gouji up, systemd, Kubernetes) starts it again. Where there is no database or no queue it
    ends with 6.
    """
    from console.parent import die_with_parent
    from worker import logs
    from worker.archive import Archive
    from worker.crew import Crew
    from worker.signs import Signs

    if parent is not None:
        die_with_parent(parent)
    settings = invocation.settings
    logs.configure("work", form=settings.log_format, level=settings.log_level)
    invocation.demand_database()
    _demand_queue(settings)
    Archive.of(settings)  # here a URL that cannot be one is an error, and not with each message
    if invocation.config is not None:
        os.environ["GOUJI_CONFIG"] = str(invocation.config)  # worker.app reads the settings anew
    number, chosen = processes or settings.worker_processes, _queues(queues)
    with Crew(Signs.of(settings, alone=parent is None), number).listening():
        return _run(number, threads or settings.worker_threads, chosen, settings.grace)


def _demand_queue(settings: "Settings") -> None:
    from worker.inbox import Inbox

    inbox = Inbox(settings)
    try:
        inbox.ping()
    finally:
        inbox.close()


def _queues(chosen: str | None) -> list[str]:
    from worker.inbox import QUEUES

    if chosen is None:
        return []
    names = [name.strip() for name in chosen.split(",")]
    for name in names:
        if name not in QUEUES:
            raise Misused(f"no queue is called {name!r}; there are {', '.join(QUEUES)}")
    if "urgent" not in names and names != ["ocr"]:
        names.append("urgent")  # else what an operator retries would wait for other hosts
    return names


def _run(processes: int, threads: int, queues: list[str], grace: float) -> int:
    from dramatiq import cli as dramatiq_cli

    parser = dramatiq_cli.make_argument_parser()  # type: ignore[no-untyped-call]
    arguments = parser.parse_args(
        [
            _BOOT,
            *("--processes", str(processes)),
            *("--threads", str(threads)),
            *(("--queues", *queues) if queues else ()),
            *("--worker-shutdown-timeout", str(round(grace * 1000))),
            "--skip-logging",
            "--path",  # none: the working directory must not hide our modules
        ]
    )
    sys.stdout.flush()
    return int(dramatiq_cli.main(arguments))  # type: ignore[no-untyped-call]
