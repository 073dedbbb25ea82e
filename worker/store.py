"""Keeping what was recognised: a report and its findings as rows, in its place among versions."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from models.correction import Correction
from models.disclosure import publisher
from models.disclosure.correction import Value, amended, written
from models.disclosure.difference import figures, fingerprint
from models.disclosure.finding import Finding, Severity
from models.disclosure.report import Report
from models.filing import REPORTS, Subject
from worker import neighbours, versions, weighing
from worker.findings import Origin, keep_all
from worker.rows import KINDS, rows, told
from worker.rows import figures as stored_figures
from worker.versions import Place, Version

_INSERT_HEADER: Final = insert(REPORTS).returning(REPORTS.c.id)
_INSERT_HEADERS: Final = insert(REPORTS).returning(REPORTS.c.id, sort_by_parameter_order=True)
_CORRECTIONS: Final = cast("Table", Correction.__table__)
_ROWS: Final = {key: cast("Table", kind.__table__) for key, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Amendment:
    """By which decision a report is stored, and what its cells are then, by address."""

    decision_id: int
    values: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Filed:
    """The id under which a report is kept, and its place among the versions.

    ``version`` counts those of its publisher and year; ``same_as`` is the id of the version whose
    figures it has once more. ``standing`` tells whether it stands now. ``before`` is the id of the
    version that stood when it came, and ``changed`` the number of cells that say another thing.
    ``across`` names the rules between it and the years beside it that do not hold.
    """

    report_id: int
    version: int
    standing: bool
    same_as: int | None = None
    before: int | None = None
    changed: int | None = None
    across: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """Return what an event tells of it; what does not apply is left out, as are rules."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        del known["across"]
        return known


@dataclass(frozen=True, slots=True)
class Item:
    """A report to keep: the document and the attempt that read it, and the findings of it.

    Findings are those of the report as it is amended. What an operator corrected is kept beside
    its rows, which are as published all the same.
    """

    origin: Origin
    report: Report
    findings: tuple[Finding, ...]
    amendment: Amendment | None = None


def store(
    session: Session,
    origin: Origin,
    report: Report,
    findings: Iterable[Finding],
    amendment: Amendment | None = None,
) -> Filed:
    """Keep a report with its findings, as a version of its publisher and year or a copy of one.

    Nobody else changes the versions of that publisher and year before the transaction ends.

    Args:
        session: an open transaction.
        origin: the document, and the attempt that read it.
        report: the report as published.
        findings: those of the report as it is amended.
        amendment: what an operator corrected; its rows are as published all the same.

    Raises:
        Refused: a figure is too large to be kept.
    """
    return _store(session, _prepared(Item(origin, report, tuple(findings), amendment)))


def store_all(session: Session, items: Sequence[Item]) -> Iterator[tuple[int, Filed]]:
    """Do what :func:`store` does for many; the first of each publisher and year in one go.

    Yields:
        The place of an item and what became of it, as soon as it is kept; all are to be taken.

    Raises:
        Refused: a figure is too large to be kept; it is not told of which report.
    """
    prepared = [_prepared(item) for item in items]
    versions.lock_all(session, [one.subject for one in prepared if one.subject is not None])
    first, met = _firsts(session, prepared)
    new = [prepared[n] for n in first]
    yield from zip(first, _store_first(session, new, met), strict=True)
    for place in sorted(set(range(len(prepared))) - set(first)):
        yield place, _store(session, prepared[place])


def _firsts(session: Session, prepared: Sequence["_Prepared"]) -> tuple[list[int], set[str]]:
    """Return the places of reports that are the first of their year, one of each publisher.

    A second one of a publisher may be on a year beside it, which is to be there by then. The keys
    of the publishers of whom there is a report already come with them.
    """
    by_key: dict[str, tuple[int, Subject]] = {}
    for place, one in enumerate(prepared):
        if one.subject is not None and one.item.amendment is None:
            by_key.setdefault(one.subject.publisher_key, (place, one.subject))
    met = versions.publishers(session, by_key)
    versioned = versions.versioned(session, [by_key[key][1] for key in met])
    return [place for place, subject in by_key.values() if subject not in versioned], met


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A report with what is kept of it: its rows by table, and the fingerprint of its figures."""

    item: Item
    subject: Subject | None
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    amounts_to: Report
    figures: str

    def header(self, place: Place) -> dict[str, Any]:
        """Return the columns of the report itself."""
        item = self.item
        header = _header(item.origin, item.report, item.findings) | place.columns
        decision = item.amendment and item.amendment.decision_id
        return header | {"figures": self.figures, "decision_id": decision}


def _prepared(item: Item) -> _Prepared:
    report, values = item.report, {} if item.amendment is None else item.amendment.values
    kept = {key: list(rows(table)) for key, table in report.tables.items()}
    amounts_to = amended(report, values)
    subject = Subject.of(report.publisher, report.year)
    return _Prepared(item, subject, kept, amounts_to, fingerprint(amounts_to))


def _store(session: Session, one: _Prepared) -> Filed:
    item, subject = one.item, one.subject
    place = versions.place(session, subject, one.figures, item.origin.document_id)
    header = one.header(place)
    report_id: int = session.connection().execute(_INSERT_HEADER, header).scalar_one()
    _insert_rows(session, [(report_id, one)])
    if item.amendment is not None:
        _insert_all(session, _CORRECTIONS, list(_corrections(report_id, item.amendment)))
    across = _assess(session, subject, place, report_id, item.report.publisher)
    filed = Filed(report_id, place.version, place.standing, place.same_as, across=across)
    return filed if place.before is None else _compared(session, filed, place.before, one)


def _store_first(session: Session, new: Sequence[_Prepared], met: Collection[str]) -> list[Filed]:
    """Keep reports on years of which there is none: no versions to compare with.

    Only publishers that were met before, given by their keys, can have years beside them.
    """
    if not new:
        return []
    place = Place(1, standing=True)
    headers = [one.header(place) for one in new]
    ids = session.connection().execute(_INSERT_HEADERS, headers).scalars().all()
    _insert_rows(session, list(zip(ids, new, strict=True)))
    beside = {
        one.subject: report_id
        for report_id, one in zip(ids, new, strict=True)
        if one.subject is not None and one.subject.publisher_key in met
    }
    found = neighbours.reassess_all(session, beside)
    reports = [one.item.report for one in new]
    weighing.weigh_beside_all(session, [(report.publisher, report.year) for report in reports])
    across = [found.get(one.subject, ()) if one.subject else () for one in new]
    return [
        Filed(report_id, place.version, place.standing, across=_rules(findings))
        for report_id, findings in zip(ids, across, strict=True)
    ]


def _insert_rows(session: Session, kept: Sequence[tuple[int, _Prepared]]) -> None:
    for key, table in _ROWS.items():
        values = [
            {"report_id": report_id, **row}
            for report_id, one in kept
            for row in one.rows.get(key, ())
        ]
        _insert_all(session, table, values)
    keep_all(session, [(one.item.origin, one.item.findings) for _, one in kept])


def _corrections(report_id: int, amendment: Amendment) -> Iterator[dict[str, Any]]:
    for address, value in amendment.values.items():
        yield {
            "report_id": report_id,
            "cell": address,
            "value": written(value),
            "decision_id": amendment.decision_id,
        }


def _assess(
    session: Session,
    subject: Subject | None,
    place: Place,
    report_id: int,
    said_by: str | None,
) -> tuple[str, ...]:
    """Hold the report against the years beside it where it stands; return the rules that fail."""
    if subject is None or not place.standing:
        return ()
    if place.before is not None:
        neighbours.forget(session, place.before)
    found = neighbours.reassess(session, subject, by=report_id)
    weighing.weigh_beside(session, said_by, subject.year)
    return _rules(found)


def _rules(found: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(sorted({finding.rule for finding in found}))


def _compared(session: Session, filed: Filed, before: Version, one: _Prepared) -> Filed:
    """Count the cells that changed, and tell the history of the version that stood before."""
    ours = figures(one.amounts_to)
    theirs = stored_figures(session, [before.id])[before.id]
    changed = sum(ours.get(cell) != theirs.get(cell) for cell in ours.keys() | theirs.keys())
    if filed.standing:
        versions.tell_superseded(session, before, filed.report_id, filed.version, changed=changed)
    return replace(filed, before=before.id, changed=changed)


def _insert_all(session: Session, table: Table, values: list[dict[str, Any]]) -> None:
    """Insert rows in one statement; the ORM makes one for each set of columns that are not NULL."""
    if values:
        session.connection().execute(insert(table), values)


def _header(origin: Origin, report: Report, findings: tuple[Finding, ...]) -> dict[str, Any]:
    hard = sum(finding.severity is Severity.HARD for finding in findings)
    return {
        "document_id": origin.document_id,
        "attempt_id": origin.attempt_id,
        "publisher": report.publisher,
        "publisher_key": None if report.publisher is None else publisher.key(report.publisher),
        "division_code": report.division and report.division.code,
        "evidence": [claim.as_dict() for claim in report.evidence],
        "year": report.year,
        "edition": report.edition,
        "title": report.title,
        "layouts": {key: told(table) for key, table in report.tables.items()},
        "sections": [[section.key, section.heading, section.text] for section in report.sections],
        "period_start": report.period.start if report.period else None,
        "period_end": report.period.end if report.period else None,
        "signature": report.signature,
        "signed_on": report.signed_on,
        "hard": hard,
        "soft": len(findings) - hard,
    }
