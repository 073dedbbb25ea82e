"""``gouji inspect``: read, recognise and check files, with no database and no queue."""

import hashlib
import os
import stat
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click

from console import labels
from console.cli import output
from console.cli.errors import ExitCode, Failure
from console.cli.invocation import Invocation, pass_invocation
from console.cli.parameters import no_path
from console.messages import in_both

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.inspection import Inspection
    from worker.isolation.readers import Readers

_BLOCK: Final = 1 << 20


@click.command("inspect")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@output.exit_zero_option
@output.json_option
@pass_invocation
def command(invocation: Invocation, paths: tuple[str, ...], as_json: bool, exit_zero: bool) -> int:
    """试读 Read and check files; store nothing.

    PATH - reads standard input. Needs no database and no queue. With --json one file gives one
    JSON object (gouji.inspection/1), several files give one object a line; so does an archive,
    one for each of its members, which are named a.zip!/member. Files are read within the limits
    that the worker keeps to: max_bytes, reading_timeout, reading_memory.

    Exit code 4 when the worker would refuse a file; findings that are only worth a look give 0.
    """
    from worker.isolation.limits import Limits
    from worker.isolation.pool import Isolated
    from worker.isolation.readers import Readers

    settings = invocation.settings
    limits = Limits(seconds=settings.reading_timeout, memory=settings.reading_memory)
    dead = False
    with closing(Readers(Isolated(limits))) as reader:
        reader.start()  # while the rest is imported
        from worker.inspection import as_json as contract
        from worker.spool import BETWEEN

        for path in paths:
            for inspection in _inspect(path, reader, settings.max_bytes):
                dead = dead or inspection.outcome == "dead"
                if not as_json:
                    _show(inspection)
                elif len(paths) == 1 and BETWEEN not in inspection.file.name:
                    output.emit(contract(inspection))
                else:
                    output.emit_line(contract(inspection))
    output.hint("gouji ingest PATH", "送入处理 bring it in")
    return ExitCode.FINDINGS if dead and not exit_zero else ExitCode.OK


def _inspect(path: str, reader: "Readers", most: int) -> "Iterator[Inspection]":
    if path == "-":
        yield from _judge(sys.stdin.buffer, "-", reader, most)
        return
    try:
        with Path(path).open("rb") as file:
            name = os.path.basename(path)  # noqa: PTH119 - keeps surrogates
            yield from _judge(file, name, reader, most)
    except FileNotFoundError:
        raise no_path(path) from None
    except IsADirectoryError:
        hint = "gouji ingest PATH  送入整个目录 takes directories"
        raise Failure(f"{_shown(path)} is a directory", hint=hint, code="directory") from None


def _judge(stream: BinaryIO, name: str, reader: "Readers", most: int) -> "Iterator[Inspection]":
    """Do with a stream what the worker would; one without an end is read no further than that."""
    from worker import inspection
    from worker.errors import Refused

    data = stream.read(most + 1)
    size, sha256 = len(data), ""
    if size > most and stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.seek(0)
        digest = hashlib.sha256()
        while block := stream.read(_BLOCK):
            digest.update(block)
        size, sha256 = stream.tell(), digest.hexdigest()
    try:
        inspection.admit(size, most)
    except Refused as refusal:
        sha256 = sha256 or ("" if data else hashlib.sha256().hexdigest())
        yield inspection.refused(inspection.File(name, sha256, size, None), refusal)
        return
    found = inspection.inspect(data, name, reader=reader)
    if found.outcome == "unpacked":
        from worker.contents import Contents

        yield from Contents(reader, reader.text.unpack, most).of(found, data)
    else:
        yield found


def _shown(path: str) -> str:
    return click.format_filename(path)


def _show(inspection: "Inspection") -> None:
    from console.cli.candidates_view import candidate_lines
    from console.cli.report_view import facts, print_lines, print_report

    console = output.console()
    file = inspection.file
    verdict: list[tuple[str, Any]] = [("文件 file", click.format_filename(file.name))]
    verdict += [("大小 bytes", file.bytes), ("类型 type", file.media_type)]
    verdict += [("SHA-256", file.sha256[:16])]
    print_lines(console, [facts(verdict)])
    _show_outcome(inspection)
    if inspection.report is not None:
        print_report(console, inspection.report, inspection.findings)
        print_lines(console, candidate_lines(inspection.localisation))


def _show_outcome(inspection: "Inspection") -> None:
    from rich.text import Text

    from console.cli.report_view import facts, print_lines

    if inspection.outcome == "ignored":
        line = Text("结果 outcome: 忽略 would be ignored", style="dim")
    elif inspection.outcome == "stored":
        line = Text("结果 outcome: 可入库 would be stored", style="green")
    else:
        line = Text("结果 outcome: 死信 would be dead-lettered", style="bold red")
    reason, stage = labels.reason(inspection.reason), labels.stage(inspection.stage)
    told = facts([("原因 reason", reason), ("环节 stage", stage)])
    lines = [line, told] if told.plain else [line]
    if inspection.report is None and inspection.message:
        lines.append(Text(in_both(inspection.message)))
    print_lines(output.console(), [*lines, Text("")])
