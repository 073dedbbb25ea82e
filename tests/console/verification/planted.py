"""Discrepancies to plant: by name, how, what must be found, and what a repair must leave of it."""

import os
import shutil
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


_FEED = "UPDATE feed_checkpoints SET read_to = size + 1"
_WAITING = (
    "INSERT INTO feed_waiting (source, path, feed, line, why, since, tried_at) "
    "VALUES ('feed', 'x', 'items.jl', 7, 'not there', :long_ago, :long_ago)"
)
_STRAY = (
    "INSERT INTO review_rows (report_id, row, position, printed, raw, places, notes, chosen) "
    "SELECT 99999, row, position, printed, raw, places, notes, chosen FROM review_rows "
    "WHERE report_id = 1"
)
_LETTER = (
    "INSERT INTO dead_letters "
    "(document_id, attempt_id, reason, stage, message, parser_version, created_at, version) "
    "SELECT document_id, attempt_id, reason, stage, message, parser_version, created_at, version "
    "FROM dead_letters WHERE document_id = :id"
)

PLANTED: Final[dict[str, Planted]] = {
    # archive
    "archive byte flipped": Planted(flip("c.txt"), ("ARCHIVE.DAMAGED",), document="c.txt"),
    "archive file cut": Planted(cut("c.txt"), ("ARCHIVE.DAMAGED",), document="c.txt"),
    "archive file cut, original gone": Planted(
        both(cut("a.txt"), lose_original("a.txt")),
        ("ARCHIVE.DAMAGED", "ORIGINAL.EMPTIED"),
        None,
        "a.txt",
    ),
    "archive file deleted": Planted(lose_bytes("b.txt"), ("ARCHIVE.MISSING",), document="b.txt"),
    "archive file deleted, of a crawl": Planted(
        lose_bytes("d.txt"), ("ARCHIVE.MISSING",), document="d.txt"
    ),
    "archive file deleted, of a member": Planted(
        lose_bytes("三.txt"), ("ARCHIVE.MISSING",), None, "三.txt"
    ),
    "archive file deleted before it was read": Planted(
        both(lose_bytes("received.txt"), lose_original("received.txt")),
        ("ARCHIVE.MISSING", "ORIGINAL.EMPTIED"),
        None,
        "received.txt",
    ),
    "archive file unreadable": Planted(
        unreadable, ("ARCHIVE.UNREADABLE", "ARCHIVE.STRANGER"), None, "c.txt"
    ),
    "size in the ledger wrong": Planted(
        sql("UPDATE documents SET size = size + 1 WHERE id = :id", of="b.txt"),
        ("ARCHIVE.SIZE", "ARRIVAL.SIZE"),
        document="b.txt",
    ),
    "bytes nobody speaks of": Planted(in_archive(f"ab/ab{'0' * 62}", 2), ("ARCHIVE.ORPHAN",), None),
    "unfinished copy": Planted(in_archive(".incoming/abc", 2), ("ARCHIVE.LEFTOVER",)),
    "something else in the archive": Planted(
        in_archive("notes.txt", 0), ("ARCHIVE.STRANGER",), None
    ),
    # arrivals
    "arrival of a missing document": Planted(
        duplicate("document_id = 99999"),
        ("ARRIVAL.NO_DOCUMENT",),
        None,
    ),
    "arrival taken in without a document": Planted(
        duplicate("document_id = NULL"),
        ("ARRIVAL.NO_DOCUMENT",),
        None,
    ),
    "arrival in no state": Planted(duplicate("state = 'lost'"), ("ARRIVAL.STATE",), None),
    "ignored arrival with a document": Planted(
        duplicate("state = 'ignored'"), ("ARRIVAL.STATE",), None
    ),
    "arrival of another size": Planted(duplicate("size = size + 1"), ("ARRIVAL.SIZE",), None),
    "member of no archive": Planted(
        sql("UPDATE arrivals SET container_id = :id WHERE name LIKE '%二.txt'", of="a.txt"),
        ("ARRIVAL.NO_CONTAINER",),
        None,
    ),
    # documents
    "document without arrival": Planted(
        sql("DELETE FROM arrivals WHERE document_id = :id", of="e.txt"),
        ("DOCUMENT.NO_ARRIVAL",),
        None,
        "e.txt",
    ),
    "no arrival accepted": Planted(
        sql("UPDATE arrivals SET state = 'duplicate' WHERE document_id = :id", of="c.txt"),
        ("DOCUMENT.NOT_ACCEPTED",),
        None,
        "c.txt",
    ),
    "two arrivals accepted": Planted(
        duplicate("state = 'accepted'"),
        ("DOCUMENT.ACCEPTED_TWICE",),
        None,
        "c.txt",
    ),
    "document in no state": Planted(
        sql("UPDATE documents SET state = 'lost' WHERE id = :id", of="received.txt"),
        ("DOCUMENT.STATE",),
        None,
        "received.txt",
    ),
    "document for no queue": Planted(
        sql("UPDATE documents SET queue = 'fsat' WHERE id = :id", of="received.txt"),
        ("DOCUMENT.QUEUE",),
        document="received.txt",
    ),
    "processing without attempt": Planted(
        sql("UPDATE documents SET attempt_id = NULL WHERE id = :id", of="working.txt"),
        ("DOCUMENT.NO_CLAIM", "ATTEMPT.OPEN"),
        document="working.txt",
    ),
    "processing without lease": Planted(
        sql("UPDATE documents SET lease_expires_at = NULL WHERE id = :id", of="working.txt"),
        ("DOCUMENT.NO_CLAIM",),
        document="working.txt",
    ),
    "processing with an attempt that ended": Planted(
        sql(
            "UPDATE attempts SET outcome = 'lost', ended_at = started_at WHERE document_id = :id",
            of="working.txt",
        ),
        ("DOCUMENT.NO_CLAIM",),
        document="working.txt",
    ),
    "lease long expired": Planted(
        sql(
            "UPDATE documents SET lease_expires_at = :long_ago, updated_at = :long_ago, "
            "created_at = :long_ago WHERE id = :id",
            of="working.txt",
        ),
        ("DOCUMENT.LEASE_EXPIRED",),
        document="working.txt",
    ),
    "lease without end": Planted(
        sql(
            "UPDATE documents SET lease_expires_at = '2999-01-01 00:00:00.000000' WHERE id = :id",
            of="working.txt",
        ),
        ("DOCUMENT.LEASE_FAR",),
        document="working.txt",
    ),
    "lease left over": Planted(
        sql("UPDATE documents SET lease_expires_at = :long_ago WHERE id = :id", of="a.txt"),
        ("DOCUMENT.LEASE_LEFT",),
        document="a.txt",
    ),
    "unfinished out of range": Planted(
        sql("UPDATE documents SET unfinished = 7 WHERE id = :id", of="received.txt"),
        ("DOCUMENT.COUNTERS",),
        document="received.txt",
    ),
    "retries below nothing": Planted(
        sql("UPDATE documents SET retries = -1 WHERE id = :id", of="received.txt"),
        ("DOCUMENT.COUNTERS",),
        document="received.txt",
    ),
    "attempts not counted": Planted(
        sql("UPDATE documents SET attempts = 1 WHERE id = :id", of="passing.txt"),
        ("DOCUMENT.ATTEMPTS",),
        document="passing.txt",
    ),
    "attempts counted too often": Planted(
        sql("UPDATE documents SET attempts = 9 WHERE id = :id", of="passing.txt"),
        ("DOCUMENT.ATTEMPTS",),
        None,
        "passing.txt",
    ),
    "attempt missing in between": Planted(
        sql("DELETE FROM attempts WHERE document_id = :id AND number = 2", of="crash.txt"),
        ("DOCUMENT.ATTEMPTS",),
        None,
        "crash.txt",
    ),
    "unpacked without members": Planted(
        sql("UPDATE arrivals SET container_id = NULL WHERE container_id = :id", of="all.zip"),
        ("DOCUMENT.NO_MEMBERS",),
        None,
        "all.zip",
    ),
    "changed before it came": Planted(
        sql("UPDATE documents SET updated_at = :long_ago WHERE id = :id", of="a.txt"),
        ("DOCUMENT.TIMES",),
        None,
        "a.txt",
    ),
    # attempts
    "attempt at a missing document": Planted(
        sql(
            "UPDATE attempts SET document_id = 99999 WHERE document_id = :id AND number = 2",
            of="crash.txt",
        ),
        ("ATTEMPT.NO_DOCUMENT", "DOCUMENT.ATTEMPTS"),
        None,
    ),
    "attempt left open": Planted(
        sql(
            "UPDATE attempts SET outcome = NULL, ended_at = NULL WHERE document_id = :id",
            of="a.txt",
        ),
        ("ATTEMPT.OPEN",),
        document="a.txt",
    ),
    "attempt with no such outcome": Planted(
        sql("UPDATE attempts SET outcome = 'well' WHERE document_id = :id", of="a.txt"),
        ("ATTEMPT.OUTCOME",),
        None,
    ),
    "report of another's attempt": Planted(
        sql(
            "UPDATE reports SET attempt_id = "
            "(SELECT attempt_id FROM documents WHERE name = 'crash.txt') WHERE document_id = :id",
            of="held",
        ),
        ("ATTEMPT.FOREIGN",),
        None,
        "held",
    ),
    # reports
    "stored without report": Planted(
        both(without_rows("c.txt"), sql("DELETE FROM reports WHERE document_id = :id", of="c.txt")),
        ("DOCUMENT.NO_REPORT",),
        document="c.txt",
    ),
    "report of a missing document": Planted(
        missing_document("reports", of="c.txt"),
        ("REPORT.NO_DOCUMENT", "DOCUMENT.NO_REPORT", "ATTEMPT.FOREIGN"),
        ("REPORT.NO_DOCUMENT", "ATTEMPT.FOREIGN"),
    ),
    "report of a document not stored": Planted(
        sql("UPDATE documents SET state = 'received' WHERE id = :id", of="c.txt"),
        ("REPORT.NOT_STORED",),
        document="c.txt",
    ),
    "two reports of one document": Planted(
        second_report,
        ("REPORT.TWICE", "DOCUMENT.NO_REPORT", "ATTEMPT.FOREIGN"),
        ("REPORT.TWICE", "ATTEMPT.FOREIGN"),
        "c.txt",
    ),
    "row of a report missing": Planted(
        sql(
            "DELETE FROM application_rows WHERE row = 'new_requests' AND report_id IN "
            "(SELECT id FROM reports WHERE document_id = :id)",
            of="c.txt",
        ),
        ("REPORT.ROWS", "REPORT.FIGURES"),
        None,
        "c.txt",
    ),
    "figure of a report changed": Planted(
        sql(
            "UPDATE application_rows SET total = 4711 WHERE row = 'new_requests' AND report_id IN "
            "(SELECT id FROM reports WHERE document_id = :id)",
            of="c.txt",
        ),
        ("REPORT.FIGURES",),
        None,
        "c.txt",
    ),
    "rows of a missing report": Planted(sql(_STRAY), ("REPORT.STRAY_ROWS",), None),
    "findings not kept": Planted(
        sql("DELETE FROM findings WHERE document_id = :id", of="b.txt"),
        ("REPORT.FINDINGS",),
        None,
        "b.txt",
    ),
    "no version stands": Planted(
        sql("UPDATE reports SET standing = (1 = 0) WHERE document_id = :id", of="e.txt"),
        ("REPORT.STANDING",),
    ),
    "two versions stand": Planted(
        without_index(
            "uq_reports_publisher_key_year_standing",
            sql("UPDATE reports SET standing = (1 = 1) WHERE document_id = :id", of="b.txt"),
        ),
        ("REPORT.STANDING",),
        None,
    ),
    "version number left out": Planted(
        sql("UPDATE reports SET version = 9 WHERE document_id = :id", of="e.txt"),
        ("REPORT.VERSIONS",),
        None,
    ),
    "copy of another publisher's": Planted(
        sql(
            "UPDATE reports SET same_as = "
            "(SELECT id FROM (SELECT r.id FROM reports r JOIN documents d ON d.id = r.document_id "
            "WHERE d.name = 'c.txt') AS found) WHERE document_id = :id",
            of="d.txt",
        ),
        ("REPORT.COPY",),
        None,
        "d.txt",
    ),
    # dead letters
    "dead without letter": Planted(
        sql("DELETE FROM dead_letters WHERE document_id = :id", of="imbalanced.txt"),
        ("DOCUMENT.NO_LETTER",),
        document="imbalanced.txt",
    ),
    "letter of a missing document": Planted(
        missing_document("dead_letters", of="imbalanced.txt"),
        ("LETTER.NO_DOCUMENT", "DOCUMENT.NO_LETTER", "ATTEMPT.FOREIGN"),
        ("LETTER.NO_DOCUMENT", "ATTEMPT.FOREIGN"),
    ),
    "letter open, document not dead": Planted(
        sql(
            "UPDATE dead_letters SET resolution = NULL WHERE document_id = :id",
            of="discarded.txt",
        ),
        ("LETTER.NOT_DEAD", "DOCUMENT.NO_DECISION", "DECISION.OPEN"),
        document="discarded.txt",
    ),
    "two open letters": Planted(
        without_index("uq_dead_letters_open", sql(_LETTER, of="imbalanced.txt")),
        ("LETTER.TWICE",),
        None,
        "imbalanced.txt",
    ),
    "dead letter without attempt": Planted(
        sql("UPDATE dead_letters SET attempt_id = NULL WHERE document_id = :id", of="crash.txt"),
        ("LETTER.NO_ATTEMPT",),
        None,
        "crash.txt",
    ),
    "dead letter of a missing attempt": Planted(
        sql("UPDATE dead_letters SET attempt_id = 99999 WHERE document_id = :id", of="crash.txt"),
        ("LETTER.NO_ATTEMPT",),
        None,
        "crash.txt",
    ),
    "letter with no such reason": Planted(
        sql("UPDATE dead_letters SET reason = 'bad luck' WHERE document_id = :id", of="crash.txt"),
        ("LETTER.WORDS",),
        None,
        "crash.txt",
    ),
    "resolved without decision": Planted(
        sql("DELETE FROM decisions WHERE action = 'discard'"),
        ("LETTER.UNDECIDED",),
        None,
        "discarded.txt",
    ),
    "decision without letter": Planted(
        sql("UPDATE decisions SET dead_letter_id = 99999 WHERE action = 'discard'"),
        ("DECISION.NO_LETTER", "LETTER.UNDECIDED"),
        None,
    ),
    "discarded by nobody": Planted(
        sql("UPDATE documents SET state = 'discarded' WHERE id = :id", of="received.txt"),
        ("DOCUMENT.NO_DECISION", "EVENT.NO_END"),
        ("DOCUMENT.NO_DECISION",),
        "received.txt",
    ),
    # history
    "coming not told": Planted(
        sql("DELETE FROM events WHERE document_id = :id AND name = 'document.received'", of="held"),
        ("EVENT.NO_BEGINNING",),
        document="held",
    ),
    "end not told": Planted(
        sql("DELETE FROM events WHERE document_id = :id AND name = 'report.stored'", of="held"),
        ("EVENT.NO_END",),
        document="held",
    ),
    # queue
    "message lost": Planted(lose_messages, ("QUEUE.LOST",), document="queued.txt"),
    "message without row": Planted(send(99_999), ("QUEUE.STRANGER",)),
    # originals, sources, feeds
    "move not finished": Planted(
        unmoved(lambda site, number: inbox(site, ".gouji", "moving", f"{number}.ab")),
        ("ORIGINAL.UNDECIDED",),
    ),
    "move of an unknown file": Planted(
        file("inbox", ".gouji", "moving", "99999.ab"), ("ORIGINAL.UNKNOWN",), None
    ),
    "stranger among the moves": Planted(
        file("inbox", ".gouji", "moving", "notes"), ("ORIGINAL.UNKNOWN",), None
    ),
    "original not moved": Planted(
        unmoved(lambda site, _: inbox(site, "c.txt")), ("ORIGINAL.LATE",)
    ),
    "original gone": Planted(unmoved(lambda *_: None), ("ORIGINAL.GONE",)),
    "done emptied": Planted(
        lambda site: shutil.rmtree(inbox(site, ".gouji", "done")), ("ORIGINAL.EMPTIED",), None
    ),
    "file not taken in": Planted(file("inbox", "new.txt"), ("SOURCE.UNKNOWN_FILE",), None),
    "file of a crawl not taken in": Planted(
        file("crawl", "new.txt"), ("SOURCE.UNKNOWN_FILE",), None
    ),
    "feed read too far": Planted(sql(_FEED), ("FEED.AHEAD",), None),
    "feed not read on": Planted(append_to_feed, ("FEED.UNREAD",), None),
    "file of a feed waited for": Planted(sql(_WAITING), ("FEED.WAITING",), None),
    # database
    "another revision": Planted(
        sql("UPDATE alembic_version SET version_num = 'x'"), ("DATABASE.REVISION",), None
    ),
    "index broken": Planted(broken_index, ("DATABASE.DAMAGED",), None, backends=("sqlite",)),
    "finding of a missing attempt": Planted(
        sql("UPDATE findings SET attempt_id = 99999 WHERE document_id = :id", of="imbalanced.txt"),
        ("DATABASE.REFERENCE",),
        None,
    ),
}
"""Every discrepancy that is planted, by its name."""
