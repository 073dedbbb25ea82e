"""``gouji prune``: what the watcher deletes once it is past its time, deleted now."""

from typing import TYPE_CHECKING, Any

import click

from console.cli import output
from console.cli.errors import Misused
from console.cli.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from models.session import Database
    from watcher.housekeeping import Pruned

_KINDS = ("events", "attempts", "done", "orphans")
_TITLES = {
    "events": "经过明细 details of the timeline",
    "attempts": "出错堆栈 tracebacks of attempts",
    "done": "原件 originals in .gouji/done",
    "orphans": "存档中无主文件 files in the archive that no document has",
}


@click.command()
@click.option("--dry-run", is_flag=True, help="只说会删多少 Say what would go, delete nothing.")
@click.option(
    "--only",
    "kinds",
    type=click.Choice(_KINDS),
    multiple=True,
    help="只清理这一类，可重复 This kind alone; may be repeated.",
)
@click.option(
    "--vacuum",
    is_flag=True,
    help="把空出的空间还给磁盘（SQLite） Give the room back to the disk (SQLite); writers wait.",
)
@output.json_option
@pass_invocation
def command(
    invocation: Invocation, dry_run: bool, kinds: tuple[str, ...], vacuum: bool, as_json: bool
) -> None:
    """清理 Delete what is past its time, as the settings keep_... say.

    The watcher does the same once an hour. Documents, reports, decisions and the bytes of every
    document stay for ever; so does all that belongs to open dead letters.
    """
    from watcher.housekeeping import Kind, kept_for, prune, total
    from worker.archive import Archive

    settings = invocation.settings
    archive = Archive.of(settings)
    rows: list[dict[str, Any]] = []
    with invocation.database() as database:
        if vacuum and dry_run:
            raise Misused("--vacuum  与 --dry-run 不能同用 cannot go with --dry-run")
        for kind in [Kind(one) for one in kinds or _KINDS]:
            found = total(prune(settings, database, archive, kind, dry_run=dry_run))
            rows.append(_row(kind, kept_for(settings, kind), found))
        room = _vacuum(database) if vacuum else None
    if as_json:
        output.emit({"dry_run": dry_run, "pruned": rows, "vacuumed_bytes": room})
        return
    _print(rows, dry_run=dry_run)
    if room is not None:
        click.echo(f"数据库缩小 the database is smaller by {room / 1e6:.1f} MB")


def _row(kind: str, days: float, found: "Pruned | None") -> dict[str, Any]:
    count, size = (0, 0) if found is None else (found.number, found.size)
    return {"kind": str(kind), "keep_days": days or None, "count": count, "bytes": size}


def _print(rows: list[dict[str, Any]], *, dry_run: bool) -> None:
    from console.cli.listing import print_list

    head = (
        "种类 Kind",
        "保留天数 Days kept",
        "将删 Would go" if dry_run else "已删 Gone",
        "MB",
    )
    table = [
        [_TITLES[row["kind"]], _days(row["keep_days"]), row["count"], f"{row['bytes'] / 1e6:.1f}"]
        for row in rows
    ]
    print_list(head, table)


def _days(days: float | None) -> str:
    return "永久 for ever" if days is None else f"{days:g}"


def _vacuum(database: "Database") -> int:
    """Write the file of an SQLite database anew; returns by how many bytes it shrank.

    PostgreSQL does so by itself (autovacuum).
    """
    from models.session import file_of

    url = database.engine.url.render_as_string(hide_password=False)
    path = file_of(url)
    if path is None:
        return 0
    with database.engine.connect() as pooled:
        connection: Any = pooled.connection.driver_connection
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = path.stat().st_size
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return before - path.stat().st_size
