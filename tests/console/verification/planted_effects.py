"""Discrepancies of reports, dead letters, history, queue and sources."""

import shutil
from typing import Final

from tests.console.verification.planting import (
    Planted,
    append_to_feed,
    both,
    broken_index,
    file,
    inbox,
    lose_messages,
    missing_document,
    second_report,
    send,
    sql,
    unmoved,
    without_index,
    without_rows,
)

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
_BETWEEN_YEARS = (
    "INSERT INTO findings (document_id, attempt_id, rule, severity, scope, message, cells, blanks, "
    "evidence) SELECT document_id, attempt_id, 'YEAR.CARRIED', 'soft', '2001-2002.total', 'x', "
    "evidence, evidence, '' FROM reports WHERE document_id = :id"
)

EFFECTS: Final[dict[str, Planted]] = {
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
    "edition that there is not": Planted(
        sql("UPDATE reports SET edition = '2o21' WHERE document_id = :id", of="c.txt"),
        ("REPORT.ROWS",),
        None,
        "c.txt",
    ),
    "report that cannot be read": Planted(
        sql("UPDATE reports SET layouts = '{\"applic' WHERE document_id = :id", of="c.txt"),
        ("REPORT.ROWS",),
        None,
        backends=("sqlite",),  # PostgreSQL takes no such JSON
    ),
    "date that is none": Planted(
        sql("UPDATE reports SET period_start = '2023-13-01' WHERE document_id = :id", of="c.txt"),
        ("REPORT.ROWS",),
        None,
        backends=("sqlite",),
    ),
    "amount that is none": Planted(
        sql(
            "UPDATE disclosure_rows SET amount = '115.x' WHERE row = 'fees' AND report_id IN "
            "(SELECT id FROM reports WHERE document_id = :id)",
            of="c.txt",
        ),
        ("REPORT.FIGURES",),
        None,
        backends=("sqlite",),
    ),
    "rows of a missing report": Planted(sql(_STRAY), ("REPORT.STRAY_ROWS",), None),
    "findings not kept": Planted(
        sql("DELETE FROM findings WHERE document_id = :id", of="b.txt"),
        ("REPORT.FINDINGS",),
        None,
        "b.txt",
    ),
    "findings between years of nobody": Planted(
        sql(
            _BETWEEN_YEARS,
            "UPDATE reports SET soft = soft + 1 WHERE document_id = :id",
            of="c.txt",
        ),
        ("REPORT.YEARS",),
        document="c.txt",
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
    # what operators had stored
    "corrected cell changed": Planted(
        sql("UPDATE corrections SET value = '8'"),
        ("REPORT.CORRECTIONS", "REPORT.FIGURES"),
        None,
        "corrected.txt",
    ),
    "corrected cell lost": Planted(
        sql("DELETE FROM corrections"),
        ("REPORT.CORRECTIONS", "REPORT.FIGURES"),
        None,
        "corrected.txt",
    ),
    "stored by hand, by no decision": Planted(
        sql("UPDATE reports SET decision_id = NULL WHERE document_id = :id", of="accepted.txt"),
        ("REPORT.UNDECIDED",),
        None,
        "accepted.txt",
    ),
    "stored by the decision about another": Planted(
        sql(
            "UPDATE reports SET decision_id = "
            "(SELECT max(id) FROM decisions WHERE action = 'discard') WHERE document_id = :id",
            of="accepted.txt",
        ),
        ("REPORT.UNDECIDED",),
        None,
        "accepted.txt",
    ),
    "hard findings in a report that nobody accepted": Planted(
        sql(
            "UPDATE reports SET hard = hard + 1, soft = soft - 1 WHERE document_id = :id",
            "UPDATE findings SET severity = 'hard' WHERE id = "
            "(SELECT min(id) FROM findings WHERE severity = 'soft' AND attempt_id = "
            "(SELECT attempt_id FROM reports WHERE document_id = :id))",
            of="b.txt",
        ),
        ("REPORT.UNDECIDED",),
        None,
        "b.txt",
    ),
    "key without its answer": Planted(sql("DELETE FROM answers"), ("DECISION.UNANSWERED",), None),
    "comment on a missing document": Planted(
        sql("UPDATE comments SET document_id = 99999 WHERE document_id = :id", of="corrected.txt"),
        ("DATABASE.REFERENCE",),
        None,
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
