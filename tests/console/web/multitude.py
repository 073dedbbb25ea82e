"""A database with very many reports and dead letters, written as they would be stored."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models.base import Base, now
from models.dead_letter import DeadLetter
from models.event import Event
from models.filing import ApplicationRow, DisclosureRow, ReviewRow, StoredFinding, StoredReport
from models.ledger import Arrival, Attempt, Document, State
from models.session import Database

_REASONS: Final = ("imbalanced", "not_a_report", "incomplete", "unreadable")
_FIRST = {
    1: range(1, 6),
    2: range(1, 4),
    3: range(1, 8),
    4: range(1, 7),
    5: range(5),
    6: range(1, 6),
}
_PROVINCES: Final = [f"{region}{one}" for region, codes in _FIRST.items() for one in codes]
"""All of them (GB/T 2260)."""
_BATCH: Final = 500


def multiply(database: Database, reports: int, letters: int) -> None:
    """Fill a database: copies of its report 1 and of its dead letter 1, with years and places.

    Each has its document, attempt, arrival, five events and three findings.
    """
    for start in range(0, reports + letters, _BATCH):
        numbers = range(start, min(start + _BATCH, reports + letters))
        with database.transaction() as session:
            _write(session, numbers, reports)


def _write(session: Session, numbers: range, reports: int) -> None:
    base = 1000
    report = session.get_one(StoredReport, 1)
    letter = session.get_one(DeadLetter, 1)
    ids = {number: base + number for number in numbers}
    at = {
        number: now() - timedelta(seconds=20 * (reports - number % reports)) for number in numbers
    }
    rows: dict[type[Base], list[dict[str, Any]]] = {
        kind: []
        for kind in (Document, Attempt, Arrival, Event, StoredFinding, StoredReport, DeadLetter)
    }
    for number, one in ids.items():
        stored = number < reports
        rows[Document].append(_document(one, stored, at[number]))
        rows[Attempt].append(_attempt(one, stored, at[number]))
        rows[Arrival].append(_arrival(one, at[number]))
        rows[Event] += list(_events(one, stored, at[number]))
        rows[StoredFinding] += list(_findings(one, stored))
        if stored:
            rows[StoredReport].append(_report(report, one, number, at[number]))
        else:
            rows[DeadLetter].append(_letter(letter, one, number, at[number]))
    for kind, values in rows.items():
        if values:
            session.execute(insert(kind), values)
    _tables(session, [one for number, one in ids.items() if number < reports])


def _document(one: int, stored: bool, at: Any) -> dict[str, Any]:
    return {
        "id": one,
        "sha256": f"{one:064x}",
        "size": 9000,
        "name": f"示例第{one}号机关年报.txt",
        "state": State.STORED if stored else State.DEAD,
        "attempts": 1,
        "created_at": at,
        "updated_at": at,
    }


def _attempt(one: int, stored: bool, at: Any) -> dict[str, Any]:
    return {
        "id": one,
        "document_id": one,
        "number": 1,
        "worker": f"host:{one % 4}",
        "parser_version": "2",
        "started_at": at,
        "ended_at": at,
        "outcome": "stored" if stored else "dead",
        "duration_ms": 20.0,
    }


def _arrival(one: int, at: Any) -> dict[str, Any]:
    return {
        "source": "inbox",
        "path": f"{one}.txt".encode(),
        "name": f"{one}.txt",
        "inode": one,
        "size": 9000,
        "mtime_ns": 1,
        "state": "accepted",
        "document_id": one,
        "seen_at": at,
    }


def _events(one: int, stored: bool, at: Any) -> Iterator[dict[str, Any]]:
    ended = ("report.stored", "info") if stored else ("document.dead", "warning")
    before = ("document.received", "document.queued", "attempt.started", "stage.finished")
    for name, level in (*((name, "info") for name in before), ended):
        yield {
            "name": name,
            "level": level,
            "document_id": one,
            "at": at,
            "data": {"file": str(one)},
        }


def _findings(one: int, stored: bool) -> Iterator[dict[str, Any]]:
    hard = ("T3.FLOW", "soft" if stored else "hard")
    for rule, severity in (hard, ("TEXT.COUNTS", "soft"), ("YEAR.CARRIED", "soft")):
        yield {
            "document_id": one,
            "attempt_id": one,
            "rule": rule,
            "severity": severity,
            "scope": "total",
            "message": "12 ≠ 9",
            "cells": [],
            "blanks": [],
        }


def _report(like: StoredReport, one: int, number: int, at: Any) -> dict[str, Any]:
    publisher = f"示例第{number // 6}号机关"
    return {
        "id": one,
        "document_id": one,
        "attempt_id": one,
        "publisher": publisher,
        "publisher_key": publisher,
        "year": 2019 + number % 6,
        "edition": "2021" if number % 6 > 1 else "2019",
        "title": f"{publisher}年度报告",
        "version": 1,
        "standing": True,
        "layouts": like.layouts,
        "sections": like.sections,
        "soft": number % 3,
        "stored_at": at,
        "division_code": _division(number // 6),
    }


def _division(publisher: int) -> str | None:
    """Return where a publisher belongs: one of some thousand divisions, or nobody knows where."""
    if publisher % 9 == 0:
        return None
    city, county = 1 + publisher * 31 % 14, publisher * 17 % 10
    return f"{_PROVINCES[publisher * 7919 % 31]}{city:02d}{county:02d}"


def _letter(like: DeadLetter, one: int, number: int, at: Any) -> dict[str, Any]:
    return {
        "document_id": one,
        "attempt_id": one,
        "reason": _REASONS[number % 4],
        "stage": "check",
        "message": "T3.FLOW total: 12 ≠ 9",
        "publisher": f"示例第{number}号机关",
        "year": 2019 + number % 6,
        "parser_version": "2",
        "inspection": like.inspection,
        "created_at": at,
    }


def _tables(session: Session, ids: list[int]) -> None:
    """Give a few of the reports their tables: pages of single reports need no more."""
    for kind in (DisclosureRow, ApplicationRow, ReviewRow):
        columns = [column.key for column in kind.__table__.columns]
        rows = session.scalars(select(kind).where(kind.report_id == 1)).all()
        copied = [
            {column: getattr(row, column) for column in columns} | {"report_id": one}
            for one in ids[:5]
            for row in rows
        ]
        if copied:
            session.execute(insert(kind), copied)
