"""One dead letter: why, the form with what fails, what would balance it, and what to decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.inspected import findings_of, report_of
from console.marks import marks_of
from console.queries import documents, filings, history, letters
from console.queries.history import EventFilter
from console.queries.letters import LetterRow
from console.web import form_table, log_tail
from console.web.described import described
from console.web.pages.original import preview_of
from console.web.visit import Page, Visit
from models.disclosure.finding import Finding
from models.disclosure.report import Report

_TIMELINE: Final = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """What every tab of a dead letter begins with."""

    letter: LetterRow
    inspection: Mapping[str, Any]
    report: Report | None
    findings: list[Finding]

    @property
    def context(self) -> dict[str, Any]:
        """What its templates are given."""
        return {
            "letter": self.letter,
            "report": self.report,
            "findings": described(self.findings, self.report),
            "candidates": self.inspection.get("candidates") or [],
        }


def found(session: Session, visit: Visit) -> Shown:
    """Return the dead letter that the address names.

    Raises:
        HTTPException: 404, there is none.
    """
    number = visit.path["letter_id"]
    letter = letters.letter(session, number) if number < 2**63 else None
    if letter is None:
        raise HTTPException(404, visit.text("There is no such dead letter."))
    inspection, attempt_id = letters.details(session, letter.id)
    inspection = inspection or {}
    stored = filings.findings(session, attempt_id)
    report = report_of(inspection) if inspection else None
    return Shown(letter, inspection, report, stored or findings_of(inspection))


def show(visit: Visit) -> Response:
    """Show the form as it was read, to be corrected where it is open and the reader may."""
    with visit.reading() as session:
        shown = found(session, visit)
        decided = letters.decisions(session, shown.letter.id)
    return visit.render(
        "letter_form.html",
        tab="form",
        decisions=decided,
        **form_of(visit, shown),
        **shown.context,
    )


def form_of(visit: Visit, shown: Shown) -> dict[str, Any]:
    """Return the tables: with fields to type in, or as printed."""
    editing = shown.letter.resolution is None and shown.report is not None and visit.may("operator")
    marks = marks_of(shown.findings)
    printing = form_table.editable if editing else form_table.sheets
    return {"editing": editing, "sheets": printing(shown.report, marks)}


def original(visit: Visit) -> Response:
    """Show the form beside the original."""
    with visit.reading() as session:
        shown = found(session, visit)
    letter = shown.letter
    preview = preview_of(visit, letter.document_id, letter.sha256, letter.size)
    sheets = form_table.sheets(shown.report, marks_of(shown.findings))
    return visit.render(
        "letter_original.html",
        tab="original",
        preview=preview,
        editing=False,
        sheets=sheets,
        **shown.context,
    )


def timeline(visit: Visit) -> Response:
    """Show what happened to the document, and every attempt at it."""
    with visit.reading() as session:
        shown = found(session, visit)
        document_id = shown.letter.document_id
        wanted = EventFilter(documents=[document_id])
        events = history.latest(session, wanted, limit=_TIMELINE)
        attempts = documents.attempts(session, document_id)
        arrivals = documents.arrivals(session, document_id)
    return visit.render(
        "letter_timeline.html",
        tab="timeline",
        events=events,
        attempts=attempts,
        arrivals=arrivals,
        **shown.context,
    )


def logs(visit: Visit) -> Response:
    """Show the last lines of the log that name the document."""
    with visit.reading() as session:
        shown = found(session, visit)
    folder = visit.site.settings.data_dir / "logs"
    entries = log_tail.of_document(folder, shown.letter.document_id)
    return visit.render("letter_logs.html", tab="logs", entries=entries, **shown.context)


PAGES: Final = (
    Page("/dead/{letter_id:int}", show),
    Page("/dead/{letter_id:int}/original", original),
    Page("/dead/{letter_id:int}/timeline", timeline),
    Page("/dead/{letter_id:int}/logs", logs),
)
