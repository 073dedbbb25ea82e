"""Putting an earlier version of a report back: asked for a note, done once, kept in the audit."""

from typing import Final

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.access.roles import Role
from console.queries import filings, versions
from console.queries.filings import ReportRow
from console.web import parameters
from console.web.messages import told
from console.web.visit import Page, Visit
from worker import versions as keeping
from worker.deciding import Conflict, DecisionError


def ask(visit: Visit) -> Response:
    """Ask for the note, and say which version would be replaced."""
    return _confirm(visit)


def restore(visit: Visit) -> Response:
    """Let the version stand again, if the one that was seen standing still does."""
    number = visit.path["report_id"]
    seen = parameters.number({"n": visit.field("instead_of")}, "n")
    try:
        with visit.site.database.transaction() as session:
            done = keeping.restore(
                session,
                number if number < 2**63 else 0,
                note=visit.field("note"),
                operator=visit.operator,
                instead_of=seen,
            )
    except keeping.UnknownReport as error:
        raise HTTPException(404, visit.text("There is no such report.")) from error
    except DecisionError as error:
        code = 409 if isinstance(error, Conflict) else 422
        return _confirm(visit, code, told(str(error), visit.language))
    return visit.redirect(f"/reports/{done.report_id}/versions")


def _confirm(visit: Visit, code: int = 200, problem: str = "") -> Response:
    with visit.reading() as session:
        row = _row(visit, session)
        standing = next(
            (one for one in versions.versions(session, row) if one.standing and one.id != row.id),
            None,
        )
    template = "restore_form.html" if visit.is_partial else "restore.html"
    return visit.render(template, code, row=row, standing=standing, problem=problem)


def _row(visit: Visit, session: Session) -> ReportRow:
    number = visit.path["report_id"]
    row = filings.report(session, number) if number < 2**63 else None
    if row is None:
        raise HTTPException(404, visit.text("There is no such report."))
    return row


PAGES: Final = (
    Page("/reports/{report_id:int}/restore", ask, role=Role.OPERATOR),
    Page("/reports/{report_id:int}/restore", restore, role=Role.OPERATOR, posted=True),
)
