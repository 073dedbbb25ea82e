"""Reading, recognising and checking one document, with no database and no queue."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from time import perf_counter
from types import MappingProxyType
from typing import Any, Final, Literal

from models.disclosure.finding import Finding, Reason, Severity
from models.disclosure.hints import NONE, Hints
from models.disclosure.localisation import Localisation
from models.disclosure.report import Cell, Printed, ReadTable, Report
from worker.candidates import candidates_json, localisation_json
from worker.check.check import check, decisive, verdict
from worker.check.localise.witnesses import Context
from worker.check.locate import locate
from worker.errors import Refused, Scanned
from worker.isolation.reading import Reader, Reading, Refusal
from worker.reading import choose, ocr
from worker.reading.pages import Pages
from worker.recognise.heading import named
from worker.recognise.recognise import recognise
from worker.second import second_extraction
from worker.unpacking.members import CONTAINERS

SCHEMA: Final = "gouji.inspection/1"
PARSER_VERSION: Final = "3"
"""Raised by hand whenever a document may be read differently than before."""

NO_FIGURES: Final[Mapping[str, int]] = MappingProxyType({})
_LOCALISED: Final = ("T3.", "T4.", "CELL.VALUE")

Timing = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class File:
    """The file as it came: name, digest, size in bytes, and the media type of its content.

    The digest is empty where the file was too large to be read to its end.
    """

    name: str
    sha256: str
    bytes: int
    media_type: str | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the worker would do with a document, and why.

    An archive is to be ``unpacked``: what it holds is looked at apart, or ``ignored`` for its name.

    ``scanned`` tells of a document that was refused because only OCR reads it.
    ``stage`` is where the document was refused: ``read``, ``recognise`` or ``check``; empty when
    it would be stored. ``message`` is the reason in words; ``traceback`` is there where a reader
    failed unforeseen. ``localisation`` says what would make a report balance that does not, and
    ``second`` what a second extraction of such a report says, by cell, as far as it is believed.
    """

    file: File
    outcome: Literal["stored", "dead", "unpacked", "ignored"]
    reason: Reason | None = None
    stage: str = ""
    message: str = ""
    report: Report | None = None
    findings: tuple[Finding, ...] = ()
    traceback: str | None = None
    scanned: bool = False
    localisation: Localisation | None = None
    second: Mapping[str, int] = field(default_factory=dict)


def in_process(data: bytes) -> Reading:
    """Read a document in this process, without limits: for content that is trusted.

    Raises:
        Exception: whatever a reader fails with unforeseen.
    """
    media_type = None
    try:
        media_type = choose.media_type(data) if data else None
        try:
            pages = choose.read(data, media_type)
            return Reading(media_type, pages, again=partial(choose.again, data, media_type))
        except Scanned as scan:
            if not scan.available or media_type is None:
                raise
            return Reading(media_type, ocr.read(data, media_type))
    except Refused as refused:
        return Reading(media_type, refusal=Refusal(refused.reason, refused.message))


def inspect(
    data: bytes,
    name: str,
    timing: Timing | None = None,
    reader: Reader = in_process,
    hints: Hints = NONE,
) -> Inspection:
    """Read, recognise and check one document.

    Args:
        data: the bytes.
        name: the file's name; a weak witness of the year, never of the type.
        timing: called with (stage, milliseconds) as each stage ends.
        hints: what its source said about it; used where title and text say nothing.
        reader: reads the bytes; ``worker.isolation.pool.Isolated`` where they are not trusted.
    """
    stages = _Stages(timing)
    sha256 = hashlib.sha256(data).hexdigest()
    with stages.stage("read"):
        reading = reader(data)
    file = File(name, sha256, len(data), reading.media_type)
    if reading.media_type in CONTAINERS:
        return Inspection(file, "unpacked")
    if reading.pages is None:
        return _unread(file, reading.refusal)
    try:
        with stages.stage("recognise"):
            report = recognise(reading.pages, name, hints)
        with stages.stage("check"):
            notes = _unread_parts(reading.pages)
            findings = (*check(report, tuple(named(name))), *notes)
            reason = verdict(findings)
            second = second_extraction(reading, report) if unbalanced(findings) else {}
            localisation = localised(report, findings, reading.media_type, second)
    except Refused as refusal:
        told = "; ".join((refusal.message, *reading.pages.warnings))
        return Inspection(file, "dead", refusal.reason, stages.current, told)
    if reason is None:
        return Inspection(file, "stored", report=report, findings=findings)
    first = dict.fromkeys((*notes, *decisive(findings, reason)[:3]))
    message = "; ".join(f"{f.rule} {f.scope}: {f.message}" for f in first)
    return Inspection(
        file,
        "dead",
        reason,
        "check",
        message,
        report,
        findings,
        localisation=localisation,
        second=second,
    )


def unbalanced(findings: Iterable[Finding]) -> bool:
    """Tell whether an edit of tables 三 and 四 fails, or a cell is no figure of its kind."""
    return any(f.severity is Severity.HARD and f.rule.startswith(_LOCALISED) for f in findings)


def localised(
    report: Report,
    findings: tuple[Finding, ...],
    media_type: str | None,
    second: Mapping[str, int] = NO_FIGURES,
) -> Localisation | None:
    """Look for the likely wrong cells of a report that is unbalanced.

    Args:
        report: the report as recognised.
        findings: what was found in it.
        media_type: that of the file.
        second: what a second extraction of it reads, by cell.
    """
    return locate(report, Context(media_type, second=second)) if unbalanced(findings) else None


def _unread_parts(pages: Pages) -> tuple[Finding, ...]:
    """Return what the reader has to say of its work as findings: figures may be missing for it."""
    return tuple(
        Finding("TABLE.COMPLETE", Severity.SOFT, "document", f"读取提示 on reading: {warning}")
        for warning in pages.warnings
    )


def admit(size: int, most: int) -> None:
    """Let a file in to be read, by its size in bytes alone.

    Raises:
        Refused: there is nothing in it, or it is larger than ``most`` bytes.
    """
    if size == 0:
        raise Refused(Reason.EMPTY, "the file is empty")
    if size > most:
        raise Refused(Reason.TOO_LARGE, f"{size} bytes; the limit is {most}")


def refused(file: File, refusal: Refused) -> Inspection:
    """Return the inspection of a file that is not even read."""
    return Inspection(file, "dead", refusal.reason, "read", refusal.message)


def _unread(file: File, refusal: Refusal | None) -> Inspection:
    if refusal is None:
        raise ValueError("a reading without pages must say why there are none")
    reason, message = refusal.reason, refusal.message
    traceback, scanned = refusal.traceback, refusal.scanned
    return Inspection(file, "dead", reason, "read", message, traceback=traceback, scanned=scanned)


class _Stages:
    def __init__(self, timing: Timing | None) -> None:
        self.current = ""
        self._timing = timing

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.current = name
        started = perf_counter()
        try:
            yield
        finally:
            if self._timing is not None:
                self._timing(name, (perf_counter() - started) * 1000)


def as_json(inspection: Inspection) -> dict[str, Any]:
    """Return the public form of an inspection, schema ``gouji.inspection/1``."""
    report = inspection.report
    return {
        "schema": SCHEMA,
        "file": {
            "name": _readable(inspection.file.name),
            "sha256": inspection.file.sha256 or None,
            "bytes": inspection.file.bytes,
            "media_type": inspection.file.media_type,
        },
        "outcome": inspection.outcome,
        "reason": inspection.reason and str(inspection.reason),
        "stage": inspection.stage or None,
        "message": inspection.message or None,
        "report": report and _header(report),
        "tables": tables_json(report) if report else {},
        "cells": cells_json(report) if report else [],
        "findings": [finding_json(finding) for finding in inspection.findings],
        "candidates": candidates_json(inspection.localisation),
        "localisation": localisation_json(inspection.localisation),
        "second_extraction": second_json(inspection.second),
    }


def _readable(name: str) -> str:
    """A name that is not UTF-8 arrives with surrogates; JSON cannot hold them."""
    raw = os.fsencode(name)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def _header(report: Report) -> dict[str, Any]:
    return {
        "publisher": report.publisher,
        "year": report.year,
        "edition": report.edition and str(report.edition),
        "title": report.title,
        "period": report.period
        and {"start": _day(report.period.start), "end": _day(report.period.end)},
        "signature": report.signature,
        "signed_on": _day(report.signed_on),
        "division": report.division and report.division.as_dict(),
        "evidence": [claim.as_dict() for claim in report.evidence],
        "hinted": list(report.hinted),
        "layouts": {key: table.layout for key, table in report.tables.items()},
        "reading": {key: _beside_cells(table) for key, table in report.tables.items()},
        "sections": [
            {"key": section.key, "heading": section.heading, "text": section.text}
            for section in report.sections
        ],
    }


def _beside_cells(table: ReadTable) -> dict[str, list[str]]:
    """Return what reading a table left over: with it, checking anew finds what was found."""
    return {
        name: list(getattr(table, name)) for name in ("unaligned", "unplaced", "chosen", "lost")
    }


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def tables_json(report: Report) -> dict[str, dict[str, dict[str, int | str | None]]]:
    """Return table → row → column → value: counts as integers, amounts as decimal strings."""
    result: dict[str, dict[str, dict[str, int | str | None]]] = {}
    for name, table in report.tables.items():
        rows = result.setdefault(name, {})
        for key, cell in table.cells.items():
            _, row, column = key.split(".")
            rows.setdefault(row, {})[column] = value_json(cell.value)
    return result


def second_json(second: Mapping[str, int]) -> dict[str, dict[str, dict[str, int]]] | None:
    """Return a second extraction as table → row → column → value, ``None`` where there is none."""
    result: dict[str, dict[str, dict[str, int]]] = {}
    for address, value in second.items():
        table, row, column = address.split(".")
        result.setdefault(table, {}).setdefault(row, {})[column] = value
    return result or None


def value_json(value: int | Decimal | None) -> int | str | None:
    """Return a figure as JSON: amounts are decimal strings without an exponent."""
    return format(value, "f") if isinstance(value, Decimal) else value


def cells_json(report: Report) -> list[dict[str, Any]]:
    """Return every cell with its raw text, how it was printed and where it stands."""
    return [_cell(key, cell) for key, cell in report.cells()]


def _cell(key: str, cell: Cell) -> dict[str, Any]:
    read = cell.published or cell
    result: dict[str, Any] = {
        "cell": key,
        "raw": read.raw,
        "printed": str(read.printed),
        "place": read.place.as_dict()
        if read.place and read.printed is not Printed.ABSENT
        else None,
    }
    if cell.published is not None:
        result["published"] = value_json(read.value)
        result["corrected"] = value_json(cell.value)
    if cell.note:
        result["note"] = cell.note
    if cell.chosen:
        result["chosen"] = True
    if cell.confidence is not None:
        result["confidence"] = round(cell.confidence, 4)
    return result


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON."""
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "scope": finding.scope,
        "left": finding.left,
        "right": finding.right,
        "difference": finding.difference,
        "cells": list(finding.cells),
        "blanks": list(finding.blanks),
        "message": finding.message,
        "evidence": finding.evidence or None,
    }
