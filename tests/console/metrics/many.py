"""A ledger of very many documents, as if they had been worked off long ago."""

from typing import Final

from sqlalchemy import text

from models.session import Database

MANY: Final = 100_000
EVERY: Final = 11
"""Of so many documents one is dead, and another one waits."""

_DOCUMENTS: Final = """
    INSERT INTO documents (id, sha256, size, name, state, queue, lane, attempts, unfinished,
                           retries, created_at, updated_at)
    SELECT n, n, 1, 'x',
           CASE n % :every WHEN 0 THEN 'dead' WHEN 1 THEN 'received' ELSE 'stored' END,
           'fast', 'inbox', 1, 0, 0, MOMENT, MOMENT FROM n
"""
_ARRIVALS: Final = """
    INSERT INTO arrivals (id, source, path, name, inode, size, mtime_ns, state, document_id,
                          handover, seen_at)
    SELECT n, 'inbox', PATH, 'x', n, 1, 1, 'accepted', n, 'none', MOMENT FROM n WHERE :every > 0
"""
_ATTEMPTS: Final = """
    INSERT INTO attempts (id, document_id, number, worker, parser_version, started_at, ended_at,
                          outcome, stage, duration_ms)
    SELECT n, n, 1, 'a:1', '1', MOMENT, MOMENT,
           CASE n % :every WHEN 0 THEN 'dead' ELSE 'stored' END, 'store', 20.0 FROM n
"""
_FINDINGS: Final = """
    INSERT INTO findings (document_id, attempt_id, rule, severity, scope, message, cells, blanks,
                          evidence)
    SELECT n, n, CASE n % :every WHEN 0 THEN 'T3.FLOW' ELSE 'YEAR.CARRIED' END, 'hard', 'total',
           'a message of some length, as they are', '[]', '[]', '' FROM n
"""
_LETTERS: Final = """
    INSERT INTO dead_letters (document_id, attempt_id, reason, stage, message, parser_version,
                              created_at, version)
    SELECT n, n, 'imbalanced', 'check', 'x', '1', MOMENT, 1 FROM n WHERE n % :every = 0
"""


def fill(database: Database) -> None:
    """Write them, an arrival, an attempt and a finding for each, and the letters of the dead."""
    if database.engine.dialect.name == "sqlite":
        counting = "SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :many"
        path = "CAST(n AS BLOB)"
    else:
        counting, path = "SELECT generate_series(1, :many)", "convert_to(CAST(n AS TEXT), 'UTF8')"
    with database.engine.begin() as connection:
        for insert in (_DOCUMENTS, _ARRIVALS, _ATTEMPTS, _FINDINGS, _LETTERS):
            insert = insert.replace("SELECT", "WITH RECURSIVE n(n) AS (COUNTING) SELECT", 1)
            insert = insert.replace("COUNTING", counting).replace("PATH", path)
            insert = insert.replace("MOMENT", "'2026-01-01 00:00:00.000000'")
            connection.execute(text(insert), {"many": MANY, "every": EVERY})
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
