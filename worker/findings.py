"""Findings as rows: those of one attempt, whether its report is stored or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from models.disclosure.finding import Finding
from models.filing import StoredFinding

FINDINGS: Final = cast("Table", StoredFinding.__table__)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a report or a finding comes from: the document, and the attempt that read it."""

    document_id: int
    attempt_id: int


def keep(session: Session, origin: Origin, findings: Iterable[Finding]) -> None:
    """Keep the findings of an attempt."""
    keep_all(session, [(origin, findings)])


def keep_all(session: Session, found: Iterable[tuple[Origin, Iterable[Finding]]]) -> None:
    """Keep the findings of many attempts in one statement."""
    values = [row(origin, finding) for origin, findings in found for finding in findings]
    if values:
        session.connection().execute(insert(FINDINGS), values)


def row(origin: Origin, finding: Finding) -> dict[str, Any]:
    """Return a finding as it is kept."""
    return {
        "document_id": origin.document_id,
        "attempt_id": origin.attempt_id,
        "rule": finding.rule,
        "severity": str(finding.severity),
        "scope": finding.scope,
        "message": finding.message,
        "left_side": _text(finding.left),
        "right_side": _text(finding.right),
        "difference": _text(finding.difference),
        "cells": list(finding.cells),
        "blanks": list(finding.blanks),
        "evidence": finding.evidence,
    }


def _text(value: float | str | None) -> str | None:
    return None if value is None else str(value)
