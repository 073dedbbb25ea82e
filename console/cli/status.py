"""``gouji status``: counts by state, the queue, and the sources."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from console import labels, sentences
from console.cli import output
from console.cli.errors import Unreachable, failure_of
from console.cli.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from worker.settings import Settings

_SOURCE_FIELDS: Final = {
    "source": "来源 Source",
    "path": "路径 Path",
    "mode": "方式 Mode",
    "unsettled": "未静止 Unsettled",
    "last_scan_at": "上次扫描 Scanned",
    "heartbeat_at": "心跳 Heartbeat",
    "problem": "问题 Problem",
}


@click.command("status")
@click.option(
    "--strict", is_flag=True, help="队列连不上时返回 6 Exit with 6 when the queue is away."
)
@output.json_option
@pass_invocation
def command(invocation: Invocation, as_json: bool, strict: bool) -> None:
    """现状 Counts by state, what waits on the queue, and the sources.

    Works while the queue is away; its counts are then null and a note says why.
    """
    counts = _counts(invocation)
    queue, problem = _queue(invocation.settings)
    notes = [] if problem is None else [f"queue: {problem.message}"]
    if strict and problem is not None:
        raise problem
    told = {**counts, "queue": queue, "notes": notes}
    if as_json:
        output.emit(told)
        return
    _show(told)
    if counts["documents"]["dead"]:
        output.hint("gouji dead list", "查看死信 shows the dead letters")
    else:
        output.hint("gouji reports list", "查看入库报告 shows the stored reports")


def _counts(invocation: Invocation) -> dict[str, Any]:
    from console.queries import counts

    with invocation.database() as database, database.reading() as session:
        return {
            "documents": counts.documents(session),
            "arrivals": counts.arrivals(session),
            "sources": [asdict(source) for source in counts.sources(session)],
        }


def _queue(settings: "Settings") -> tuple[dict[str, int] | None, Unreachable | None]:
    from worker.errors import BrokerUnreachable
    from worker.inbox import backlog_of

    if not settings.broker_url and not settings.broker_socket.exists():
        why = labels.queue_away("gouji up 未运行 is not running")
        return None, Unreachable(why, hint=labels.START_QUEUE, code="broker")
    try:
        backlog = backlog_of(settings)
    except BrokerUnreachable as error:
        failure = failure_of(error)
        assert isinstance(failure, Unreachable)  # noqa: S101 - what failure_of makes of it
        return None, failure
    return {**backlog, "outstanding": backlog.total}, None


def _show(told: dict[str, Any]) -> None:
    from console.cli.listing import print_list

    print_list(
        ("文档 Documents", "状态 State", "件数 Count"),
        [
            (labels.STATES.get(state, ""), state, count)
            for state, count in told["documents"].items()
        ],
    )
    click.echo("")
    click.echo(f"到达 Arrivals: {_pairs(told['arrivals'])}")
    queue = told["queue"]
    click.echo(f"队列 Queue: {_pairs(queue) if queue is not None else _away(told['notes'])}")
    _show_sources(told["sources"])
    click.echo(f"时间按本机时区 Times are those of this machine: {_zone()}")


def _show_sources(sources: list[dict[str, Any]]) -> None:
    from console.cli.listing import print_list

    if not sources:
        click.echo("来源 Sources: 尚无监视者 nobody has watched one yet")
        return
    click.echo("")
    print_list(
        tuple(_SOURCE_FIELDS.values()),
        [[_said(name, source[name]) for name in _SOURCE_FIELDS] for source in sources],
        folding=(_SOURCE_FIELDS["path"], _SOURCE_FIELDS["problem"]),
    )


def _said(name: str, value: Any) -> Any:
    return sentences.both(value) if name == "problem" and value else value


def _zone() -> str:
    shift = datetime.now().astimezone().strftime("%z")
    return f"UTC{shift[:3]}:{shift[3:5]}"


def _away(notes: list[str]) -> str:
    return "; ".join(note.removeprefix("queue: ") for note in notes)


def _pairs(counts: dict[str, int]) -> str:
    return "  ".join(
        f"{_NAMES.get(name, '')} {name} {count}".strip() for name, count in counts.items()
    )


_NAMES: Final = {
    "accepted": "收取",
    "duplicate": "重复",
    "ignored": "忽略",
    "sidecar": "附带信息",
    "fast": "快",
    "slow": "慢",
    "ocr": "扫描件",
    "urgent": "加急",
    "outstanding": "合计",
}
