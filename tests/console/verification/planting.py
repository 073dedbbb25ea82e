"""Ways to plant a discrepancy in a site."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import redis
from sqlalchemy import create_engine, text

from tests.console.verification.site import Site
from worker.inbox import Inbox

Plant = Callable[[Site], object]
_LONG_AGO: Final = "2001-01-01 00:00:00.000000"
_UTC: Final = {"sqlite": "", "postgresql": "+00"}


@dataclass(frozen=True)
class Planted:
    """One discrepancy.

    Attributes:
        plant: breaks a house.
        codes: what must be found, and nothing else; the first is what was planted, the others
            cannot but come with it.
        about: the kind of id that the first must have, and the name of the document it is of.
        left: what a repair must leave of the codes; all of them where nothing can be mended.
    """

    plant: Plant
    codes: tuple[str, ...]
    left: tuple[str, ...] | None = ()
    document: str | None = None
    backends: tuple[str, ...] = ("sqlite", "postgresql")

    @property
    def remaining(self) -> set[str]:
        """The codes that a repair leaves."""
        return set(self.codes if self.left is None else self.left)


def sql(*statements: str, of: str = "") -> Plant:
    """Return what changes rows; ``:id`` is the document of that name."""

    def plant(site: Site) -> None:
        values = {"long_ago": _LONG_AGO + _UTC[site.database.engine.dialect.name]}
        site.damage(*statements, **values, **({"id": site.id(of)} if of else {}))

    return plant


def both(*plants: Plant) -> Plant:
    return lambda site: [plant(site) for plant in plants]


# --- bytes ---------------------------------------------------------------------------------------


def flip(name: str) -> Plant:
    def plant(site: Site) -> None:
        path = site.bytes_of(name)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        _overwrite(path, bytes(data))

    return plant


def cut(name: str) -> Plant:
    return lambda site: _overwrite(site.bytes_of(name), site.bytes_of(name).read_bytes()[:-1])


def _overwrite(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


def lose_bytes(name: str) -> Plant:
    return lambda site: site.bytes_of(name).unlink()


def lose_original(name: str) -> Plant:
    return lambda site: site.original(name).unlink()


def unreadable(site: Site) -> None:
    path = site.bytes_of("c.txt")
    path.unlink()
    path.symlink_to("/proc/self/mem")  # opens, and fails when it is read


def in_archive(name: str, days: int) -> Plant:
    def plant(site: Site) -> None:
        path = site.archive.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        then = time.time() - days * 86_400
        os.utime(path, (then, then))

    return plant


# --- constraints that are in the way -------------------------------------------------------------


def without_index(name: str, then: Plant) -> Plant:
    return both(sql(f"DROP INDEX {name}"), then)


def second_report(site: Site) -> None:
    """Give a document a second report, where the database would not let anybody do so."""
    if site.database.engine.dialect.name == "postgresql":
        site.damage("ALTER TABLE reports DROP CONSTRAINT uq_reports_document_id")
    else:
        site.damage(
            "CREATE TABLE kept AS SELECT * FROM reports",
            "DROP TABLE reports",
            "ALTER TABLE kept RENAME TO reports",
        )
    # the copy of c.txt's report, as if the report of b.txt had been c.txt's
    document, other = site.id("c.txt"), site.id("b.txt")
    site.damage(
        "UPDATE reports SET document_id = :id WHERE document_id = :other",
        id=document,
        other=other,
    )


# --- queue ---------------------------------------------------------------------------------------


def lose_messages(site: Site) -> None:
    with redis.Redis.from_url(site.settings.broker) as client:
        client.flushall()


def send(document_id: int) -> Plant:
    return lambda site: _send(site, document_id)


def _send(site: Site, document_id: int) -> None:
    inbox = Inbox(site.settings)
    inbox.send([(document_id, "slow")])
    inbox.close()


# --- originals, sources and feeds ----------------------------------------------------------------


def unmoved(to: Callable[[Site, int], Path | None]) -> Plant:
    """Take the original of c.txt back to somewhere, as if it had not been moved yet."""

    def plant(site: Site) -> None:
        path = site.original("c.txt")
        number = site.ask("SELECT id FROM arrivals WHERE name = 'c.txt'")
        site.damage(
            "UPDATE arrivals SET handover = 'pending', moved_to = NULL WHERE id = :id", id=number
        )
        target = to(site, number)
        if target is None:
            path.unlink()
        else:
            target.parent.mkdir(exist_ok=True, parents=True)
            path.rename(target)

    return plant


def inbox(site: Site, *parts: str) -> Path:
    return site.directory.joinpath("inbox", *parts)


def file(*parts: str, data: bytes = b"nobody has seen me") -> Plant:
    def plant(site: Site) -> None:
        path = site.directory.joinpath(*parts)
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(data)

    return plant


def append_to_feed(site: Site) -> None:
    path = site.directory / "feed" / "items.jl"
    data = path.read_bytes()
    status = path.stat()
    path.unlink()  # the other houses have the same file
    path.write_bytes(data + b'{"url": "http://example.gov.cn/new"}\n')
    assert path.stat().st_mtime_ns != status.st_mtime_ns


def broken_index(site: Site) -> None:
    """Let an index of SQLite be about other columns than those it was made for."""
    engine = create_engine(site.settings.database)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        changed = "CREATE INDEX ix_arrivals_state ON arrivals (name)"
        connection.execute(
            text("UPDATE sqlite_master SET sql = :sql WHERE name = 'ix_arrivals_state'"),
            {"sql": changed},
        )
        connection.commit()
    engine.dispose()
    site.database.engine.dispose()


def missing_document(table: str, of: str) -> Plant:
    statement = "UPDATE {} SET document_id = 99999 WHERE document_id = :id"
    return sql(statement.format(table), of=of)


def duplicate(change: str) -> Plant:
    """Return what changes the arrival that brought c.txt again."""
    return sql(f"UPDATE arrivals SET {change} WHERE name = 'c-again.txt'")  # noqa: S608


def without_rows(of: str) -> Plant:
    """Return what deletes the rows of a document's report."""
    statement = "DELETE FROM {} WHERE report_id IN (SELECT id FROM reports WHERE document_id = :id)"
    tables = ("disclosure_rows", "application_rows", "review_rows")
    return sql(*map(statement.format, tables), of=of)
