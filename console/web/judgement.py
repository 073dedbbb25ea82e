"""What a report comes to: its findings, which cells they are about, what would balance it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from console import form_labels
from console.desk.recheck import recheck
from console.marks import Marks, marks_of, said
from console.web.described import Described, described
from models.disclosure.finding import Finding
from models.disclosure.localisation import Origin
from models.disclosure.report import Report
from worker.desk.order import UNCHANGED, Changes


@dataclass(frozen=True, slots=True)
class Change:
    """One cell of a candidate: what was read, and what would balance."""

    cell: str
    label: str
    read: str
    proposed: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change with which every hard edit of its block would hold.

    ``slips`` is how many slips it takes, 1 being one wrong cell; ``tie_group`` 1 takes fewest, and
    ``alike`` counts those listed of its block that take as few.
    """

    id: str
    block: int
    changes: tuple[Change, ...]
    mechanism: str
    origin: str
    resolves: tuple[str, ...]
    slips: str
    tie_group: int
    alike: int
    evidence: tuple[Mapping[str, Any], ...]

    @property
    def as_json(self) -> str:
        """The proposed figures by address, for the fields of the form."""
        told = {change.cell: change.proposed for change in self.changes}
        return orjson.dumps(told).decode()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with a report, changed or as read.

    ``storable`` tells that it may be stored as it is now; ``problems`` by address why what was
    typed cannot be.
    """

    report: Report | None
    findings: list[Described]
    marks: Marks
    candidates: list[Candidate]
    storable: bool = False
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def undetermined(self) -> bool:
        """Whether nothing tells of some candidate who would have erred."""
        return any(one.origin == Origin.UNDETERMINED for one in self.candidates)

    @property
    def together(self) -> str:
        """The first candidate of each block, where several blocks fail: all are needed then."""
        first: dict[int, str] = {}
        for one in self.candidates:
            first.setdefault(one.block, one.id)
        return ",".join(first.values()) if len(first) > 1 else ""

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """What is changed: the cell in the words of the form, as published, as it would be."""
        report = self.report
        return [
            (form_labels.cell(address), said(cell.published), said(cell))
            for address, cell in (() if report is None else report.cells())
            if cell.published is not None
        ]

    @property
    def marks_as_json(self) -> str:
        """The marks by address, for whoever repaints the cells; what cannot be taken is hard."""
        marks = {cell: str(mark) for cell, mark in self.marks.items()}
        return orjson.dumps(marks | dict.fromkeys(self.problems, "hard")).decode()


def judgement_of(
    report: Report | None, findings: Iterable[Finding], candidates: Iterable[Mapping[str, Any]]
) -> Judgement:
    """Return a judgement that was made before."""
    findings = list(findings)
    return Judgement(
        report,
        described(findings, report),
        marks_of(findings),
        _candidates(candidates),
    )


def judged(inspection: Mapping[str, Any], changes: Changes = UNCHANGED) -> Judgement:
    """Judge a report anew, with changes.

    Raises:
        Unacceptable: nothing had been recognised.
    """
    found = recheck(inspection, changes)
    return Judgement(
        found.report,
        described(found.findings, found.report),
        marks_of(found.findings),
        _candidates(found.candidates),
        found.storable,
        dict(found.problems),
    )


def _candidates(told: Iterable[Mapping[str, Any]]) -> list[Candidate]:
    listed = list(told)
    groups = Counter(_group(one) for one in listed)
    return [_candidate(one, groups[_group(one)]) for one in listed]


def _group(told: Mapping[str, Any]) -> tuple[int, int]:
    return int(told.get("block", 1)), int(told.get("tie_group", told["rank"]))


def _candidate(told: Mapping[str, Any], alike: int) -> Candidate:
    parts = told.get("cost_parts") or {}
    return Candidate(
        id=str(told.get("id", told["rank"])),
        block=int(told.get("block", 1)),
        changes=tuple(_change(change) for change in told["changes"]),
        mechanism=str(told.get("mechanism") or ""),
        origin=str(told.get("origin") or ""),
        resolves=tuple(told.get("resolves") or ()),
        slips=f"{float(parts.get('events', told.get('cost', 0))):g}",
        tie_group=_group(told)[1],
        alike=alike,
        evidence=tuple(told.get("evidence") or ()),
    )


def _change(told: Mapping[str, Any]) -> Change:
    return Change(
        told["cell"],
        form_labels.cell(told["cell"]),
        _figure(told.get("read")),
        _figure(told["proposed"]),
    )


def _figure(value: object) -> str:
    return "" if value is None else str(value)
