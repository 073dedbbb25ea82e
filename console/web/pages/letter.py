"""One dead letter: why, the form with what fails, what would balance it, and what was decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.queries import comments, documents, filings, history, letters, standing
from console.queries.history import EventFilter
from console.queries.letters import LetterRow
from console.web import form_table, log_tail
from console.web.judgement import Judgement, judged, judgement_of
from console.web.pages.original import preview_of
from console.web.visit import Page, Visit
from models.disclosure.finding import Finding
from models.disclosure.report import Report
from worker.inspected import findings_of, report_of

_TIMELINE: Final = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """What every tab of a dead letter begins with.

    ``report_id`` is what it was stored as, ``letters`` are all of its document, ``place`` is the
    file's name, with the archive that it came in.
    """

    letter: LetterRow
    inspection: Mapping[str, Any]
    report: Report | None
    findings: list[Finding]
    report_id: int | None
    letters: list[LetterRow]
    place: str

    @property
    def head(self) -> dict[str, Any]:
        """What the head of every tab shows."""
        return {
            "letter": self.letter,
            "report_id": self.report_id,
            "place": self.place,
            "others": [one for one in self.letters if one.id != self.letter.id],
        }

    @property
    def judgement(self) -> Judgement:
        """What is wrong, as it was found when the document was given up."""
        candidates = self.inspection.get("candidates") or []
        return judgement_of(self.report, self.findings, candidates)

    def editable(self, visit: Visit) -> bool:
        """Whether there is something to correct, and the reader may."""
        return self.letter.resolution is None and self.report is not None and visit.may("operator")


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
    report_id = documents.report_of(session, letter.document_id)
    every = letters.of_document(session, letter.document_id)
    place = documents.places(session, [letter.document_id]).get(letter.document_id, letter.name)
    findings = stored or findings_of(inspection)
    return Shown(letter, inspection, report, findings, report_id, every, place)


def show(visit: Visit) -> Response:
    """Show the form as it was read, to be corrected where it is open and the reader may."""
    with visit.reading() as session:
        shown = found(session, visit)
        said = _said(session, shown)
    editing = shown.editable(visit)
    judgement = judged(shown.inspection) if editing else shown.judgement
    return page(visit, shown, judgement, editing=editing, **said)


def page(
    visit: Visit, shown: Shown, judgement: Judgement, *, editing: bool, **context: Any
) -> Response:
    """Return the page with the form, as far as it was judged."""
    return visit.render(
        "letter_form.html",
        tab="form",
        report=shown.report,
        **shown.head,
        editing=editing,
        judgement=judgement,
        sheets=form_table.sheets(judgement.report, judgement.marks, to_fill_in=editing),
        **context,
    )


def context_of(visit: Visit, shown: Shown) -> dict[str, Any]:
    """Return what was decided and said about a letter's document before."""
    with visit.reading() as session:
        return _said(session, shown)


def _said(session: Session, shown: Shown) -> dict[str, Any]:
    letter = shown.letter
    is_open = letter.resolution is None
    return {
        "decisions": letters.decisions(session, [one.id for one in shown.letters]),
        "comments": comments.comments(session, letter.document_id),
        "met": standing.met(session, shown.report, letter.document_id) if is_open else None,
    }


def original(visit: Visit) -> Response:
    """Show the form beside the original."""
    with visit.reading() as session:
        shown = found(session, visit)
    letter, judgement = shown.letter, shown.judgement
    return visit.render(
        "letter_original.html",
        tab="original",
        **shown.head,
        preview=preview_of(visit, letter.document_id, letter.sha256, letter.size),
        sheets=form_table.sheets(shown.report, judgement.marks),
    )


def timeline(visit: Visit) -> Response:
    """Show what happened to the document, and every attempt at it."""
    with visit.reading() as session:
        shown = found(session, visit)
        document_id = shown.letter.document_id
        wanted = EventFilter(documents=[document_id])
        return visit.render(
            "letter_timeline.html",
            tab="timeline",
            **shown.head,
            events=history.latest(session, wanted, limit=_TIMELINE),
            attempts=documents.attempts(session, document_id),
            arrivals=documents.arrivals(session, document_id),
        )


def logs(visit: Visit) -> Response:
    """Show the last lines of the log that name the document."""
    with visit.reading() as session:
        shown = found(session, visit)
    folder = visit.site.settings.data_dir / "logs"
    return visit.render(
        "letter_logs.html",
        tab="logs",
        **shown.head,
        entries=log_tail.of_document(folder, shown.letter.document_id),
    )


PAGES: Final = (
    Page("/dead/{letter_id:int}", show),
    Page("/dead/{letter_id:int}/original", original),
    Page("/dead/{letter_id:int}/timeline", timeline),
    Page("/dead/{letter_id:int}/logs", logs),
)
