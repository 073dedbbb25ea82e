"""Discrepancies of archive, arrivals, documents and attempts."""

from typing import Final

from tests.console.verification.planting import (
    Planted,
    both,
    cut,
    duplicate,
    flip,
    in_archive,
    lose_bytes,
    lose_original,
    sql,
    unreadable,
)

DOCUMENTS: Final[dict[str, Planted]] = {
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
    "digest that is none": Planted(
        sql("UPDATE documents SET sha256 = 'z' || substr(sha256, 2) WHERE id = :id", of="c.txt"),
        ("ARCHIVE.UNREADABLE",),
        None,
        "c.txt",
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
}
