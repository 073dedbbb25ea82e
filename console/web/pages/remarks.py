"""Comments written on a dead letter, a report or a document; they stay with the document."""

from collections.abc import Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.access.roles import Role
from console.desk import comments
from console.web.messages import told
from console.web.visit import Page, Visit
from worker.deciding import DecisionError
from worker.desk.errors import UnknownSubject
from worker.desk.order import Given
from worker.desk.remark import About, Kind

_MOST_KEY: Final = 128
_SUBJECTS: Final[tuple[tuple[Kind, str, str], ...]] = (
    ("dead_letter", "/dead", "letter_id"),
    ("report", "/reports", "report_id"),
    ("document", "/documents", "document_id"),
)


def _commenting(kind: Kind, place: str, parameter: str) -> Callable[[Visit], Response]:
    def comment(visit: Visit) -> Response:
        """Keep a comment on the document."""
        number = visit.path[parameter]
        given = Given(visit.operator, visit.field("note"), visit.field("key")[:_MOST_KEY] or None)
        try:
            about = About(kind, number if number < 2**63 else 0)
            comments.comment(visit.site.database, about, given)
        except UnknownSubject as error:
            raise HTTPException(404, told(str(error), visit.language)) from error
        except DecisionError as error:
            raise HTTPException(422, told(str(error), visit.language)) from error
        return visit.redirect(f"{place}/{number}#comments")

    return comment


PAGES: Final = tuple(
    Page(
        f"{place}/{{{parameter}:int}}/comment",
        _commenting(kind, place, parameter),
        role=Role.OPERATOR,
        posted=True,
    )
    for kind, place, parameter in _SUBJECTS
)
