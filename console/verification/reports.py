"""Stored reports: one for each stored document, as it was stored, and one version standing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, case, distinct, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased, defer

from console.verification.discrepancy import Discrepancy
from console.verification.ledger import DOCUMENT
from console.verification.look import Check, Look, Query, asked
from models.disclosure.difference import digest
from models.disclosure.finding import Severity
from models.disclosure.form import LAYOUTS, Edition
from models.filing import StoredFinding, StoredReport
from models.ledger import Document, State
from worker.rows import KINDS, figures

_PAGE: Final = 200
_EDITIONS: Final = frozenset(map(str, Edition))
_REPORT: Final[tuple[Any, ...]] = (
    StoredReport.id.label("report"),
    StoredReport.document_id.label("document"),
    StoredReport.publisher.label("publisher"),
    StoredReport.year.label("year"),
)
_SUBJECT: Final = (StoredReport.publisher_key, StoredReport.year)
_KNOWN: Final = and_(StoredReport.publisher_key.is_not(None), StoredReport.year.is_not(None))
_STANDS: Final = func.sum(case((StoredReport.standing, 1), else_=0))


def _no_report(_look: Look) -> Query:
    report = exists().where(StoredReport.document_id == Document.id)
    return select(*DOCUMENT).where(Document.state == State.STORED, ~report)


def _no_document(_look: Look) -> Query:
    return (
        select(*_REPORT)
        .outerjoin(Document, Document.id == StoredReport.document_id)
        .where(Document.id.is_(None))
    )


def _not_stored(_look: Look) -> Query:
    return (
        select(*_REPORT, Document.name.label("name"), Document.state.label("state"))
        .join(Document, Document.id == StoredReport.document_id)
        .where(Document.state != State.STORED)
    )


def _twice(_look: Look) -> Query:
    count = func.count(StoredReport.id)
    return (
        select(*DOCUMENT, count.label("reports"))
        .join(StoredReport, StoredReport.document_id == Document.id)
        .group_by(Document.id, Document.name, Document.sha256)
        .having(count > 1)
    )


def _stray_rows(_look: Look) -> Query:
    def of(table: str, kind: Any) -> Any:
        return (
            select(
                kind.report_id.label("report"),
                literal(table).label("table"),
                func.count().label("rows"),
            )
            .outerjoin(StoredReport, StoredReport.id == kind.report_id)
            .where(StoredReport.id.is_(None))
            .group_by(kind.report_id)
        )

    return union_all(*(of(table, kind) for table, kind in KINDS.items()))


def _findings(_look: Look) -> Query:
    hard = case((StoredFinding.severity == Severity.HARD, 1), else_=0)
    kept = (
        select(
            StoredFinding.attempt_id,
            func.sum(hard).label("hard"),
            func.count().label("all"),
        )
        .group_by(StoredFinding.attempt_id)
        .subquery()
    )
    hards = func.coalesce(kept.c.hard, 0)
    everything = func.coalesce(kept.c.all, 0)
    counted = StoredReport.hard + StoredReport.soft
    return (
        select(*_REPORT, counted.label("counted"), everything.label("kept"))
        .outerjoin(kept, kept.c.attempt_id == StoredReport.attempt_id)
        .where(
            StoredReport.attempt_id.is_not(None),
            or_(StoredReport.hard != hards, counted != everything),
        )
    )


def _standing(_look: Look) -> Query:
    versions = (
        select(
            func.max(StoredReport.id).label("report"),
            func.max(StoredReport.publisher).label("publisher"),
            StoredReport.year.label("year"),
            _STANDS.label("standing"),
        )
        .where(_KNOWN)
        .group_by(*_SUBJECT)
        .having(_STANDS != 1)
    )
    nobodys = select(StoredReport.id, StoredReport.publisher, StoredReport.year, literal(0)).where(
        ~_KNOWN, ~StoredReport.standing
    )
    return union_all(versions, nobodys)


def _versions(_look: Look) -> Query:
    number = StoredReport.version
    count, last = func.count(), func.max(number)
    return (
        select(
            func.max(StoredReport.id).label("report"),
            func.max(StoredReport.publisher).label("publisher"),
            StoredReport.year.label("year"),
            count.label("versions"),
            last.label("last"),
        )
        .where(_KNOWN, StoredReport.same_as.is_(None))
        .group_by(*_SUBJECT)
        .having(or_(count != last, func.min(number) != 1, func.count(distinct(number)) != count))
    )


def _copy(_look: Look) -> Query:
    of = aliased(StoredReport)
    fits = and_(
        of.same_as.is_(None),
        of.publisher_key == StoredReport.publisher_key,
        of.year == StoredReport.year,
        of.version == StoredReport.version,
        func.coalesce(of.figures == StoredReport.figures, True),
    )
    return (
        select(*_REPORT, StoredReport.same_as.label("same_as"))
        .outerjoin(of, of.id == StoredReport.same_as)
        .where(
            StoredReport.same_as.is_not(None),
            or_(StoredReport.standing, ~func.coalesce(fits, False)),
        )
    )


# What no single statement can say: pages of reports, each read in one state of the database.


_UNUSED: Final = tuple(map(defer, (StoredReport.sections, StoredReport.evidence)))
"""What is large, and not looked at."""

_UNREADABLE: Final = (KeyError, ValueError, TypeError, ArithmeticError)
"""What values raise that no program wrote: no JSON, no date, no number."""


class _Page(NamedTuple):
    """Some reports, the session that read them, and why others of them cannot be read, by id."""

    session: Session
    reports: Sequence[StoredReport]
    unreadable: Mapping[int, str]


def _pages(look: Look) -> Iterator[_Page]:
    after = 0
    while True:
        with look.database.reading() as session:
            query = select(StoredReport.id).where(StoredReport.id > after)
            ids = session.scalars(query.order_by(StoredReport.id).limit(_PAGE)).all()
            if not ids:
                return
            yield _read(session, ids)
            after = ids[-1]


def _read(session: Session, ids: Sequence[int]) -> _Page:
    query = select(StoredReport).where(StoredReport.id.in_(ids)).order_by(StoredReport.id)
    try:
        return _Page(session, session.scalars(query.options(*_UNUSED)).all(), {})
    except _UNREADABLE as error:
        if len(ids) == 1:
            return _Page(session, [], {ids[0]: f"{type(error).__name__}: {error}"})
    alone = [_read(session, [number]) for number in ids]
    unreadable = {number: why for page in alone for number, why in page.unreadable.items()}
    return _Page(session, [report for page in alone for report in page.reports], unreadable)


def _rows(look: Look) -> Iterator[Discrepancy]:
    for session, page, unreadable in _pages(look):
        for number, why in unreadable.items():
            yield look.found("REPORT.ROWS", detail=f"cannot be read: {why}", report=number)
        kept = {key: _counted(session, kind, page) for key, kind in KINDS.items()}
        for report in page:
            found = [_misfit(report.layouts.get(key), kept[key].get(report.id)) for key in KINDS]
            found += [f"no such table: {key}" for key in report.layouts if key not in KINDS]
            found += [] if report.edition in _EDITIONS else [f"no such edition: {report.edition}"]
            if any(found):
                yield _about("REPORT.ROWS", look, report, "; ".join(filter(None, found)))


def _counted(session: Session, kind: Any, page: Sequence[StoredReport]) -> dict[int, Any]:
    query = (
        select(kind.report_id, func.count().label("rows"), func.max(kind.position).label("last"))
        .where(kind.report_id.in_([report.id for report in page]))
        .group_by(kind.report_id)
    )
    return {row.report_id: row for row in session.execute(query)}


def _misfit(told: Mapping[str, Any] | None, kept: Any) -> str | None:
    """Return how the rows of a table differ from its layout, ``None`` where they do not."""
    rows = 0 if kept is None else kept.rows
    if told is None:
        return f"{rows} rows of a table that was not read" if rows else None
    layout = LAYOUTS.get(told.get("layout", ""))
    if layout is None:
        return f"no such layout: {told.get('layout')}"
    wanted = len(set(layout.row_keys) - set(told.get("missing", ())))
    if rows != wanted or (kept is not None and kept.last != rows - 1):
        return f"{layout.key}: {rows} rows, {wanted} were read"
    return None


def _figures(look: Look) -> Iterator[Discrepancy]:
    for session, page, _ in _pages(look):  # ``_rows`` tells of those that cannot be read
        for report, why in _changed(session, page):
            yield _about("REPORT.FIGURES", look, report, why)
        look.seen("reports", len(page))


def _changed(session: Session, page: Sequence[StoredReport]) -> Iterator[tuple[StoredReport, str]]:
    """Yield the reports whose figures have another fingerprint than when they were stored."""
    wanted = [report for report in page if report.figures is not None]  # else nobody needed it yet
    try:
        said = figures(session, [report.id for report in wanted])
    # rows that nobody wrote as they are: which report has them shows when it is read by itself
    except _UNREADABLE as error:
        if len(page) > 1:
            for report in wanted:
                yield from _changed(session, [report])
        else:
            yield page[0], f"cannot be read: {type(error).__name__}: {error}"
        return
    for report in wanted:
        found = digest(said[report.id])
        if found != report.figures:
            yield report, f"fingerprint {found[:12]}…, {report.figures or '':.12}… was stored"


def _about(code: str, look: Look, report: StoredReport, detail: str) -> Discrepancy:
    return look.found(
        code,
        detail=detail,
        report=report.id,
        document=report.document_id,
        publisher=report.publisher,
        year=report.year,
    )


CHECKS: Final[tuple[Check, ...]] = (
    asked("DOCUMENT.NO_REPORT", _no_report),
    asked("REPORT.NO_DOCUMENT", _no_document),
    asked("REPORT.NOT_STORED", _not_stored),
    asked("REPORT.TWICE", _twice),
    Check(("REPORT.ROWS",), _rows),
    asked("REPORT.STRAY_ROWS", _stray_rows),
    Check(("REPORT.FIGURES",), _figures, costly=True),
    asked("REPORT.FINDINGS", _findings),
    asked("REPORT.STANDING", _standing),
    asked("REPORT.VERSIONS", _versions),
    asked("REPORT.COPY", _copy),
)
"""Checks of reports."""
