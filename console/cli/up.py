"""``gouji up``: everything in one terminal."""

import shutil
import sys
import time
from typing import TYPE_CHECKING

import click

from console.cli import output
from console.cli.errors import ADD_USER, Conflict, Misused
from console.cli.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from models.session import Database
    from worker.settings import Settings


@click.command()
@click.option("--samples", "with_samples", is_flag=True, help="送入样例 Bring in sample reports.")
@pass_invocation
def command(invocation: Invocation, with_samples: bool) -> int:
    """一键运行 Run queue, migrations, watcher and workers until stopped with Ctrl-C.

    A part that dies is started again. Logs are in DATA_DIR/logs, one file a part; off a terminal
    they go to stderr too, one JSON object a line.
    """
    from console.lock import AlreadyRunning
    from console.service import Service
    from console.web.exposure import Exposed

    settings = invocation.settings
    pretty = settings.log_format == "console" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    service = Service(
        settings,
        config=invocation.config,
        pretty=pretty,
        with_samples=with_samples,
        on_ready=lambda: _greet(settings) if pretty else None,
        meanwhile=_Tour() if with_samples and pretty else lambda _database: None,
    )
    try:
        code = service.run()
    except AlreadyRunning as running:
        raise Conflict(
            f"已在运行 {running}",
            hint="gouji status  查看现状 look at it; or stop that process first",
            code="already_running",
        ) from running
    except Exposed as error:
        raise Misused(f"console_host: {error}", hint=ADD_USER, code="no_user") from error
    if pretty:
        output.say("已停止，数据都在 Stopped; everything is kept.")
    return code


def _greet(settings: "Settings") -> None:
    gouji = _program()
    folders = "  ".join(str(source.path.resolve()) for source in settings.drops)
    click.echo(
        f"勾稽 gouji 已启动 is running · Ctrl-C 停止 stops it\n"
        f"  放入文件  drop reports into   {folders}\n{_pushing(settings)}"
        f"  现状      how things stand    {gouji} status\n"
        f"{_console(settings)}"
        f"  死信      what failed, why    {gouji} dead list\n"
        f"  经过      the story of each   {gouji} events\n"
        f"  日志      logs                {settings.data_dir.resolve() / 'logs'}\n",
        err=True,
    )


def _pushing(settings: "Settings") -> str:
    door = settings.pushed
    if door is None:
        return ""
    return f"  推送      push reports to     http://{door.host}:{door.port}/api/v1/documents\n"


def _console(settings: "Settings") -> str:
    if not settings.console_host:
        return ""
    address = settings.console_url or f"http://{settings.console_host}:{settings.console_port}"
    where = (
        address if settings.console_port else str(settings.data_dir.resolve() / "logs/console.log")
    )
    return f"  控制台    in a browser        {where}\n"


def _program() -> str:
    """Return what the user would have to type; make run does not put ``gouji`` on PATH."""
    return "gouji" if shutil.which("gouji") else sys.argv[0]


class _Tour:
    """Waits until the samples are worked off, then shows where everything stands, once."""

    def __init__(self) -> None:
        self._deadline = time.monotonic() + _SAMPLES_WITHIN
        self._done = False

    def __call__(self, database: "Database") -> None:
        if self._done:
            return
        from console import samples

        left = samples.unfinished(database, samples.samples())
        if left == 0 or time.monotonic() > self._deadline:
            self._done = True
            self._show(database, left)

    def _show(self, database: "Database", left: int) -> None:
        from sqlalchemy import func, select

        from models.ledger import Document

        with database.reading() as session:
            counts = dict(
                session.execute(select(Document.state, func.count()).group_by(Document.state)).all()
            )
        gouji = _program()
        lines = [f"  {_LABELS.get(state, state):<20}{count:>5}" for state, count in counts.items()]
        if left:
            lines.append(f"  样例未处理完 samples still waiting: {left}; {gouji} doctor")
        lines += [
            f"→ {gouji} reports list   已入库的报告 the stored reports",
            f"→ {gouji} dead list      未通过的及原因 what was refused, and why",
            "→ 把报告放进收件目录，结果显示在此 drop reports into the folder; results show here",
        ]
        click.echo("\n" + "\n".join(lines) + "\n", err=True)


_SAMPLES_WITHIN = 90.0
_LABELS = {
    "stored": "入库 stored",
    "unpacked": "拆包 unpacked",
    "dead": "死信 dead",
    "discarded": "弃置 discarded",
    "received": "已收 received",
    "queued": "排队 queued",
    "processing": "处理中 processing",
}
