"""Checking a dead letter's report anew while an operator edits it; nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.disclosure.finding import Finding, Reason, Severity
from models.disclosure.report import Report
from worker.desk.assess import assess
from worker.desk.order import UNCHANGED, Changes
from worker.inspected import second_of
from worker.inspection import File, Inspection, as_json, localised


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What the report comes to with the changes.

    ``problems`` says by address what could not be taken; those cells are as they were. ``reason``
    is why it would still be refused. ``told`` is all of it as ``gouji.inspection/1``.
    """

    report: Report
    findings: tuple[Finding, ...]
    reason: Reason | None
    problems: Mapping[str, str]
    told: Mapping[str, Any]

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """Which cells would have to change for what is still wrong, as in an inspection."""
        return list(self.told["candidates"])

    @property
    def storable(self) -> bool:
        """Whether a correction with these changes would be stored."""
        return self.reason is None and not self.problems

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        hard = sum(finding.severity is Severity.HARD for finding in self.findings)
        parts = ("outcome", "reason", "report", "tables", "cells", "findings", "candidates")
        return {
            "storable": self.storable,
            "problems": dict(self.problems),
            "hard": hard,
            "soft": len(self.findings) - hard,
            **{part: self.told[part] for part in parts},
        }


def recheck(inspection: Mapping[str, Any] | None, changes: Changes = UNCHANGED) -> Rechecked:
    """Check what had been recognised with changes in it.

    Args:
        inspection: that of the dead letter.
        changes: cells as typed, or a candidate; what cannot be taken is told, and left out.

    Raises:
        Unacceptable: nothing had been recognised.
    """
    found = assess(inspection, changes)
    file = (inspection or {}).get("file", {})
    media_type = file.get("media_type")
    second = second_of(inspection or {})
    anew = Inspection(
        File(file.get("name") or "", file.get("sha256") or "", file.get("bytes") or 0, media_type),
        "stored" if found.reason is None else "dead",
        found.reason,
        "" if found.reason is None else "check",
        report=found.report,
        findings=found.findings,
        localisation=localised(found.report, found.findings, media_type, second),
        second=second,
    )
    return Rechecked(found.report, found.findings, found.reason, found.problems, as_json(anew))
