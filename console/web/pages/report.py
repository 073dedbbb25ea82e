"""One stored report: the form as printed, its findings, original, versions, timeline and logs."""

from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from console import report_diff, report_story
from console.marks import marks_of
from console.queries import comments, documents, filings, history, versions
from console.queries.filings import ReportRow
from console.queries.history import EventFilter
from console.web import form_table, log_tail, parameters
from console.web.described import described
from console.web.pages.original import preview_of
from console.web.visit import Page, Visit
from models.disclosure.difference import compare
from models.disclosure.finding import Finding
from models.disclosure.form import SECTIONS, TABLES
from models.disclosure.report import Report
from worker.rows import load

_TIMELINE: Final = 500


@dataclass(frozen=True, slots=True)
class _Shown:
    """What every tab of a report begins with."""

    row: ReportRow
    report: Report
    findings: list[Finding]
    place: str

    @property
    def context(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "report": self.report,
            "place": self.place,
            "findings": described(self.findings, self.report),
        }


def _found(session: Session, visit: Visit) -> _Shown:
    number = visit.path["report_id"]
    row = filings.report(session, number) if number < 2**63 else None
    if row is None:
        raise HTTPException(404, visit.text("There is no such report."))
    report = load(session, row.id)
    tables = {key: report.tables[key] for key in TABLES if key in report.tables}
    findings = filings.findings(session, filings.attempt_of(session, row.id))
    place = documents.places(session, [row.document_id]).get(row.document_id, row.name)
    return _Shown(row, replace(report, tables=tables), findings, place)


def show(visit: Visit) -> Response:
    """Show the form, with the cells that findings are about marked."""
    with visit.reading() as session:
        shown = _found(session, visit)
        said = comments.comments(session, shown.row.document_id)
    return visit.render(
        "report_form.html", tab="form", comments=said, **shown.context, **_form(shown)
    )


def original(visit: Visit) -> Response:
    """Show the form beside the original."""
    with visit.reading() as session:
        shown = _found(session, visit)
    preview = preview_of(visit, shown.row.document_id, shown.row.sha256, shown.row.size)
    return visit.render(
        "report_original.html", tab="original", preview=preview, **shown.context, **_form(shown)
    )


def findings(visit: Visit) -> Response:
    """Show the findings, each with its equation."""
    with visit.reading() as session:
        shown = _found(session, visit)
    return visit.render("report_findings.html", tab="findings", **shown.context)


def text(visit: Visit) -> Response:
    """Show the sections in words."""
    with visit.reading() as session:
        shown = _found(session, visit)
    return visit.render("report_text.html", tab="text", headings=dict(SECTIONS), **shown.context)


def editions(visit: Visit) -> Response:
    """Show the versions, and what changed between two of them."""
    with visit.reading() as session:
        shown = _found(session, visit)
        found = versions.versions(session, shown.row)
        other = parameters.number(visit.query, "with") or versions.before(session, shown.row)
        before = filings.report(session, other) if other else None
        difference = (
            None
            if before is None
            else report_diff.as_dict(
                before, shown.row, compare(load(session, before.id), shown.report)
            )
        )
        restored = versions.restorations(session, [one.id for one in found])
    return visit.render(
        "report_versions.html",
        tab="versions",
        versions=found,
        difference=difference,
        restorations=restored,
        headings=dict(SECTIONS),
        **shown.context,
    )


def timeline(visit: Visit) -> Response:
    """Show what happened to the document, and every attempt at it."""
    with visit.reading() as session:
        shown = _found(session, visit)
        wanted = EventFilter(documents=[shown.row.document_id])
        events = history.latest(session, wanted, limit=_TIMELINE)
        attempts = documents.attempts(session, shown.row.document_id)
        arrivals = documents.arrivals(session, shown.row.document_id)
    return visit.render(
        "report_timeline.html",
        tab="timeline",
        events=events,
        attempts=attempts,
        arrivals=arrivals,
        **shown.context,
    )


def logs(visit: Visit) -> Response:
    """Show the last lines of the log that name the document."""
    with visit.reading() as session:
        shown = _found(session, visit)
    folder = visit.site.settings.data_dir / "logs"
    entries = log_tail.of_document(folder, shown.row.document_id)
    return visit.render("report_logs.html", tab="logs", entries=entries, **shown.context)


def as_json(visit: Visit) -> Response:
    """Return the report as ``gouji reports show --json`` does."""
    with visit.reading() as session:
        shown = _found(session, visit)
        told = report_story.as_dict(report_story.story(session, shown.row))
    return Response(orjson.dumps(told, option=orjson.OPT_INDENT_2), media_type="application/json")


def _form(shown: _Shown) -> dict[str, Any]:
    return {"sheets": form_table.sheets(shown.report, marks_of(shown.findings))}


PAGES: Final = (
    Page("/reports/{report_id:int}", show),
    Page("/reports/{report_id:int}.json", as_json),
    Page("/reports/{report_id:int}/original", original),
    Page("/reports/{report_id:int}/findings", findings),
    Page("/reports/{report_id:int}/text", text),
    Page("/reports/{report_id:int}/versions", editions),
    Page("/reports/{report_id:int}/timeline", timeline),
    Page("/reports/{report_id:int}/logs", logs),
)
