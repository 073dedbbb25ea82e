"""Reports of one publisher on years that follow one another: what one left, the next takes up.

The findings between two years are kept with the version of each that stands, and are found anew
whenever one of them changes. That happens in the transaction that changes it, under the locks of
the year and of both beside it, which are always taken in the order of the years.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models.disclosure.correction import corrected
from models.disclosure.finding import Finding
from models.disclosure.form import cell_key
from models.disclosure.report import ABSENT, Cell, Printed
from models.event import EventName
from models.filing import REPORTS, STANDS, ApplicationRow, DisclosureRow, Subject
from worker.check.carryover import (
    APPLICATION_ROWS,
    DOCUMENT_ROWS,
    RULES,
    carryover,
)
from worker.check.localise.witnesses import Context
from worker.findings import FINDINGS, Origin, keep, row
from worker.logs import record
from worker.rows import corrected_values

_NEAR: Final = 1
_FAR: Final = 2
"""Years: those beside one year are held against those beside them."""
_ROWS: Final = (
    ("applications", ApplicationRow, APPLICATION_ROWS),
    ("disclosure", DisclosureRow, DOCUMENT_ROWS),
)


_WATCHED: Final = frozenset(row for _, _, rows in _ROWS for row in rows)


class Kept(Protocol):
    """A stored report: its id, and where its findings are."""

    @property
    def id(self) -> int:
        """The report's id."""

    @property
    def document_id(self) -> int:
        """The document it was read from."""

    @property
    def attempt_id(self) -> int | None:
        """The attempt that its findings belong to."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The version of a year that stands."""

    id: int
    year: int
    document_id: int
    attempt_id: int | None


def reassess(session: Session, subject: Subject, *, by: int | None = None) -> tuple[Finding, ...]:
    """Find anew what does not hold between a year and those beside it, and keep it with each.

    Nothing is written where nothing changed, so that it may be done any number of times. The
    caller holds the locks of the subject (:func:`worker.versions.lock`).

    Args:
        session: an open transaction.
        subject: whose report on which year changed.
        by: the report that came to stand, which the events of the others name. Where it is alone
            there is nothing to find.

    Returns:
        The findings of the year itself.
    """
    return reassess_all(session, {subject: by})[subject]


def reassess_all(
    session: Session, subjects: Mapping[Subject, int | None]
) -> dict[Subject, tuple[Finding, ...]]:
    """Do what :func:`reassess` does for years of different publishers.

    Args:
        session: an open transaction.
        subjects: whose report on which year changed, and the report that came to stand.
    """
    found: dict[Subject, tuple[Finding, ...]] = dict.fromkeys(subjects, ())
    around = {subject: standing(session, subject) for subject in subjects}
    held = {
        subject: reports
        for subject, reports in around.items()
        if subject.year in reports and (subjects[subject] is None or len(reports) > 1)
    }
    near = {
        subject: [reports[one.year] for one in subject.around(_NEAR) if one.year in reports]
        for subject, reports in held.items()
    }
    kept = watched(session, [one.id for reports in held.values() for one in reports.values()])
    known = _known(session, [one for reports in near.values() for one in reports])
    for subject, reports in held.items():
        cells = {year: kept[one.id] for year, one in reports.items()}
        for report, findings in _unlike(session, near[subject], known, cells):
            if report.id != subjects[subject]:
                _tell(session, report, findings, subjects[subject])
        found[subject] = carryover(subject.year, cells)
    return found


def outdated(session: Session, reports: Mapping[int, Standing]) -> list[Standing]:
    """Return the reports of a publisher, by year, that have other findings than they should.

    All that stand must be given.
    """
    cells = _by_year(session, reports)
    known = _known(session, list(reports.values()))
    return [
        report
        for year, report in reports.items()
        if _difference(report, known.get(report.id, {}), carryover(year, cells)).any
    ]


def forget(session: Session, report: Kept) -> None:
    """Remove what was found between years of a version that stands no more."""
    known = _known(session, [report]).get(report.id, {})
    _replace(session, report, _difference(report, known, ()))


def standing(session: Session, subject: Subject) -> dict[int, Standing]:
    """Return the versions that stand of the year and the two years on each side, by year."""
    columns = ("id", "year", "document_id", "attempt_id")
    query = select(*(REPORTS.c[name] for name in columns)).where(
        REPORTS.c.publisher_key == subject.publisher_key,
        REPORTS.c.year.between(subject.year - _FAR, subject.year + _FAR),
        STANDS,
    )
    found = [Standing(*one) for one in session.connection().execute(query)]
    return {one.year: one for one in found}


def watched(session: Session, report_ids: Iterable[int]) -> dict[int, dict[str, Cell]]:
    """Return the cells, as corrected, that stand in a relation between years, by address."""
    found: dict[int, dict[str, Cell]] = {report_id: {} for report_id in report_ids}
    if not found:
        return found
    for table, kind, rows in _ROWS:
        columns: Any = kind.__table__
        query = select(columns).where(columns.c.report_id.in_(found), columns.c.row.in_(rows))
        for one in session.connection().execute(query).mappings():
            cells = found[one["report_id"]]
            for column, how in one["printed"].items():
                cell = Cell(one[column], one["raw"][column], Printed(how))
                cells[cell_key(table, one["row"], column)] = cell
    for report_id, values in corrected_values(session, list(found)).items():
        for address, value in values.items():
            if address.split(".")[1] in _WATCHED:
                cells = found[report_id]
                cells[address] = corrected(cells.get(address, ABSENT), value)
    return found


def _by_year(session: Session, reports: Mapping[int, Standing]) -> dict[int, dict[str, Cell]]:
    cells = watched(session, [report.id for report in reports.values()])
    return {year: cells[report.id] for year, report in reports.items()}


def context(session: Session, subject: Subject, media_type: str | None) -> Context:
    """Return what the years beside one carried over, as evidence about its own figures."""
    reports = standing(session, subject)
    near = {year: one for year, one in reports.items() if abs(year - subject.year) == _NEAR}
    cells = _by_year(session, near) if near else {}
    taken, left = APPLICATION_ROWS
    return Context(
        media_type,
        previous=_figures(cells.get(subject.year - 1, {}), left),
        following=_figures(cells.get(subject.year + 1, {}), taken),
    )


def _figures(cells: Mapping[str, Cell], row: str) -> dict[str, int]:
    return {
        address.rpartition(".")[2]: int(cell.value)
        for address, cell in cells.items()
        if address.split(".")[1] == row and cell.value is not None
    }


_Row = Mapping[str, Any]


def _known(session: Session, reports: Sequence[Kept]) -> dict[int, dict[int, _Row]]:
    """Return the findings between years that are kept, by report and id."""
    of = {report.attempt_id: report.id for report in reports if report.attempt_id is not None}
    if not of:
        return {}
    query = select(FINDINGS).where(
        FINDINGS.c.document_id.in_([report.document_id for report in reports]),
        FINDINGS.c.attempt_id.in_(of),
        FINDINGS.c.rule.in_(RULES),
    )
    found: dict[int, dict[int, _Row]] = {}
    for one in session.connection().execute(query).mappings():
        found.setdefault(of[one["attempt_id"]], {})[one["id"]] = dict(one)
    return found


@dataclass(frozen=True, slots=True)
class _Difference:
    """The findings that a report lacks, and the ids of those that it should not have."""

    new: tuple[Finding, ...]
    gone: tuple[int, ...]

    @property
    def any(self) -> bool:
        return bool(self.new or self.gone)


def _difference(report: Kept, known: Mapping[int, _Row], found: Iterable[Finding]) -> _Difference:
    if report.attempt_id is None:
        return _Difference((), ())  # nothing can be kept with it
    origin = Origin(report.document_id, report.attempt_id)
    fresh = {_key(row(origin, finding)): finding for finding in found}
    old = {_key(one) for one in known.values()}
    return _Difference(
        tuple(finding for key, finding in fresh.items() if key not in old),
        tuple(number for number, one in known.items() if _key(one) not in fresh),
    )


def _unlike(
    session: Session,
    reports: Sequence[Standing],
    known: Mapping[int, Mapping[int, _Row]],
    cells: Mapping[int, Mapping[str, Cell]],
) -> Iterator[tuple[Standing, tuple[Finding, ...]]]:
    """Bring the findings of reports up to date; yield those whose findings changed."""
    for report in reports:
        found = carryover(report.year, cells)
        difference = _difference(report, known.get(report.id, {}), found)
        if difference.any:
            _replace(session, report, difference)
            yield report, found


def _replace(session: Session, report: Kept, difference: _Difference) -> None:
    new, gone = difference.new, difference.gone
    if report.attempt_id is None or not difference.any:
        return
    connection = session.connection()
    if gone:
        connection.execute(delete(FINDINGS).where(FINDINGS.c.id.in_(gone)))
    keep(session, Origin(report.document_id, report.attempt_id), new)
    if len(new) != len(gone):
        soft = REPORTS.c.soft + len(new) - len(gone)
        connection.execute(update(REPORTS).where(REPORTS.c.id == report.id).values(soft=soft))


def _key(finding: _Row) -> tuple[object, ...]:
    """Return what makes two findings the same; lists come from JSON and cannot be hashed."""
    names = ("rule", "scope", "message", "left_side", "right_side")
    lists = (repr(list(finding[name])) for name in ("cells", "blanks"))
    return (*(finding[name] for name in names), *lists)


def _tell(session: Session, report: Standing, found: Sequence[Finding], by: int | None) -> None:
    record(
        session,
        EventName.REPORT_REASSESSED,
        document_id=report.document_id,
        attempt_id=report.attempt_id,
        report_id=report.id,
        year=report.year,
        by=by,
        rules=sorted({finding.rule for finding in found}),
        findings=[finding.scope for finding in found],
    )
