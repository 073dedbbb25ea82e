"""Making the files of an export in a directory: one pass over one snapshot of the database."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from console.export import codebook, package
from console.export.fields import CODEBOOK
from console.export.format import Format
from console.export.formats.csv_file import CsvFile
from console.export.formats.database import Database as SqliteFile
from console.export.formats.json_lines import JsonLines
from console.export.formats.parquet import Parquet
from console.export.formats.workbook import Workbook
from console.export.formats.writer import Apart, Writer
from console.export.order import SUFFIXES, Order
from console.export.snapshot import Snapshot
from models.session import Database

Progress = Callable[[int, int], None]
"""Told how many reports are done, and how many there are."""

BOOK: Final = "gouji"
"""What a single file with several tables is called until it has its name."""


@dataclass(frozen=True, slots=True)
class Produced:
    """What was written: rows by table, and when what they show changed last."""

    reports: int
    rows: dict[str, int]
    changed_at: datetime | None


def nobody(_done: int, _of: int) -> None:
    """Tell nobody how far it is."""


def produce(database: Database, order: Order, place: Path, progress: Progress = nobody) -> Produced:
    """Write the files of an order into an empty directory.

    Raises:
        ExtraMissing: the format needs what is not installed.
        OSError: something cannot be written.
        SQLAlchemyError: the database cannot be reached.
    """
    with _snapshot(database, order) as snapshot, ExitStack() as stack:
        changed_at = snapshot.changed_at()
        writer = _writer(order, place, changed_at, stack)
        produced = _write(snapshot, order, writer, changed_at, progress)
    if order.format is Format.PACKAGE:
        package.complete(place, order, produced.rows, changed_at)
    return produced


def stream(
    database: Database, order: Order, out: IO[bytes], progress: Progress = nobody
) -> Produced:
    """Write the only table of an order to a stream as it comes; CSV and JSON Lines can be."""
    (table,) = order.tables
    if order.format is Format.JSONL:
        writer: Writer = JsonLines(out, table)
    else:
        writer = CsvFile(out, table, excel=order.format is Format.CSV_EXCEL)
    with _snapshot(database, order) as snapshot:
        return _write(snapshot, order, writer, snapshot.changed_at(), progress)


@contextmanager
def _snapshot(database: Database, order: Order) -> Iterator[Snapshot]:
    with database.reading() as session:
        names = [table.name for table in order.tables]
        yield Snapshot(session.connection(), order.wanted, names)


def _write(
    snapshot: Snapshot,
    order: Order,
    writer: Writer,
    changed_at: datetime | None,
    progress: Progress,
) -> Produced:
    rows = Counter({table.name: 0 for table in order.tables})
    reports, total = 0, snapshot.count()
    try:
        progress(0, total)
        for batch in snapshot.batches():
            for name, lines in batch.lines.items():
                writer.write(name, lines)
                rows[name] += len(lines)
            reports += batch.reports
            progress(reports, total)
        if CODEBOOK in order.tables:
            writer.write(CODEBOOK.name, codebook.rows())
            rows[CODEBOOK.name] = len(codebook.rows())
    except BaseException:
        with suppress(Exception):  # what it was writing is thrown away: why it stopped is told
            writer.close()
        raise
    writer.close()
    return Produced(reports, dict(rows), changed_at)


def _writer(order: Order, place: Path, made: datetime | None, stack: ExitStack) -> Writer:
    book = place / f"{BOOK}.{SUFFIXES[order.format]}"
    if order.format is Format.XLSX:
        return Workbook(book, order.tables, made)
    if order.format is Format.SQLITE:
        return SqliteFile(book, order.tables)
    files = {table.name: place / order.name_of(table) for table in order.tables}
    if order.format is Format.PARQUET:
        return Apart({table.name: Parquet(files[table.name], table) for table in order.tables})
    outs = {name: stack.enter_context(path.open("wb")) for name, path in files.items()}
    if order.format is Format.JSONL:
        return Apart({table.name: JsonLines(outs[table.name], table) for table in order.tables})
    excel = order.format is Format.CSV_EXCEL
    return Apart(
        {table.name: CsvFile(outs[table.name], table, excel=excel) for table in order.tables}
    )
